import { expect, test } from './support/test';

test('search and category narrow the shelf', async ({ shop, server }) => {
  const { page } = shop;
  const cards = page.locator('[data-product-id]');
  await page.goto(server.origin);
  await expect(cards).toHaveCount(24);

  await page.getByRole('searchbox', { name: 'Search products' }).fill('BRASS');
  await expect(cards).toHaveCount(3);
  await page.getByRole('button', { name: 'Trail' }).click();
  await expect(cards).toHaveCount(1);
  await expect(cards).toContainText('Brass Compass');
  await page.getByRole('searchbox').fill('submarine');
  await expect(cards).toHaveCount(0);
  await expect(page.getByText('Nothing here goes by that name')).toBeVisible();
});

test('what a search found is news for screen readers, but not again when a dialog closes', async ({
  shop,
  server,
}) => {
  const { page } = shop;
  const found = page.locator('#result-count');
  await page.clock.install();
  await page.goto(server.origin);
  await expect(found).toHaveAttribute('aria-live', 'polite');
  await page.clock.pauseAt(Date.now() + 60_000);
  await page.getByRole('button', { name: 'Brass Compass' }).click();
  await expect(found).toHaveAttribute('aria-live', 'off');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.clock.runFor(900);
  await expect(found).toHaveAttribute('aria-live', 'off');
  await page.clock.runFor(100);
  await expect(found).toHaveAttribute('aria-live', 'polite');
});

test('every product has a picture that loads', async ({ shop, server }) => {
  const { page } = shop;
  await page.goto(server.origin);
  for (const picture of await page.locator('.shelf img').all()) {
    await picture.scrollIntoViewIfNeeded();
    await expect
      .poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBeGreaterThan(0);
  }
});

test('the picture that is seen first is asked for before any script has run', async ({ shop, server }) => {
  const { page } = shop;
  await page.goto(server.origin);
  const preloaded = await page.locator('link[rel="preload"][as="image"]').getAttribute('href');
  expect(await page.locator('.shelf img').first().getAttribute('src')).toBe(preloaded);
  await expect(page.locator('.shelf img').first()).toHaveAttribute('loading', 'eager');
});

