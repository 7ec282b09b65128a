const {
  addInterventionHandlers,
  bannerHandler,
  onConnectionChange,
  SignalsPlugin,
  subscribeToInterventions,
} = window.snowplowSignals;

// The Signals API is somewhere else than the page.
const endpoint = new URLSearchParams(location.search).get('endpoint');

window.snowplowBrowserTracking.newTracker('sp', endpoint, {
  cookieSecure: false,
  plugins: [SignalsPlugin()],
});
addInterventionHandlers({
  banner: bannerHandler({
    templates: { discount: { message: '10% off your next purchase!', code: 'SAVE10' } },
  }),
});
onConnectionChange(({ state }) => {
  document.documentElement.dataset.connection = state;
});
subscribeToInterventions({ endpoint, attributeKeyIds: { user_id: 'ada' } });
