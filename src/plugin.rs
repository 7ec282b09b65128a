//! The calls of the page, one for one as in its public API. `null` in place of tracker ids stands for all trackers.

use crate::client::Client;
use crate::config::{ConfigError, SubscriptionConfig};
use crate::delivery::SharedCalls;
use crate::delivery::handlers::{Handler, Handlers};
use crate::measurement::Measurement;
use crate::stream::status::{ConnectionChange, Status};
use crate::tracker::pending::{PendingSettings, Settings};
use crate::tracker::receiver::{Receiver, Recipient};
use crate::web::lifecycle::PageLifecycle;
use crate::web::log::{Log, Logger};
use crate::web::snowplow::{BrowserTracker, Payload, TrackerCore};
use crate::web::{Preserved, entries, text_of, to_js};
use gloo_timers::callback::Timeout;
use js_sys::{Array, Function, Object, Reflect};
use serde::Deserialize;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Milliseconds after which a subscription that no tracker has taken is more likely a mistake than early.
const PATIENCE_MS: u32 = 10_000;

/// All trackers of a page that have the plugin.
#[wasm_bindgen]
pub struct Plugin {
    page: Rc<Page>,
}

/// The argument of `SignalsPlugin`: `SignalsPluginOptions` in `js/types.ts`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PluginOptions {
    handlers: Preserved,
    measurement: Preserved,
}

#[wasm_bindgen]
impl Plugin {
    /// A page without trackers. `build_event` makes of `{schema, data}` an event that trackers track.
    #[wasm_bindgen(constructor)]
    pub fn new(build_event: Function) -> Plugin {
        Plugin {
            page: Rc::new(Page {
                log: Rc::default(),
                build_event,
                calls: Rc::default(),
                receivers: RefCell::default(),
                pending: RefCell::default(),
                patience: RefCell::default(),
                listeners: RefCell::default(),
                lifecycle: RefCell::default(),
            }),
        }
    }

    /// Sends messages to this logger from now on.
    #[wasm_bindgen(js_name = setLogger)]
    pub fn set_logger(&self, logger: Logger) {
        self.page.log.set_logger(logger);
    }

    /// A tracker has the plugin now. One with the same id that had it before gives way. With `configure_source`, which gets what the
    /// stream would be configured with, its interventions come by [`Plugin::deliver`] instead.
    pub fn activate(
        &self,
        tracker: BrowserTracker,
        options: JsValue,
        configure_source: Option<Function>,
    ) {
        let id = tracker.id();
        let options: PluginOptions = serde_wasm_bindgen::from_value(options).unwrap_or_default();
        self.page.end_receivers(&|receiver| receiver.has_tracker() && receiver.id() == id);
        let mut settings = self.page.pending.borrow_mut().take(&id);
        settings.handlers.extend(&self.page.read_handlers(&options.handlers.0, "handlers"));
        let measurement = Measurement::new(
            tracker.clone(),
            self.page.build_event.clone(),
            options.measurement.0,
            Rc::clone(&self.page.log),
        );
        let name = tracker.namespace().unwrap_or_else(|| id.clone());
        let recipient = Recipient::Tracker { tracker, name, measurement, configure_source };
        let listened_id = id.clone();
        let receiver =
            self.page.receive_for(id, recipient, settings.handlers, move |page, status| {
                let listeners = page.listeners.borrow().clone();
                for listener in listeners.iter().filter(|it| it.trackers.include(&listened_id)) {
                    page.tell(&listener.listener, &listened_id, status);
                }
            });
        if let Some(subscription) = settings.subscription {
            receiver.subscribe(subscription);
        }
    }

    /// The tracker behind `core` is gone.
    pub fn deactivate(&self, core: &TrackerCore) {
        self.page.end_receivers(&|receiver| receiver.tracks_with(core));
    }

    /// A tracker has tracked an event.
    #[wasm_bindgen(js_name = afterTrack)]
    pub fn after_track(&self, payload: &Payload) {
        let Some(tracker_name) = payload.tracker_name().as_string() else {
            return;
        };
        for receiver in self.page.receivers.borrow().iter() {
            if receiver.is_named(&tracker_name) {
                receiver.after_track(payload);
            }
        }
    }

    /// Subscribes trackers, or changes what they are subscribed to.
    pub fn subscribe(&self, config: &JsValue, tracker_ids: &JsValue) {
        let Some(config) = self.page.read_config(config, "subscribeToInterventions") else {
            return;
        };
        self.page.apply(
            tracker_ids,
            &|receiver| receiver.subscribe(Rc::clone(&config)),
            &|later| {
                later.subscription = Some(Rc::clone(&config));
            },
        );
        self.page.warn_if_no_tracker_comes();
    }

    /// Ends subscriptions.
    pub fn unsubscribe(&self, tracker_ids: &JsValue) {
        self.page.apply(tracker_ids, &Receiver::unsubscribe, &|later| later.subscription = None);
    }

