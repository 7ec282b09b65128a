//! Receives interventions for one tracker, or for a client without a tracker.

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

/// The owner of a [`Receiver`].
pub(crate) enum Recipient {
    /// A tracker with the plugin.
    Tracker {
        tracker: BrowserTracker,
        /// The tracker's name in its events.
        name: String,
        /// Tracks the outcomes of interventions.
        measurement: Rc<Measurement>,
        /// Starts the page's own source of interventions, if it has one.
        configure_source: Option<Function>,
    },
    /// A client on a page without a tracker.
    Client,
}

/// Receives for one tracker or client. Dropping it ends the subscription and frees everything.
#[must_use = "dropping it closes its stream"]
pub(crate) struct Receiver {
    id: String,
    recipient: Recipient,
    positions: Rc<Positions>,
    delivery: Rc<Delivery>,
    subscription: Rc<Subscription>,
}

impl Receiver {
    /// Resumes where the previous page of this tab stopped. `id` names the receiver in messages and in `sessionStorage`.
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

    /// The id of the tracker or client.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn has_tracker(&self) -> bool {
        matches!(self.recipient, Recipient::Tracker { .. })
    }

    /// Whether it receives for the tracker that belongs to `core`.
    pub(crate) fn tracks_with(&self, core: &TrackerCore) -> bool {
        match &self.recipient {
            Recipient::Tracker { tracker, .. } => tracker.core() == *core,
            Recipient::Client => false,
        }
    }

    /// Whether events with this tracker name come from its tracker.
    pub(crate) fn is_named(&self, tracker_name: &str) -> bool {
        matches!(&self.recipient, Recipient::Tracker { name, .. } if name == tracker_name)
    }

    /// Subscribes, or changes the subscription.
    pub(crate) fn subscribe(&self, config: Rc<SubscriptionConfig>) {
        match &self.recipient {
            Recipient::Tracker { configure_source: Some(configure), .. } => {
                // The facade has already caught errors of the page's function.
                drop(configure.call1(&JsValue::UNDEFINED, &config.raw));
            }
            Recipient::Tracker { tracker, .. } => {
                self.subscription.configure(config);
                self.subscription.look_at(&tracker.known_ids());
            }
            Recipient::Client => self.subscription.configure(config),
        }
    }

    /// Delivers an intervention from the page's own source.
    pub(crate) fn deliver(&self, intervention: JsValue) {
        self.delivery.push(Received::Parsed(intervention));
    }

    /// Ends the subscription but keeps the handlers.
    pub(crate) fn unsubscribe(&self) {
        self.subscription.cancel();
    }

    /// Looks for ids in a tracked event.
    pub(crate) fn after_track(&self, payload: &Payload) {
        self.subscription.look_at(payload);
    }

    pub(crate) fn add_handlers(&self, handlers: &Handlers<Handler>) {
        self.delivery.add_handlers(handlers);
    }

    pub(crate) fn remove_handler(&self, id: &str) {
        self.delivery.remove_handler(id);
    }

    /// Ends the subscription permanently. Drops interventions that still wait for a handler.
    pub(crate) fn close(&self) {
        self.remember();
        self.subscription.close();
    }

    /// The counters so far.
    pub(crate) fn stats(&self) -> DeliveryStats {
        self.delivery.stats()
    }

    /// The status of the connection.
    pub(crate) fn status(&self) -> Status {
        self.subscription.status()
    }

    /// Responds to a page event.
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

/// Data in `sessionStorage` that a reload resumes from.
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

/// Returns an empty string if nothing is stored or storage is blocked.
fn load(id: &str, item: Item) -> String {
    session_storage()
        .and_then(|storage| storage.get_item(&item.key(id)).ok().flatten())
        .unwrap_or_default()
}

/// Does nothing if storage is full or blocked. A reload then does not resume.
fn save(id: &str, item: Item, text: &str) {
    if let Some(storage) = session_storage() {
        let _ = storage.set_item(&item.key(id), text);
    }
}
