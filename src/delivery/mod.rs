//! Takes each frame of one tracker to the handlers: decode, drop duplicates, wait for a handler, dispatch, measure.
//!
//! Page code (handlers, predicates) may call back at once, so this module never calls it while anything is borrowed.

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

/// Milliseconds of work before a burst of interventions yields to the page. With the last intervention and garbage collection, this can
/// reach 5.
const SLICE_MS: f64 = 3.0;

/// An item to deliver.
#[derive(Debug)]
pub(crate) enum Received {
    /// An intervention from a stream.
    Message {
        url: Rc<str>,
        /// The stream's last event id at this frame, as a string.
        last_event_id: JsValue,
        /// The intervention as JSON, as a string.
        data: JsValue,
    },
    /// A frame without an intervention, which only advances the position of the stream.
    Position {
        url: Rc<str>,
        /// The stream's last event id at this frame, as a string.
        last_event_id: JsValue,
    },
    /// An intervention from the page's own source, already parsed.
    Parsed(JsValue),
}

/// Which handlers all trackers of the page have called, for which interventions.
pub(crate) type SharedCalls = Rc<RefCell<Calls<Function>>>;

/// Counters of received interventions: `DeliveryStats` in `js/types.ts`.
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
    /// Names the tracker or client in messages.
    subject: String,
    /// The tracker that handlers receive. Undefined on pages without a tracker.
    tracker: JsValue,
    /// `None` on pages without a tracker.
    measurement: Option<Rc<Measurement>>,
    log: Rc<Log>,
    handlers: RefCell<Handlers<Handler>>,
    /// Frames to process later, so that no page code runs inside network events.
    inbox: RefCell<VecDeque<Received>>,
    task: Task,
    /// When this last received or processed a frame, in milliseconds since the page started.
    busy_at_ms: Cell<f64>,
    stats: RefCell<DeliveryStats>,
    malformed: RefCell<MalformedFrames>,
    seen: RefCell<SeenIds>,
    calls: SharedCalls,
    waiting: RefCell<WaitingRoom<Intervention>>,
    warned_of_waiting: Cell<bool>,
    positions: Rc<Positions>,
    /// The latest last event id of each stream. Streams may not resume from it while earlier interventions wait for a handler.
    reached: RefCell<Vec<(Rc<str>, JsValue)>>,
}

/// The parts of a [`Delivery`].
pub(crate) struct DeliverySettings {
    /// Names the tracker or client in messages.
    pub(crate) subject: String,
    /// The tracker that handlers receive. Undefined on pages without a tracker.
    pub(crate) tracker: JsValue,
    /// Tracks the outcomes. `None` on pages without a tracker.
    pub(crate) measurement: Option<Rc<Measurement>>,
    /// The handlers registered so far.
    pub(crate) handlers: Handlers<Handler>,
    /// The ids of interventions that an earlier page of this tab received.
    pub(crate) seen: SeenIds,
    /// Which handlers all trackers of the page have called.
    pub(crate) calls: SharedCalls,
    /// Stores the positions that delivery reached.
    pub(crate) positions: Rc<Positions>,
}

impl Delivery {
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

    /// Queues an item. A single frame is processed at the end of the present task. Frames of a burst are processed in later tasks, so that
    /// the page can respond in between.
    pub(crate) fn push(&self, received: Received) {
        self.inbox.borrow_mut().push_back(received);
        let now = now();
        if now - self.busy_at_ms.replace(now) >= SLICE_MS {
            self.task.schedule_in_present_task();
        } else {
            self.task.schedule();
        }
    }

    /// Registers handlers. A later task delivers the interventions that wait for one.
    pub(crate) fn add_handlers(&self, handlers: &Handlers<Handler>) {
        self.handlers.borrow_mut().extend(handlers);
        self.task.schedule();
    }

    pub(crate) fn remove_handler(&self, id: &str) {
        self.handlers.borrow_mut().remove(id);
    }

    /// The ids to remember across a reload. Excludes interventions that still wait for a handler.
    pub(crate) fn seen_text(&self) -> String {
        self.expire_waiting();
        let waiting = self.waiting.borrow();
        self.seen.borrow().to_text(|id| waiting.iter().any(|waiting| waiting.id() == Some(id)))
    }

    /// The counters so far.
    pub(crate) fn stats(&self) -> DeliveryStats {
        self.expire_waiting();
        let waiting = self.waiting.borrow().iter().count() as u32;
        DeliveryStats { waiting, ..self.stats.borrow().clone() }
    }

    /// Tracks all outcomes now, because the user is leaving the page.
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

    /// Advances the positions to resume from, unless interventions still wait for a handler.
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

    /// Reports lost interventions, and advances the positions if none wait.
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
