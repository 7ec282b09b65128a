//! The way of every frame of one tracker: decode, drop duplicates, wait for a handler, dispatch, measure.

use super::decode::{Instance, MalformedFrames, decode};
use super::dispatch::{DispatchOwner, dispatch};
use super::duplicates::{Calls, SeenIds};
use super::handler::Handler;
use super::handlers::Handlers;
use super::waiting::WaitingRoom;
use crate::browser::clock::{now_ms, precise_now_ms};
use crate::browser::log::Log;
use crate::browser::snowplow::{Tracker, is_client};
use crate::browser::task::Task;
use crate::browser::text::number_text;
use crate::measurement::{Measurement, Outcome};
use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use js_sys::Function;
use wasm_bindgen::JsValue;

/// Milliseconds after which a burst of instances gives the page its turn: 5 with the last of them and with garbage collection.
const SLICE_MS: f64 = 3.0;

/// A frame as it came from a stream, or an instance from elsewhere.
pub struct Arrival {
    /// URL of the stream; empty where there is none.
    pub url: Rc<str>,
    /// The stream's last event id at this frame, a string.
    pub last_event_id: JsValue,
    /// An instance, as JSON text or parsed; `None` for a frame that only moves the position.
    pub instance: Option<JsValue>,
}

/// The calls of handlers by all trackers of the page.
pub type SharedCalls = Rc<RefCell<Calls<Function>>>;

/// See the [module documentation](self).
pub struct Pipeline {
    /// What handlers get to see; undefined on pages without a tracker.
    tracker: JsValue,
    subject: String,
    log: Rc<Log>,
    measurement: Rc<Measurement>,
    handlers: RefCell<Handlers<Handler>>,
    /// Frames that were not looked at yet, so that no code of the page runs inside the network's events.
    inbox: RefCell<VecDeque<Arrival>>,
    task: Task,
    /// When a frame arrived or was worked on last.
    busy_at_ms: Cell<f64>,
    counts: Counts,
    malformed: RefCell<MalformedFrames>,
    seen: RefCell<SeenIds>,
    calls: SharedCalls,
    waiting: RefCell<WaitingRoom<Instance>>,
    warned_of_waiting: Cell<bool>,
    reached: RefCell<Positions>,
    /// Reached, but not to be resumed from while instances before them wait for a handler.
    reached_while_waiting: RefCell<Positions>,
}

impl Pipeline {
    /// A pipeline that knows what arrived before the page was loaded.
    pub fn new(
        tracker: Tracker,
        handlers: Handlers<Handler>,
        measurement: Rc<Measurement>,
        seen: SeenIds,
        calls: SharedCalls,
        log: Rc<Log>,
    ) -> Rc<Pipeline> {
        Rc::new_cyclic(|weak: &Weak<Pipeline>| {
            let weak = Weak::clone(weak);
            let subject = tracker.id();
            Pipeline {
                tracker: if is_client(&subject) { JsValue::UNDEFINED } else { tracker.into() },
                subject,
                log,
                measurement,
                handlers: RefCell::new(handlers),
                inbox: RefCell::default(),
                task: Task::new(move || {
                    if let Some(pipeline) = weak.upgrade() {
                        pipeline.work();
                    }
                }),
                busy_at_ms: Cell::new(f64::NEG_INFINITY),
                counts: Counts::default(),
                malformed: RefCell::default(),
                seen: RefCell::new(seen),
                calls,
                waiting: RefCell::default(),
                warned_of_waiting: Cell::new(false),
                reached: RefCell::default(),
                reached_while_waiting: RefCell::default(),
            }
        })
    }

    /// Takes a frame in, to be looked at when the network's event is over: a frame that comes alone at the end of the present
    /// task, those of a burst in tasks of their own, which leave the page its turns.
    pub fn push(&self, arrival: Arrival) {
        self.inbox.borrow_mut().push_back(arrival);
        let now = precise_now_ms();
        if now - self.busy_at_ms.replace(now) >= SLICE_MS {
            self.task.schedule_in_present_task();
        } else {
            self.task.schedule();
        }
    }

    /// Registers handlers. Instances that waited for one follow in a task of their own.
    pub fn add_handlers(&self, handlers: &Handlers<Handler>) {
        self.handlers.borrow_mut().extend(handlers);
        self.task.schedule();
    }

    /// Forgets a handler.
    pub fn remove_handler(&self, id: &str) {
        self.handlers.borrow_mut().remove(id);
    }

    /// The ids to be remembered across a reload, without those of instances that no handler has got yet.
    pub fn seen_text(&self) -> String {
        let waiting = self.waiting.borrow();
        let waiting: Vec<String> = waiting.iter().filter_map(Instance::id).collect();
        self.seen.borrow().to_text(|id| waiting.iter().any(|waiting| waiting == id))
    }

    /// The positions reached since this was last asked, as URL and last event id.
    pub fn take_positions(&self) -> Vec<(Rc<str>, String)> {
        self.expire_waiting();
        let positions = core::mem::take(&mut *self.reached.borrow_mut());
        positions
            .0
            .into_iter()
            .filter_map(|(url, last_event_id)| Some((url, last_event_id.as_string()?)))
            .collect()
    }

