//! Receives interventions for one tracker, or for a client of a page without a tracker.

use super::subscription::{StatusListener, Subscription};
use crate::config::SubscriptionConfig;
use crate::delivery::handlers::{Handler, Handlers};
use crate::delivery::recent::SeenIds;
use crate::delivery::{Delivery, DeliverySettings, DeliveryStats, Received, SharedCalls};
use crate::measurement::Measurement;
use crate::stream::election::Input;
use crate::stream::positions::Positions;
use crate::stream::status::Status;
use crate::web::lifecycle::PageEvent;
use crate::web::log::Log;
use crate::web::session_storage;
use crate::web::snowplow::{BrowserTracker, Payload, TrackerCore};
use js_sys::Function;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// For whom a [`Receiver`] receives.
pub(crate) enum Recipient {
    /// A tracker with the plugin.
    Tracker {
        /// The tracker.
        tracker: BrowserTracker,
        /// How its events name it.
        name: String,
        /// Tracks what becomes of interventions.
        measurement: Rc<Measurement>,
        /// Configures the page's own source of interventions, where it has one.
        configure_source: Option<Function>,
    },
    /// A client of a page without a tracker.
    Client,
}

/// One tracker or client. Dropping it ends its subscription and leaves nothing behind.
#[must_use = "dropping it closes its stream"]
pub(crate) struct Receiver {
    id: String,
    recipient: Recipient,
    positions: Rc<Positions>,
    delivery: Rc<Delivery>,
    subscription: Rc<Subscription>,
}

impl Receiver {
    /// Starts where the previous page of this tab left off. `id` names it in messages and in `sessionStorage`.
    pub(crate) fn new(
        id: String,
        recipient: Recipient,
        handlers: Handlers<Handler>,
        calls: SharedCalls,
        log: Rc<Log>,
        on_status: StatusListener,
    ) -> Receiver {
        let (tracker, measurement) = match &recipient {
            Recipient::Tracker { tracker, measurement, .. } => {
                (tracker.clone().into(), Some(Rc::clone(measurement)))
            }
            Recipient::Client => (JsValue::UNDEFINED, None),
        };
        let positions = Rc::new(Positions::from_text(&load(&id, Item::Positions)));
        let settings = DeliverySettings {
            subject: id.clone(),
            tracker,
            measurement,
            handlers,
            seen: SeenIds::from_text(&load(&id, Item::Seen)),
            calls,
            positions: Rc::clone(&positions),
        };
        let delivery = Delivery::new(settings, Rc::clone(&log));
        let subscription = Subscription::new(
            id.clone(),
            Rc::clone(&positions),
            Rc::clone(&delivery),
            log,
            on_status,
        );
        Receiver { id, recipient, positions, delivery, subscription }
    }

    /// Id of the tracker, or of the client.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Whether it receives for a tracker.
    pub(crate) fn has_tracker(&self) -> bool {
        matches!(self.recipient, Recipient::Tracker { .. })
    }

    /// Whether it receives for the tracker behind `core`.
    pub(crate) fn tracks_with(&self, core: &TrackerCore) -> bool {
        match &self.recipient {
            Recipient::Tracker { tracker, .. } => tracker.core() == *core,
            Recipient::Client => false,
        }
    }

    /// Whether events that name `tracker_name` are of its tracker.
    pub(crate) fn is_named(&self, tracker_name: &str) -> bool {
        matches!(&self.recipient, Recipient::Tracker { name, .. } if name == tracker_name)
    }

    /// Subscribes, or changes what is subscribed to.
    pub(crate) fn subscribe(&self, config: Rc<SubscriptionConfig>) {
        match &self.recipient {
            Recipient::Tracker { configure_source: Some(configure), .. } => {
                // What it throws was caught on the way.
                drop(configure.call1(&JsValue::UNDEFINED, &config.raw));
            }
            Recipient::Tracker { tracker, .. } => {
                self.subscription.configure(config);
                self.subscription.look_at(&tracker.known_ids());
            }
            Recipient::Client => self.subscription.configure(config),
        }
    }

    /// Takes in an intervention that arrived elsewhere.
    pub(crate) fn deliver(&self, intervention: JsValue) {
        self.delivery.push(Received::Parsed(intervention));
    }

    /// Ends the subscription and keeps the handlers.
    pub(crate) fn unsubscribe(&self) {
        self.subscription.cancel();
    }

    /// Looks for ids in an event.
    pub(crate) fn after_track(&self, payload: &Payload) {
        self.subscription.look_at(payload);
    }

    /// Registers handlers.
    pub(crate) fn add_handlers(&self, handlers: &Handlers<Handler>) {
        self.delivery.add_handlers(handlers);
    }

    /// Forgets a handler.
    pub(crate) fn remove_handler(&self, id: &str) {
        self.delivery.remove_handler(id);
    }

    /// Ends the subscription for good. Interventions that still wait are gone with it.
    pub(crate) fn close(&self) {
        self.remember();
        self.subscription.close();
    }

    /// What arrived and what became of it.
    pub(crate) fn stats(&self) -> DeliveryStats {
        self.delivery.stats()
    }

    /// How the connection is.
    pub(crate) fn status(&self) -> Status {
        self.subscription.status()
    }

    /// Reacts to a turn in the life of the page.
    pub(crate) fn page_event(&self, event: PageEvent) {
        let input = match event {
            PageEvent::Online => Input::Online,
            PageEvent::Offline => Input::Offline,
            PageEvent::Shown => Input::PageVisible,
            PageEvent::CameBack => Input::PageShown,
            PageEvent::Covered => return self.remember(),
            PageEvent::Left => {
                self.delivery.finish_measurement();
                self.remember();
                Input::PageHidden
            }
        };
        self.subscription.page_event(input);
    }

    fn remember(&self) {
        save(&self.id, Item::Seen, &self.delivery.seen_text());
        save(&self.id, Item::Positions, &self.positions.to_text());
    }
}

/// What is kept in `sessionStorage`, so that a reload resumes.
#[derive(Clone, Copy)]
enum Item {
    Positions,
    Seen,
}

impl Item {
    fn key(self, id: &str) -> String {
        let name = match self {
            Item::Positions => "resume",
            Item::Seen => "seen",
        };
        format!("signalsInterventions.{id}.{name}")
    }
}

/// Empty where nothing was kept, or where that is not allowed.
fn load(id: &str, item: Item) -> String {
    session_storage()
        .and_then(|storage| storage.get_item(&item.key(id)).ok().flatten())
        .unwrap_or_default()
}

/// Where storage is full or not allowed, a reload resumes without it.
fn save(id: &str, item: Item, text: &str) {
    if let Some(storage) = session_storage() {
        let _ = storage.set_item(&item.key(id), text);
    }
}
