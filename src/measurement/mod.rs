//! Decides when to track Snowplow events about interventions.
//!
//! Tracking an event costs the page far more than delivering an intervention. Events therefore wait for idle moments, and for a short time
//! for other interventions, because events tracked in one task share most of the cost. The tracker does nearly all of the work after the
//! call, when it stores and sends the event. [`Pace`] therefore measures whole tasks to find out how many events a task may track.

mod events;
mod pace;

pub(crate) use events::Outcome;

use crate::delivery::intervention::Intervention;
use crate::web::log::Log;
use crate::web::scheduling::{IdleTask, Slice, Task};
use crate::web::snowplow::BrowserTracker;
use events::{EventBuilder, MeasurementEvents};
use gloo_timers::callback::Timeout;
use pace::Pace;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// Milliseconds of tracking before yielding to the page.
const SLICE_MS: f64 = 4.0;

/// Milliseconds that an event waits for the events of other interventions.
const GATHERING_MS: u32 = 200;

/// Tracks the outcomes of interventions through one tracker.
pub(crate) struct Measurement {
    subject: String,
    log: Rc<Log>,
    events: MeasurementEvents,
    waiting: RefCell<VecDeque<(Intervention, Vec<Outcome>)>>,
    gathering: Cell<Option<Timeout>>,
    task: IdleTask,
    pace: Cell<Pace>,
    slice: Cell<Option<Slice>>,
    /// Runs in the task after a slice, to measure the whole duration of the slice.
    after_slice: Task,
}

impl Measurement {
    /// Measures through `tracker`. `options` may be undefined, which enables everything. `build_event` turns `{schema, data}` into an
    /// event.
    pub(crate) fn new(
        tracker: BrowserTracker,
        build_event: EventBuilder,
        options: JsValue,
        log: Rc<Log>,
    ) -> Rc<Measurement> {
        Rc::new_cyclic(|this: &Weak<Measurement>| {
            let (tracking, pacing) = (Weak::clone(this), Weak::clone(this));
            Measurement {
                subject: tracker.id(),
                log,
                events: MeasurementEvents::new(tracker, build_event, options),
                waiting: RefCell::default(),
                gathering: Cell::default(),
                task: IdleTask::new(move || {
                    if let Some(measurement) = tracking.upgrade() {
                        measurement.track_slice();
                    }
                }),
                pace: Cell::default(),
                slice: Cell::default(),
                after_slice: Task::new(move || {
                    if let Some(measurement) = pacing.upgrade() {
                        measurement.slice_is_over();
                    }
                }),
            }
        })
    }

    /// Queues the enabled outcomes of one intervention.
    pub(crate) fn record(self: &Rc<Self>, intervention: &Intervention, mut outcomes: Vec<Outcome>) {
        outcomes.retain(|outcome| self.events.may_track(outcome));
        if outcomes.is_empty() {
            return;
        }
        let is_first = self.waiting.borrow().is_empty();
        self.waiting.borrow_mut().push_back((intervention.clone(), outcomes));
        if is_first {
            let this = Rc::downgrade(self);
            let timer = Timeout::new(GATHERING_MS, move || {
                if let Some(measurement) = this.upgrade() {
                    measurement.task.schedule();
                }
            });
            drop(self.gathering.replace(Some(timer)));
        }
    }

    /// Tracks everything in the queue now, because the user is leaving the page.
    pub(crate) fn track_all(&self) {
        while self.track_next() {}
    }

    /// Tracks for a few milliseconds, but at least one intervention.
    fn track_slice(&self) {
        let slice = Slice::begin(SLICE_MS);
        self.slice.set(Some(slice));
        for _ in 0..self.pace.get().interventions() {
            if !self.track_next() || slice.is_over() {
                break;
            }
        }
        if !self.waiting.borrow().is_empty() {
            self.after_slice.schedule();
        }
    }

    fn slice_is_over(&self) {
        if let Some(slice) = self.slice.take() {
            self.pace.set(self.pace.get().after_slice_of(slice.elapsed_ms()));
        }
        self.task.schedule();
    }

    fn track_next(&self) -> bool {
        let next = self.waiting.borrow_mut().pop_front();
        let Some((intervention, outcomes)) = next else {
            return false;
        };
        for error in self.events.track(&intervention, &outcomes) {
            self.log.error(&self.subject, "Measurement event could not be tracked", &error);
        }
        true
    }
}
