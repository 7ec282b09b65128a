//! Everything that belongs to one tracker.

use crate::browser::lifecycle::PageEvent;
use crate::browser::log::Log;
use crate::browser::snowplow::{Payload, Tracker, TrackerCore};
use crate::browser::storage;
use crate::config::SubscriptionConfig;
use crate::connection::resume::ResumeMemory;
use crate::connection::sharing::Input;
use crate::connection::status::Status;
use crate::delivery::duplicates::SeenIds;
use crate::delivery::handler::Handler;
use crate::delivery::handlers::Handlers;
use crate::delivery::pipeline::{Arrival, Pipeline, SharedCalls};
use crate::measurement::Measurement;
use crate::subscription::{StatusListener, Subscription};
use alloc::rc::Rc;
use alloc::string::String;
use js_sys::Function;
use wasm_bindgen::JsValue;

const RESUME_ITEM: &str = "resume";
const SEEN_ITEM: &str = "seen";

/// One tracker with the plugin. Dropping it ends its subscription and leaves nothing behind.
#[must_use = "dropping a session closes its stream"]
pub struct Session {
    id: String,
    name: String,
    tracker: Tracker,
    /// Configures the page's own source of interventions, where it has one.
    configure: Option<Function>,
    pipeline: Rc<Pipeline>,
    subscription: Rc<Subscription>,
}

impl Session {
    /// Starts to look after `tracker`, taking up where the previous page of this tab left off.
    pub fn start(
        tracker: Tracker,
        handlers: Handlers<Handler>,
        measurement: Rc<Measurement>,
        configure: Option<Function>,
        calls: SharedCalls,
        log: Rc<Log>,
        on_status: StatusListener,
    ) -> Session {
        let id = tracker.id();
        let seen = SeenIds::from_text(&storage::load(&id, SEEN_ITEM));
        let resume = ResumeMemory::from_text(&storage::load(&id, RESUME_ITEM));
        let pipeline =
            Pipeline::new(tracker.clone(), handlers, measurement, seen, calls, Rc::clone(&log));
        let subscription =
            Subscription::new(id.clone(), Rc::clone(&pipeline), resume, log, on_status);
        let name = tracker.namespace().unwrap_or_else(|| id.clone());
        Session { id, name, tracker, configure, pipeline, subscription }
    }

    /// The tracker's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether this is the session of the tracker behind `core`.
    pub fn tracks_with(&self, core: &TrackerCore) -> bool {
        self.tracker.core() == *core
    }

    /// Whether events that name `tracker_name` are this tracker's.
    pub fn is_named(&self, tracker_name: &str) -> bool {
        self.name == tracker_name
    }

    /// Subscribes, or changes what is subscribed to.
    pub fn subscribe(&self, config: Rc<SubscriptionConfig>) {
        match &self.configure {
            // What it throws was caught on the way.
            Some(configure) => drop(configure.call1(&JsValue::UNDEFINED, &config.raw)),
            None => self.subscription.configure(config, &self.tracker.known_ids()),
        }
    }

    /// Takes in an instance that arrived elsewhere.
    pub fn deliver(&self, instance: JsValue) {
        self.pipeline.push(Arrival {
            url: "".into(),
            last_event_id: JsValue::UNDEFINED,
            instance: Some(instance),
        });
    }

    /// Ends the subscription and keeps the handlers.
    pub fn unsubscribe(&self) {
        self.subscription.cancel();
    }

    /// Looks for ids in an event.
    pub fn after_track(&self, payload: &Payload) {
        self.subscription.look_at(payload);
    }

    /// Registers handlers.
    pub fn add_handlers(&self, handlers: &Handlers<Handler>) {
        self.pipeline.add_handlers(handlers);
    }

    /// Forgets a handler.
    pub fn remove_handler(&self, id: &str) {
        self.pipeline.remove_handler(id);
    }

    /// Ends the subscription for good. Instances that still wait are gone with it.
    pub fn close(&self) {
        self.remember();
        self.subscription.close();
    }

    /// What arrived and what became of it.
    pub fn counters(&self) -> [(&'static str, u32); 7] {
        self.pipeline.counters()
    }

    /// How the connection is.
    pub fn status(&self) -> Status {
        self.subscription.status()
    }

    /// Reacts to a turn in the life of the page.
    pub fn page_event(&self, event: PageEvent) {
        let input = match event {
            PageEvent::Online => Input::Online,
            PageEvent::Offline => Input::Offline,
            PageEvent::Shown => Input::PageVisible,
            PageEvent::CameBack => Input::PageShown,
            PageEvent::Covered => return self.remember(),
            PageEvent::Left => {
                self.pipeline.finish_measurement();
                self.remember();
                Input::PageHidden
            }
        };
        self.subscription.page_event(input);
    }

    fn remember(&self) {
        storage::save(&self.id, SEEN_ITEM, &self.pipeline.seen_text());
        storage::save(&self.id, RESUME_ITEM, &self.subscription.resume_text());
    }
}
