//! The calls of the public API. `null` instead of tracker ids means all trackers.

use crate::client::Client;
use crate::delivery::handlers::Handlers;
use crate::measurement::Measurement;
use crate::page::{ConnectionListener, Page, Trackers, texts};
use crate::tracker::receiver::{Receiver, Recipient};
use crate::web::log::Logger;
use crate::web::snowplow::{BrowserTracker, Payload, TrackerCore};
use crate::web::{Preserved, to_js};
use js_sys::{Function, Object, Reflect};
use serde::Deserialize;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// All trackers of a page that have the plugin.
#[wasm_bindgen]
pub struct Plugin {
    page: Rc<Page>,
    /// Turns `{schema, data}` into an event that trackers can track.
    build_event: Function,
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
    /// Creates a page without trackers. `build_event` turns `{schema, data}` into an event that trackers can track.
    #[wasm_bindgen(constructor)]
    pub fn new(build_event: Function) -> Plugin {
        Plugin { page: Rc::default(), build_event }
    }

    /// Sends later messages to this logger.
    #[wasm_bindgen(js_name = setLogger)]
    pub fn set_logger(&self, logger: Logger) {
        self.page.log.set_logger(logger);
    }

    /// Adds a tracker. It replaces a tracker with the same id. With `configure_source`, the tracker opens no stream: the function receives
    /// the configuration, and interventions arrive through [`Plugin::deliver`].
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
            self.build_event.clone(),
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

    /// Removes the tracker that belongs to `core`.
    pub fn deactivate(&self, core: &TrackerCore) {
        self.page.end_receivers(&|receiver| receiver.tracks_with(core));
    }

    /// Looks for ids in an event that a tracker tracked.
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

    /// Subscribes trackers, or changes their subscriptions.
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

    /// Registers handlers. Reports the invalid ones and registers the others.
    #[wasm_bindgen(js_name = addHandlers)]
    pub fn add_handlers(&self, handlers: &JsValue, tracker_ids: &JsValue) {
        let handlers = self.page.read_handlers(handlers, "addInterventionHandlers");
        self.page.apply(tracker_ids, &|receiver| receiver.add_handlers(&handlers), &|later| {
            later.handlers.extend(&handlers);
        });
    }

    /// Removes the handlers with this id or these ids.
    #[wasm_bindgen(js_name = removeHandlers)]
    pub fn remove_handlers(&self, handler_ids: &JsValue, tracker_ids: &JsValue) {
        for id in texts(handler_ids) {
            self.page.apply(tracker_ids, &|receiver| receiver.remove_handler(&id), &|later| {
                later.handlers.remove(&id);
            });
        }
    }

    /// Delivers an intervention from the page's own source to a tracker.
    pub fn deliver(&self, intervention: JsValue, tracker_id: &str) {
        if let Some(receiver) = self.page.trackers().find(|receiver| receiver.id() == tracker_id) {
            receiver.deliver(intervention);
        }
    }

    /// Calls `listener` with the present state of each connection, and after every change.
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

    /// Stops calling `listener`.
    #[wasm_bindgen(js_name = removeConnectionListener)]
    pub fn remove_connection_listener(&self, listener: &Function) {
        self.page.listeners.borrow_mut().retain(|known| known.listener != *listener);
    }

    /// The counters of each tracker: an object with `DeliveryStats` by tracker id.
    pub fn stats(&self, tracker_ids: &JsValue) -> Object {
        let trackers = Trackers::read(tracker_ids);
        let stats = Object::new();
        for receiver in self.page.trackers().filter(|receiver| trackers.include(receiver.id())) {
            let counted = to_js(&receiver.stats());
            // Cannot fail on a new object.
            let _ = Reflect::set(&stats, &receiver.id().into(), &counted);
        }
        stats
    }

    /// Creates a client that receives interventions without a tracker. Messages name it by `id`. `listener` is called after every change of
    /// the connection.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typescript;

    #[test]
    fn the_options_are_those_of_the_types_of_the_page() {
        let mut options = typescript::read::<PluginOptions>();
        // The JavaScript facade starts a custom source.
        options.insert("fetcher".to_owned());
        assert_eq!(options, typescript::interface("SignalsPluginOptions"));
    }
}