    /// Registers handlers. One that is none is reported; the others are registered all the same.
    #[wasm_bindgen(js_name = addHandlers)]
    pub fn add_handlers(&self, handlers: &JsValue, tracker_ids: &JsValue) {
        let handlers = self.page.read_handlers(handlers, "addInterventionHandlers");
        self.page.apply(tracker_ids, &|receiver| receiver.add_handlers(&handlers), &|later| {
            later.handlers.extend(&handlers);
        });
    }

    /// Forgets the handlers with this id or these ids.
    #[wasm_bindgen(js_name = removeHandlers)]
    pub fn remove_handlers(&self, handler_ids: &JsValue, tracker_ids: &JsValue) {
        for id in texts(handler_ids) {
            self.page.apply(tracker_ids, &|receiver| receiver.remove_handler(&id), &|later| {
                later.handlers.remove(&id);
            });
        }
    }

    /// Takes in an intervention for a tracker that arrived elsewhere than on its stream.
    pub fn deliver(&self, intervention: JsValue, tracker_id: &str) {
        if let Some(receiver) = self.page.trackers().find(|receiver| receiver.id() == tracker_id) {
            receiver.deliver(intervention);
        }
    }

    /// Tells `listener` about connections: how they are, and every change.
    #[wasm_bindgen(js_name = addConnectionListener)]
    pub fn add_connection_listener(&self, listener: Function, tracker_ids: &JsValue) {
        let trackers = Trackers::read(tracker_ids);
        let registered =
            ConnectionListener { listener: listener.clone(), trackers: trackers.clone() };
        self.page.listeners.borrow_mut().push(registered);
        for receiver in self.page.trackers().filter(|receiver| trackers.include(receiver.id())) {
            self.page.tell(&listener, receiver.id(), receiver.status());
        }
    }

    /// Stops telling `listener`.
    #[wasm_bindgen(js_name = removeConnectionListener)]
    pub fn remove_connection_listener(&self, listener: &Function) {
        self.page.listeners.borrow_mut().retain(|known| known.listener != *listener);
    }

    /// What each of the trackers has received so far, and what became of it: `DeliveryStats` by tracker id.
    pub fn stats(&self, tracker_ids: &JsValue) -> Object {
        let trackers = Trackers::read(tracker_ids);
        let stats = Object::new();
        for receiver in self.page.trackers().filter(|receiver| trackers.include(receiver.id())) {
            let counted = to_js(&receiver.stats());
            // Cannot fail on an object that was just made.
            let _ = Reflect::set(&stats, &receiver.id().into(), &counted);
        }
        stats
    }

    /// Receives interventions without a tracker, under this id in messages. `listener` is told of every change of the connection.
    #[wasm_bindgen(js_name = createClient)]
    pub fn create_client(&self, id: String, config: &JsValue, listener: Function) -> Client {
        let client_id = id.clone();
        let receiver = self.page.receive_for(
            id,
            Recipient::Client,
            Handlers::default(),
            move |page, status| page.tell(&listener, &client_id, status),
        );
        if let Some(config) = self.page.read_config(config, "createInterventionsClient") {
            receiver.subscribe(config);
        }
        Client::new(Rc::clone(&self.page), receiver)
    }
}

/// What all trackers and clients of a page have in common.
pub(crate) struct Page {
    log: Rc<Log>,
    build_event: Function,
    calls: SharedCalls,
    receivers: RefCell<Vec<Rc<Receiver>>>,
    pending: RefCell<PendingSettings<Handler>>,
    patience: RefCell<Option<Timeout>>,
    listeners: RefCell<Vec<ConnectionListener>>,
    lifecycle: RefCell<Option<PageLifecycle>>,
}

#[derive(Clone)]
struct ConnectionListener {
    listener: Function,
    trackers: Trackers,
}

/// Which trackers a call is for.
#[derive(Clone)]
enum Trackers {
    All,
    Named(Vec<String>),
}

impl Trackers {
    /// Without any id, as the tag-based tracker calls as long as it knows no tracker, all are meant.
    fn read(ids: &JsValue) -> Trackers {
        let named = texts(ids);
        if named.is_empty() { Trackers::All } else { Trackers::Named(named) }
    }

    fn include(&self, id: &str) -> bool {
        match self {
            Trackers::All => true,
            Trackers::Named(ids) => ids.iter().any(|named| named == id),
        }
    }
}

impl Page {
    fn receive_for(
        self: &Rc<Self>,
        id: String,
        recipient: Recipient,
        handlers: Handlers<Handler>,
        on_status: impl Fn(&Page, Status) + 'static,
    ) -> Rc<Receiver> {
        self.watch_lifecycle();
        let page = Rc::downgrade(self);
        let receiver = Rc::new(Receiver::new(
            id,
            recipient,
            handlers,
            Rc::clone(&self.calls),
            Rc::clone(&self.log),
            Box::new(move |status| {
                if let Some(page) = page.upgrade() {
                    on_status(&page, status);
                }
            }),
        ));
        self.receivers.borrow_mut().push(Rc::clone(&receiver));
        receiver
    }

