//! Snowplow events about what happened to instances.
//!
//! Tracking an event costs the page far more than delivering an instance, so it waits for idle moments, and a little for further
//! instances: what is tracked in one task shares most of that cost. Nearly all of it comes after the call, when the tracker stores
//! and sends what it was given, so [`Pace`] learns from whole tasks how much a task may track.

use crate::browser::clock::precise_now_ms;
use crate::browser::log::Log;
use crate::browser::object::{entries, self_describing, set};
use crate::browser::snowplow::{EventBuilder, Tracker};
use crate::browser::task::{IdleTask, Task};
use crate::browser::timer::Timer;
use crate::delivery::decode::Instance;
use crate::pace::Pace;
use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use js_sys::{Array, Function, Object};
use wasm_bindgen::prelude::*;

const INSTANCE_SCHEMA: &str =
    "iglu:com.snowplowanalytics.signals/intervention_instance/jsonschema/1-0-0";

/// Milliseconds after which a slice of tracking gives the page its turn.
const SLICE_MS: f64 = 4.0;

/// Milliseconds that the events of an instance wait for those of others.
const GATHERING_MS: u32 = 200;

/// What the page calls the kinds of [`Outcome`].
const KINDS: [&str; 3] = ["delivery", "dispatch_accept", "dispatch_error"];

/// What happened to an instance.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It arrived and these handlers were called.
    Received {
        /// Handler ids.
        handlers: Vec<Rc<str>>,
    },
    /// A handler returned or resolved.
    Handled {
        /// Handler id.
        handler: Rc<str>,
    },
    /// A handler threw or rejected.
    Failed {
        /// Handler id.
        handler: Rc<str>,
        /// The error as text.
        error: Option<String>,
    },
}

impl Outcome {
    /// Index into [`KINDS`].
    fn kind(&self) -> usize {
        match self {
            Outcome::Received { .. } => 0,
            Outcome::Handled { .. } => 1,
            Outcome::Failed { .. } => 2,
        }
    }

    fn schema(&self) -> &'static str {
        match self {
            Outcome::Received { .. } => {
                "iglu:com.snowplowanalytics.signals/intervention_receive/jsonschema/1-0-0"
            }
            Outcome::Handled { .. } => {
                "iglu:com.snowplowanalytics.signals/intervention_handle/jsonschema/1-0-0"
            }
            Outcome::Failed { .. } => {
                "iglu:com.snowplowanalytics.signals/intervention_handle_error/jsonschema/1-0-0"
            }
        }
    }

    fn data(&self) -> Object {
        let data = Object::new();
        match self {
            Outcome::Received { handlers } => {
                let ids: Array = handlers.iter().map(|id| JsValue::from_str(id)).collect();
                set(&data, "handlers", &ids);
            }
            Outcome::Handled { handler } => set(&data, "handler", &JsValue::from_str(handler)),
            Outcome::Failed { handler, error } => {
                set(&data, "handler", &JsValue::from_str(handler));
                if let Some(error) = error {
                    set(&data, "error", &JsValue::from_str(error));
                }
            }
        }
        data
    }
}

#[wasm_bindgen]
extern "C" {
    /// The `measurement` option of the plugin.
    pub type MeasurementOptions;

    #[wasm_bindgen(method, indexing_getter)]
    fn setting(this: &MeasurementOptions, event: &str) -> JsValue;

    #[wasm_bindgen(method, getter)]
    fn context(this: &MeasurementOptions) -> JsValue;
}

/// The events to be tracked through one tracker.
pub struct Measurement {
    tracker: Tracker,
    build_event: EventBuilder,
    /// Whether to track each kind of [`Outcome`]; undefined counts as yes.
    settings: [JsValue; 3],
    context: JsValue,
    waiting: RefCell<VecDeque<(Instance, Vec<Outcome>)>>,
    gathering: RefCell<Option<Timer>>,
    task: IdleTask,
    pace: Cell<Pace>,
    slice_started_ms: Cell<f64>,
    /// The task that follows a slice, and so sees how long all of it took.
    after_slice: Task,
    log: Rc<Log>,
    subject: String,
}

impl Measurement {
    /// Measures through `tracker`. `options` may be undefined: everything is on then.
    pub fn new(
        tracker: Tracker,
        build_event: EventBuilder,
        options: JsValue,
        log: Rc<Log>,
    ) -> Rc<Measurement> {
        // Read once: every instance asks for them.
        let options: Option<MeasurementOptions> =
            options.is_object().then(|| options.unchecked_into());
        Rc::new_cyclic(|weak: &Weak<Measurement>| {
            let (weak, weak_too) = (Weak::clone(weak), Weak::clone(weak));
            Measurement {
                subject: tracker.id(),
                tracker,
                build_event,
                settings: KINDS.map(|kind| {
                    options.as_ref().map_or(JsValue::UNDEFINED, |options| options.setting(kind))
                }),
                context: options.as_ref().map(MeasurementOptions::context).unwrap_or_default(),
                waiting: RefCell::default(),
                gathering: RefCell::default(),
                task: IdleTask::new(move || {
                    if let Some(measurement) = weak.upgrade() {
                        measurement.track_slice();
                    }
                }),
                pace: Cell::default(),
                slice_started_ms: Cell::default(),
                after_slice: Task::new(move || {
                    if let Some(measurement) = weak_too.upgrade() {
                        measurement.slice_is_over();
                    }
                }),
                log,
            }
        })
    }