test('the keyboard alone opens a product, adds it, and checks out', async ({ shop, server }) => {
  const { page } = shop;
  await page.goto(server.origin);
  await page.getByRole('button', { name: 'Whistling Kettle' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Whistling Kettle' })).toBeVisible();
  await page.getByRole('button', { name: 'Add to cart' }).press('Enter');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Whistling Kettle' })).toBeFocused();
  await page.getByRole('button', { name: 'Checkout' }).press('Enter');
  await expect(page.getByRole('dialog', { name: 'Thank you!' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(shop.cart).toContainText('Still empty');
});

test('the address of an open product opens it again', async ({ shop, server }) => {
  const { page } = shop;
  await page.goto(`${server.origin}/#globe`);
  await expect(page.getByRole('dialog', { name: 'Tabletop Globe' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(`${server.origin}/`);
  await shop.openProduct('kite');
  await expect(page).toHaveURL(`${server.origin}/#kite`);
  await page.goBack();
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('the cart keeps its quantities across a reload', async ({ shop, server }) => {
  const { page } = shop;
  await page.goto(server.origin);
  await shop.addToCart('notebook');
  await shop.cart.getByRole('button', { name: 'One more' }).click();
  await expect(shop.cart).toContainText('$28');
  await page.reload();
  await expect(shop.cart.locator('.count')).toHaveText('2');
  await shop.cart.getByRole('button', { name: 'One fewer' }).click();
  await expect(shop.cart.locator('.count')).toHaveText('1');
  await shop.cart.getByRole('button', { name: 'Remove' }).click();
  await expect(shop.cart).toContainText('Still empty');
});

test('voucher codes change the total, and unknown ones say so', async ({ shop, server }) => {
  const { page } = shop;
  const total = page.locator('#cart-totals dd').last();
  const apply = async (code: string) => {
    await page.getByRole('textbox', { name: 'Voucher code' }).fill(code);
    await page.getByRole('button', { name: 'Apply' }).click();
  };
  await page.goto(server.origin);
  await shop.addToCart('tent');
  await expect(total).toHaveText('$227');
  await apply('save10');
  await expect(total).toHaveText('$205.10');
  await apply('FREE');
  await expect(total).toHaveText('$219');
  await apply('GRATIS');
  await expect(total).toHaveText('$227');
  await expect(shop.cart).toContainText('There is no voucher GRATIS.');
});

test('what shoppers do reaches the collector as ecommerce events', async ({ shop }) => {
  const actions: string[] = [];
  shop.page.on('request', (request) => {
    if (request.method() !== 'POST') return;
    for (const { ue_pr } of request.postDataJSON().data) {
      const event = ue_pr && JSON.parse(ue_pr).data;
      if (event?.schema.includes('/snowplow_ecommerce_action/')) actions.push(event.data.type);
    }
  });
  await shop.open();
  await shop.addToCart('notebook');
  await shop.cart.getByRole('button', { name: 'One more' }).click();
  await shop.cart.getByRole('button', { name: 'One fewer' }).click();
  await shop.cart.getByRole('button', { name: 'Remove' }).click();
  await shop.addToCart('kite');
  await shop.page.getByRole('button', { name: 'Checkout' }).click();
  await expect
    .poll(() => actions)
    .toEqual([
      'product_view',
      'add_to_cart',
      'add_to_cart',
      'remove_from_cart',
      'remove_from_cart',
      'product_view',
      'add_to_cart',
      'transaction',
    ]);
});

test('the settings choose the collector and the Signals API, and reject invalid addresses', async ({
  shop,
  server,
}) => {
  const { page } = shop;
  await shop.open();
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('textbox', { name: 'Collector URL' }).fill('nowhere');
  await page.getByRole('button', { name: 'Save and reload' }).click();
  await expect(page.getByText('A web address such as')).toBeVisible();

  // Another address of the same server, which tells who was asked.
  await page.getByRole('textbox', { name: 'Collector URL' }).fill(server.origin);
  await page.getByRole('textbox', { name: 'Signals API URL' }).fill(`${server.origin}/elsewhere/`);
  await page.route('**/elsewhere/**', (route) =>
    route.fulfill({
      contentType: 'text/event-stream',
      body: 'retry: 60000\n\ndata: {"name":"from elsewhere","version":1}\n\n',
    }),
  );
  await page.getByRole('button', { name: 'Save and reload' }).click();
  await expect.poll(() => shop.received()).toContain('from elsewhere');
});

test('the activity drawer shows the connection, the events and the interventions', async ({ shop }) => {
  const drawer = shop.page.getByRole('complementary', { name: 'Activity' });
  await shop.open();
  await shop.addToCart('tent');
  await shop.page.getByRole('button', { name: 'Activity' }).click();
  await expect(drawer).toContainText('open');
  await expect(drawer.locator('#events')).toContainText('product viewTwo-person Tent');
  await expect(drawer.locator('#interventions')).toContainText('total_cart_value = 219');
});

test('the activity drawer shows attribute values as they change, and those of a new shopper after a reset', async ({
  shop,
}) => {
  const drawer = shop.page.getByRole('complementary', { name: 'Activity' });
  const values = drawer.locator('#attributes');
  await shop.page.setViewportSize({ width: 1600, height: 900 });
  await shop.open();
  await shop.page.getByRole('button', { name: 'Activity' }).click();
  await expect(drawer).toBeFocused();
  await expect(values).toHaveText(/count_product_views0.*total_cart_value0/);
  await shop.addToCart('tent');
  await expect(values).toHaveText(/count_product_views1.*total_cart_value219/);
  await shop.resetUserData();
  await expect(values).toHaveText(/count_product_views0.*total_cart_value0/);

  await drawer.getByRole('button', { name: 'Close activity' }).focus();
  await shop.page.keyboard.press('Escape');
  await expect(drawer).toBeHidden();
  await expect(shop.page.getByRole('button', { name: 'Activity' })).toBeFocused();
});

test('the activity drawer says why there are no attribute values', async ({ shop, problems }) => {
  problems.expect(/console error: .*404/);
  await shop.page.route('**/get-online-attributes', (route) => route.fulfill({ status: 404, json: {} }));
  await shop.open();
  await shop.page.getByRole('button', { name: 'Activity' }).click();
  await expect(shop.page.locator('#activity')).toContainText('has no public service called shop');
});

test('the activity drawer shows live what an agent would read, and asks for nothing while it is closed', async ({
  shop,
}) => {
  const asked: string[] = [];
  shop.page.on('request', (request) => {
    if (request.url().includes('/mock/contexts')) asked.push(request.url());
  });
  const context = shop.page.getByRole('region', { name: 'What an agent would read' });
  await shop.page.setViewportSize({ width: 1600, height: 900 });
  await shop.open();
  await shop.openProduct('tent');
  await shop.closeProduct();
  expect(asked).toEqual([]);

  await shop.page.getByRole('button', { name: 'Activity' }).click();
  await expect(context).toContainText('[START CONTEXT]');
  await expect(context).toContainText(/product_view, \/, \{.*product: 'Two-person Tent'/);
  await expect(context).not.toContainText('add_to_cart');
  await shop.addToCart('tent');
  await expect(context).toContainText(/add_to_cart, \/, \{.*product: 'Two-person Tent'/);
});

test('the activity drawer shows every context in a box of its own, at its newest event', async ({
  context: browser,
  server,
  shop,
}) => {
  await browser.grantPermissions(['clipboard-read', 'clipboard-write']);
  const asOwner = async (path: string, data: object) => {
    const headers = { authorization: 'Bearer sandbox' };
    const answer = await shop.page.request.post(`${server.origin}/api/v1/${path}`, { headers, data });
    expect(answer.status(), path).toBe(200);
  };
  await asOwner('registry/event_logs/', {
    name: 'pages',
    owner: 'ada@example.com',
    attribute_key: { name: 'domain_sessionid' },
    max_events: 5,
    max_age_seconds: 600,
    events: [{ event: { name: 'page_view' }, properties: [{ type: 'atomic', name: 'event_name' }] }],
  });
  await asOwner('engines/publish', { event_logs: [{ name: 'pages' }] });
  await shop.page.setViewportSize({ width: 1600, height: 900 });
  await shop.open();
  await shop.page.getByRole('button', { name: 'Activity' }).click();
  const drawer = shop.page.locator('#activity');
  for (let views = 0; views < 12; views++) await shop.viewProducts('tent');
  await expect(drawer.locator('.agentic-context h4')).toHaveText(['shopping_now', 'pages']);
  const box = drawer.getByRole('region', { name: 'shopping_now' });
  await expect(box).toContainText(/(product_view.*?){12}/s);
  await expect.poll(() => box.evaluate((text) => text.scrollTop)).toBeGreaterThan(0);
  const height = await box.evaluate((text) => text.clientHeight);
  expect(height).toBeLessThan(300);

  await drawer.getByRole('button', { name: 'Copy pages' }).click();
  const copied = await shop.page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain('page_view');
  expect(copied).not.toContain('product_view');
});

test('the activity drawer says why there is nothing that an agent would read', async ({ shop, problems }) => {
  problems.expect(/console error: .*404/);
  await shop.page.route('**/mock/contexts?*', (route) => route.fulfill({ status: 404 }));
  await shop.open();
  await shop.page.getByRole('button', { name: 'Activity' }).click();
  await expect(shop.page.locator('#activity')).toContainText('Only agents with its token can read there');

  const events = shop.page.waitForResponse('**/tp2');
  const asked: string[] = [];
  shop.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await shop.addToCart('tent');
  await events;
  expect(asked, 'it does not ask again').not.toContain('/mock/contexts');
});