    /// Closes receivers for good.
    pub(crate) fn end_receivers(&self, is_over: &dyn Fn(&Receiver) -> bool) {
        let (over, going_on): (Vec<_>, Vec<_>) =
            self.receivers.take().into_iter().partition(|receiver| is_over(receiver));
        let is_empty = going_on.is_empty();
        *self.receivers.borrow_mut() = going_on;
        over.iter().for_each(|receiver| receiver.close());
        if is_empty {
            drop(self.lifecycle.take());
        }
    }

    fn watch_lifecycle(self: &Rc<Self>) {
        if self.lifecycle.borrow().is_some() {
            return;
        }
        let page = Rc::downgrade(self);
        let lifecycle = PageLifecycle::watch(move |event| {
            if let Some(page) = page.upgrade() {
                let receivers = page.receivers.borrow().clone();
                receivers.iter().for_each(|receiver| receiver.page_event(event));
            }
        });
        *self.lifecycle.borrow_mut() = Some(lifecycle);
    }

    /// Those that receive for trackers, as they are now: code of the page may change them meanwhile.
    fn trackers(&self) -> impl Iterator<Item = Rc<Receiver>> + use<> {
        self.receivers.borrow().clone().into_iter().filter(|receiver| receiver.has_tracker())
    }

    /// Applies a call to the trackers it is for: those that are there, and those that may come.
    fn apply(
        &self,
        tracker_ids: &JsValue,
        to_receiver: &dyn Fn(&Receiver),
        to_pending: &dyn Fn(&mut Settings<Handler>),
    ) {
        match Trackers::read(tracker_ids) {
            Trackers::All => {
                let mut trackers = self.trackers().peekable();
                if trackers.peek().is_none() {
                    self.pending.borrow_mut().change_all(to_pending);
                }
                trackers.for_each(|receiver| to_receiver(&receiver));
            }
            Trackers::Named(ids) => {
                for id in ids {
                    match self.trackers().find(|receiver| receiver.id() == id) {
                        Some(receiver) => to_receiver(&receiver),
                        None => self.pending.borrow_mut().change(&id, to_pending),
                    }
                }
            }
        }
    }

    fn read_config(&self, config: &JsValue, call: &str) -> Option<Rc<SubscriptionConfig>> {
        let reject = |error: &ConfigError| self.reject(call, &error.to_string());
        SubscriptionConfig::read(config, &reject).inspect_err(reject).ok().map(Rc::new)
    }

    /// The handlers in `value`. Reports those that are none.
    pub(crate) fn read_handlers(&self, value: &JsValue, call: &str) -> Handlers<Handler> {
        let mut handlers = Handlers::default();
        if value.is_undefined() {
            return handlers;
        }
        if !value.is_object() {
            self.reject(call, "handlers must be an object with a handler for each id");
            return handlers;
        }
        for (id, value) in entries(value) {
            let handler = match value {
                Ok(value) => Handler::read(value).map_err(str::to_owned),
                Err(error) => {
                    Err(format!(" cannot be read: {}", text_of(&error).unwrap_or_default()))
                }
            };
            match handler {
                Ok(handler) => handlers.insert(&id, Rc::new(handler)),
                Err(problem) => self.reject(call, &format!("handler `{id}`{problem}")),
            }
        }
        handlers
    }

    fn reject(&self, call: &str, problem: &str) {
        self.log.error("", &format!("{call}: {problem}"), &JsValue::UNDEFINED);
    }

    fn tell(&self, listener: &Function, id: &str, status: Status) {
        let change = to_js(&ConnectionChange::new(id, status));
        if let Err(error) = listener.call1(&JsValue::UNDEFINED, &change) {
            self.log.error(id, "Connection listener failed", &error);
        }
    }

    fn warn_if_no_tracker_comes(self: &Rc<Self>) {
        if self.awaited_tracker().is_none() {
            return;
        }
        let page = Rc::downgrade(self);
        let patience = Timeout::new(PATIENCE_MS, move || {
            if let Some(page) = page.upgrade()
                && let Some(id) = page.awaited_tracker()
            {
                let message = format!(
                    "subscribeToInterventions still waits for SignalsPlugin() in the plugins of: {id}"
                );
                page.log.warn("", &message);
            }
        });
        drop(self.patience.replace(Some(patience)));
    }

    /// Id of a tracker that a subscription waits for, or words for any.
    fn awaited_tracker(&self) -> Option<String> {
        let is_alone = self.trackers().next().is_none();
        self.pending.borrow().awaited(is_alone).map(str::to_owned)
    }
}

/// The strings among one or several values.
pub(crate) fn texts(values: &JsValue) -> Vec<String> {
    match values.dyn_ref::<Array>() {
        Some(values) => values.iter().filter_map(|value| value.as_string()).collect(),
        None => values.as_string().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typescript;

    #[test]
    fn the_options_are_those_of_the_types_of_the_page() {
        let mut options = typescript::read::<PluginOptions>();
        // A source of the page's own is started by the facade.
        options.insert("fetcher".to_owned());
        assert_eq!(options, typescript::interface("SignalsPluginOptions"));
    }
}