    /// Puts the outcomes of one instance in line, as far as they are to be tracked.
    pub fn record(self: &Rc<Self>, instance: &Instance, mut outcomes: Vec<Outcome>) {
        outcomes.retain(|outcome| self.setting(outcome).is_none_or(JsValue::is_truthy));
        if outcomes.is_empty() {
            return;
        }
        let is_first = self.waiting.borrow().is_empty();
        self.waiting.borrow_mut().push_back((instance.clone(), outcomes));
        if is_first {
            let weak = Rc::downgrade(self);
            *self.gathering.borrow_mut() = Some(Timer::start(GATHERING_MS, move || {
                if let Some(measurement) = weak.upgrade() {
                    measurement.task.schedule();
                }
            }));
        }
    }

    /// Tracks for a few milliseconds, at least one instance.
    fn track_slice(&self) {
        let started = precise_now_ms();
        self.slice_started_ms.set(started);
        for _ in 0..self.pace.get().instances() {
            if !self.track_next() || precise_now_ms() - started >= SLICE_MS {
                break;
            }
        }
        if !self.waiting.borrow().is_empty() {
            self.after_slice.schedule();
        }
    }

    fn slice_is_over(&self) {
        let took_ms = precise_now_ms() - self.slice_started_ms.get();
        self.pace.set(self.pace.get().after_slice_of(took_ms));
        self.task.schedule();
    }

    /// Tracks all that waits, because the page is going away.
    pub fn track_all(&self) {
        while self.track_next() {}
    }

    fn track_next(&self) -> bool {
        let next = self.waiting.borrow_mut().pop_front();
        let Some((instance, outcomes)) = next else {
            return false;
        };
        for outcome in outcomes {
            if let Err(error) = self.track(&instance, &outcome) {
                self.log.error(&self.subject, "Measurement event could not be tracked", &error);
            }
        }
        true
    }

    fn setting(&self, outcome: &Outcome) -> Option<&JsValue> {
        let setting = &self.settings[outcome.kind()];
        (!setting.is_undefined()).then_some(setting)
    }

    fn track(&self, instance: &Instance, outcome: &Outcome) -> Result<(), JsValue> {
        if let Some(predicate) =
            self.setting(outcome).and_then(|setting| setting.dyn_ref::<Function>())
            && !predicate.call1(&JsValue::UNDEFINED, instance)?.is_truthy()
        {
            return Ok(());
        }
        let data = outcome.data();
        let entities = Array::of1(&self_describing(INSTANCE_SCHEMA, &instance_entity(instance)));
        self.add_context(&entities, instance, outcome, &data)?;
        let event = self
            .build_event
            .call1(&JsValue::UNDEFINED, &self_describing(outcome.schema(), &data))?;
        self.tracker.core().track(&event, &entities)?;
        Ok(())
    }

    /// Appends the page's own entities; functions among them are called, and may answer with none, one or several.
    fn add_context(
        &self,
        entities: &Array,
        instance: &Instance,
        outcome: &Outcome,
        data: &Object,
    ) -> Result<(), JsValue> {
        let Some(context) = self.context.dyn_ref::<Array>() else {
            return Ok(());
        };
        for given in context.iter() {
            let made = match given.dyn_ref::<Function>() {
                Some(make) => {
                    make.call3(&JsValue::UNDEFINED, &KINDS[outcome.kind()].into(), instance, data)?
                }
                None => given,
            };
            match made.dyn_ref::<Array>() {
                Some(several) => several.iter().for_each(|entity| {
                    entities.push(&entity);
                }),
                None if made.is_object() => {
                    entities.push(&made);
                }
                None => {}
            }
        }
        Ok(())
    }
}

fn instance_entity(instance: &Instance) -> Object {
    let attributes = Array::new();
    let values = instance.attributes();
    if values.is_object() {
        for (name, value) in entries(&values) {
            let attribute = Object::new();
            set(&attribute, "attribute", &name);
            set(&attribute, "value", &value);
            attributes.push(&attribute);
        }
    }
    let entity = Object::new();
    set(&entity, "intervention_id", &instance.raw_id());
    set(&entity, "name", &JsValue::from_str(&instance.name()));
    set(&entity, "version", &instance.version());
    set(&entity, "attributeKey", &instance.target_attribute_key());
    set(&entity, "attributes", &attributes);
    entity
}