    /// How many frames arrived with an instance or what should have been one, and what became of them; how often handlers failed.
    pub fn counters(&self) -> [(&'static str, u32); 7] {
        self.expire_waiting();
        let counts = &self.counts;
        [
            ("received", counts.received.get()),
            ("delivered", counts.delivered.get()),
            ("duplicates", counts.duplicates.get()),
            ("malformed", self.malformed.borrow().total()),
            ("waiting", self.waiting.borrow().iter().count() as u32),
            ("lost", counts.lost.get()),
            ("handlerErrors", counts.handler_errors.get()),
        ]
    }

    /// Tracks what was not tracked yet, because the page is going away.
    pub fn finish_measurement(&self) {
        self.measurement.track_all();
    }

    fn work(self: &Rc<Self>) {
        self.release_waiting();
        let started = precise_now_ms();
        while let Some(arrival) = self.next_arrival() {
            self.take_in(arrival);
            let now = precise_now_ms();
            self.busy_at_ms.set(now);
            if now - started >= SLICE_MS {
                self.task.schedule();
                break;
            }
        }
    }

    fn next_arrival(&self) -> Option<Arrival> {
        self.inbox.borrow_mut().pop_front()
    }

    fn take_in(self: &Rc<Self>, arrival: Arrival) {
        if let Some(data) = &arrival.instance {
            self.deliver(data);
        }
        let positions = if self.waiting.borrow().is_empty() {
            &self.reached
        } else {
            &self.reached_while_waiting
        };
        positions.borrow_mut().note(arrival.url, arrival.last_event_id);
    }

    fn deliver(self: &Rc<Self>, data: &JsValue) {
        add(&self.counts.received, 1);
        let instance = match decode(data) {
            Ok(instance) => instance,
            Err(malformed) => {
                if self.malformed.borrow_mut().count(malformed) {
                    let message = [
                        "Received a frame that is no intervention, because ",
                        malformed.reason(),
                        ". Further ones like it are ignored",
                    ];
                    self.log.warn(&self.subject, &message.concat());
                }
                return;
            }
        };
        let is_new = instance.id().is_none_or(|id| self.seen.borrow_mut().insert(&id));
        if !is_new {
            add(&self.counts.duplicates, 1);
            return;
        }
        if self.handlers.borrow().is_empty() {
            self.wait_for_handler(instance);
        } else {
            self.hand_out(&instance);
        }
    }

    fn wait_for_handler(&self, instance: Instance) {
        if !self.warned_of_waiting.replace(true) {
            self.log.warn(
                &self.subject,
                "Received an intervention, but no handler is registered: it waits for one",
            );
        }
        self.expire_waiting();
        self.waiting.borrow_mut().push(instance, now_ms());
    }

    fn hand_out(self: &Rc<Self>, instance: &Instance) {
        add(&self.counts.delivered, 1);
        let outcomes = dispatch(self, instance, &self.tracker);
        self.measurement.record(instance, outcomes);
    }

    fn release_waiting(self: &Rc<Self>) {
        if self.waiting.borrow().is_empty() || self.handlers.borrow().is_empty() {
            return;
        }
        let released = self.waiting.borrow_mut().take(now_ms());
        for instance in released {
            self.hand_out(&instance);
        }
        self.settle_waiting();
    }

    fn expire_waiting(&self) {
        self.waiting.borrow_mut().expire(now_ms());
        self.settle_waiting();
    }

    /// Reports what was lost, and lets the position move on when nobody waits any more.
    fn settle_waiting(&self) {
        let lost = self.waiting.borrow_mut().take_lost();
        if lost > 0 {
            add(&self.counts.lost, lost);
            let message = [&number_text(lost), " interventions waited for a handler in vain"];
            self.log.warn(&self.subject, &message.concat());
        }
        if self.waiting.borrow().is_empty() {
            let later = core::mem::take(&mut *self.reached_while_waiting.borrow_mut());
            for (url, last_event_id) in later.0 {
                self.reached.borrow_mut().note(url, last_event_id);
            }
        }
    }
}

impl DispatchOwner for Pipeline {
    fn handlers(&self) -> Handlers<Handler> {
        self.handlers.borrow().clone()
    }

    fn may_call(&self, handler: &Handler, instance: &Instance) -> bool {
        instance.id().is_none_or(|id| self.calls.borrow_mut().insert(&id, handler.function()))
    }

    fn handler_failed(&self, handler: &str, error: &JsValue) {
        add(&self.counts.handler_errors, 1);
        self.log.error(&self.subject, &["Handler `", handler, "` failed"].concat(), error);
    }

    fn settled_later(&self, instance: &Instance, outcome: Outcome) {
        self.measurement.record(instance, vec![outcome]);
    }
}

#[derive(Default)]
struct Counts {
    received: Cell<u32>,
    delivered: Cell<u32>,
    duplicates: Cell<u32>,
    lost: Cell<u32>,
    handler_errors: Cell<u32>,
}

fn add(count: &Cell<u32>, more: u32) {
    count.set(count.get().saturating_add(more));
}

/// The last event id of each stream. Kept as JavaScript strings, because most are soon overtaken.
#[derive(Default)]
struct Positions(Vec<(Rc<str>, JsValue)>);

impl Positions {
    fn note(&mut self, url: Rc<str>, last_event_id: JsValue) {
        match self.0.iter_mut().find(|(known, _)| *known == url) {
            Some((_, position)) => *position = last_event_id,
            None => self.0.push((url, last_event_id)),
        }
    }
}
