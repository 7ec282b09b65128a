//! The way of every frame of one tracker to the handlers: decode, drop duplicates, wait for a handler, dispatch, measure.
//!
//! Code of the page (handlers, predicates) is never called while anything is borrowed: it may call back at once.

mod dispatch;
pub(crate) mod handlers;
pub(crate) mod intervention;
pub(crate) mod recent;
mod waiting;

use crate::measurement::Measurement;
use crate::stream::positions::Positions;
use crate::web::log::Log;
use crate::web::scheduling::{Slice, Task};
use crate::web::{now, now_ms};
use handlers::{Handler, Handlers};
use intervention::{Intervention, Malformed, MalformedFrames};
use js_sys::Function;
use recent::{Calls, SeenIds};
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use waiting::WaitingRoom;
use wasm_bindgen::JsValue;

/// Milliseconds after which a burst of interventions gives the page its turn: 5 with the last of them and with garbage collection.
const SLICE_MS: f64 = 3.0;

/// What is to be delivered.
#[derive(Debug)]
pub(crate) enum Received {
    /// An intervention from a stream.
    Message {
        /// URL of the stream.
        url: Rc<str>,
        /// The stream's last event id at this frame, a string.
        last_event_id: JsValue,
        /// The intervention as JSON, a string.
        data: JsValue,
    },
    /// A frame that only moves the position of a stream.
    Position {
        /// URL of the stream.
        url: Rc<str>,
        /// The stream's last event id at this frame, a string.
        last_event_id: JsValue,
    },
    /// An intervention from the page's own source.
    Parsed(JsValue),
}

/// The calls of handlers by all trackers of the page.
pub(crate) type SharedCalls = Rc<RefCell<Calls<Function>>>;

/// What became of what arrived: `DeliveryStats` in `js/types.ts`.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryStats {
    received: u32,
    delivered: u32,
    duplicates: u32,
    malformed: u32,
    waiting: u32,
    lost: u32,
    handler_errors: u32,
}

/// See the [module documentation](self).
pub(crate) struct Delivery {
    /// Name of the tracker or client in messages.
    subject: String,
    /// What handlers get to see; undefined on pages without a tracker.
    tracker: JsValue,
    /// `None` on pages without a tracker.
    measurement: Option<Rc<Measurement>>,
    log: Rc<Log>,
    handlers: RefCell<Handlers<Handler>>,
    /// Frames that were not looked at yet, so that no code of the page runs inside the network's events.
    inbox: RefCell<VecDeque<Received>>,
    task: Task,
    /// When a frame arrived or was worked on last.
    busy_at_ms: Cell<f64>,
    stats: RefCell<DeliveryStats>,
    malformed: RefCell<MalformedFrames>,
    seen: RefCell<SeenIds>,
    calls: SharedCalls,
    waiting: RefCell<WaitingRoom<Intervention>>,
    warned_of_waiting: Cell<bool>,
    positions: Rc<Positions>,
    /// The latest last event id of each stream: not to be resumed from while interventions before it wait for a handler.
    reached: RefCell<Vec<(Rc<str>, JsValue)>>,
}

/// What a [`Delivery`] works with.
pub(crate) struct DeliverySettings {
    /// Name of the tracker or client in messages.
    pub(crate) subject: String,
    /// What handlers get to see; undefined on pages without a tracker.
    pub(crate) tracker: JsValue,
    /// What tracks the outcome; `None` on pages without a tracker.
    pub(crate) measurement: Option<Rc<Measurement>>,
    /// Handlers to begin with.
    pub(crate) handlers: Handlers<Handler>,
    /// What arrived before the page was loaded.
    pub(crate) seen: SeenIds,
    /// Which functions of the page were called for what.
    pub(crate) calls: SharedCalls,
    /// Where to write what was handed out.
    pub(crate) positions: Rc<Positions>,
}

impl Delivery {
    /// A delivery to which nothing has come yet.
    pub(crate) fn new(settings: DeliverySettings, log: Rc<Log>) -> Rc<Delivery> {
        Rc::new_cyclic(|this: &Weak<Delivery>| {
            let this = Weak::clone(this);
            Delivery {
                subject: settings.subject,
                tracker: settings.tracker,
                measurement: settings.measurement,
                log,
                handlers: RefCell::new(settings.handlers),
                inbox: RefCell::default(),
                task: Task::new(move || {
                    if let Some(delivery) = this.upgrade() {
                        delivery.work();
                    }
                }),
                busy_at_ms: Cell::new(f64::NEG_INFINITY),
                stats: RefCell::default(),
                malformed: RefCell::default(),
                seen: RefCell::new(settings.seen),
                calls: settings.calls,
                waiting: RefCell::default(),
                warned_of_waiting: Cell::new(false),
                positions: settings.positions,
                reached: RefCell::default(),
            }
        })
    }

    /// Takes something in, to be looked at when the network's event is over: a frame that comes alone at the end of the present
    /// task, those of a burst in tasks of their own, which leave the page its turns.
    pub(crate) fn push(&self, received: Received) {
        self.inbox.borrow_mut().push_back(received);
        let now = now();
        if now - self.busy_at_ms.replace(now) >= SLICE_MS {
            self.task.schedule_in_present_task();
        } else {
            self.task.schedule();
        }
    }

    /// Registers handlers. Interventions that waited for one follow in a task of their own.
    pub(crate) fn add_handlers(&self, handlers: &Handlers<Handler>) {
        self.handlers.borrow_mut().extend(handlers);
        self.task.schedule();
    }

    /// Forgets a handler.
    pub(crate) fn remove_handler(&self, id: &str) {
        self.handlers.borrow_mut().remove(id);
    }

    /// The ids to be remembered across a reload, without those of interventions that no handler has got yet.
    pub(crate) fn seen_text(&self) -> String {
        self.expire_waiting();
        let waiting = self.waiting.borrow();
        self.seen.borrow().to_text(|id| waiting.iter().any(|waiting| waiting.id() == Some(id)))
    }

    /// What arrived and what became of it.
    pub(crate) fn stats(&self) -> DeliveryStats {
        self.expire_waiting();
        let waiting = self.waiting.borrow().iter().count() as u32;
        DeliveryStats { waiting, ..self.stats.borrow().clone() }
    }

    /// Tracks what was not tracked yet, because the page is going away.
    pub(crate) fn finish_measurement(&self) {
        if let Some(measurement) = &self.measurement {
            measurement.track_all();
        }
    }

    fn work(self: &Rc<Self>) {
        self.release_waiting();
        let slice = Slice::begin(SLICE_MS);
        while let Some(received) = self.next() {
            self.take_in(received);
            let now = now();
            self.busy_at_ms.set(now);
            if slice.is_over_at(now) {
                self.task.schedule();
                break;
            }
        }
        self.settle_positions();
    }

    fn next(&self) -> Option<Received> {
        self.inbox.borrow_mut().pop_front()
    }

    fn take_in(self: &Rc<Self>, received: Received) {
        match received {
            Received::Message { url, last_event_id, data } => {
                self.deliver(Intervention::parse(&data));
                self.reach(url, last_event_id);
            }
            Received::Position { url, last_event_id } => self.reach(url, last_event_id),
            Received::Parsed(value) => self.deliver(Intervention::read(value)),
        }
    }

    fn reach(&self, url: Rc<str>, last_event_id: JsValue) {
        let mut reached = self.reached.borrow_mut();
        match reached.iter_mut().find(|(known, _)| *known == url) {
            Some((_, latest)) => *latest = last_event_id,
            None => reached.push((url, last_event_id)),
        }
    }

    /// Lets streams resume from where delivery has got to, once nothing before that waits.
    fn settle_positions(&self) {
        if self.waiting.borrow().is_empty() {
            for (url, last_event_id) in self.reached.take() {
                self.positions.reach(&url, &last_event_id.as_string().unwrap_or_default());
            }
        }
    }

    fn deliver(self: &Rc<Self>, decoded: Result<Intervention, Malformed>) {
        self.stats.borrow_mut().received += 1;
        let intervention = match decoded {
            Ok(intervention) => intervention,
            Err(malformed) => return self.note_malformed(malformed),
        };
        let is_new = intervention.id().is_none_or(|id| self.seen.borrow_mut().insert(id));
        if !is_new {
            self.stats.borrow_mut().duplicates += 1;
        } else if self.handlers.borrow().is_empty() {
            self.wait_for_handler(intervention);
        } else {
            self.hand_out(&intervention);
        }
    }

    fn note_malformed(&self, malformed: Malformed) {
        self.stats.borrow_mut().malformed += 1;
        if self.malformed.borrow_mut().is_first(malformed) {
            let message = format!(
                "Ignored a frame that is not an intervention, because {malformed}. Similar frames are no longer logged"
            );
            self.log.warn(&self.subject, &message);
        }
    }

    fn wait_for_handler(&self, intervention: Intervention) {
        if !self.warned_of_waiting.replace(true) {
            self.log.warn(
                &self.subject,
                "Received an intervention, but no handler is registered. It is kept for one minute",
            );
        }
        self.expire_waiting();
        self.waiting.borrow_mut().push(intervention, now_ms());
    }

    fn hand_out(self: &Rc<Self>, intervention: &Intervention) {
        self.stats.borrow_mut().delivered += 1;
        let outcomes = self.dispatch(intervention);
        if let Some(measurement) = &self.measurement {
            measurement.record(intervention, outcomes);
        }
    }

    fn release_waiting(self: &Rc<Self>) {
        if self.waiting.borrow().is_empty() || self.handlers.borrow().is_empty() {
            return;
        }
        let released = self.waiting.borrow_mut().take(now_ms());
        for intervention in released {
            self.hand_out(&intervention);
        }
        self.settle_waiting();
    }

    fn expire_waiting(&self) {
        self.waiting.borrow_mut().expire(now_ms());
        self.settle_waiting();
    }

    /// Reports what was lost, and lets the position move on when nothing waits any more.
    fn settle_waiting(&self) {
        let lost = self.waiting.borrow_mut().take_lost();
        if lost > 0 {
            self.stats.borrow_mut().lost += lost;
            let message =
                format!("Dropped {lost} interventions, because no handler was registered in time");
            self.log.warn(&self.subject, &message);
        }
        self.settle_positions();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typescript;

    #[test]
    fn the_counters_are_those_of_the_types_of_the_page() {
        let written = typescript::written(&DeliveryStats::default());
        assert_eq!(written, typescript::interface("DeliveryStats"));
    }
}
