//! Snowplow events about what happened to instances.
//!
//! Tracking an event costs the page far more than delivering an instance, so it waits for idle moments. The events of one
//! instance are tracked in one task, which spares the tracker most of that cost.

use crate::browser::clock::precise_now_ms;
use crate::browser::log::Log;
use crate::browser::object::{entries, self_describing, set};
use crate::browser::snowplow::{EventBuilder, Tracker};
use crate::browser::task::IdleTask;
use crate::delivery::decode::Instance;
use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use js_sys::{Array, Function, Object};
use wasm_bindgen::prelude::*;

const INSTANCE_SCHEMA: &str =
    "iglu:com.snowplowanalytics.signals/intervention_instance/jsonschema/1-0-0";

/// Milliseconds after which a slice of tracking gives the page its turn.
const SLICE_MS: f64 = 4.0;

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
    fn setting(&self) -> &'static str {
        match self {
            Outcome::Received { .. } => "delivery",
            Outcome::Handled { .. } => "dispatch_accept",
            Outcome::Failed { .. } => "dispatch_error",
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
    options: Option<MeasurementOptions>,
    waiting: RefCell<VecDeque<(Instance, Vec<Outcome>)>>,
    task: IdleTask,
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
        Rc::new_cyclic(|weak: &Weak<Measurement>| {
            let weak = Weak::clone(weak);
            Measurement {
                subject: tracker.id(),
                tracker,
                build_event,
                options: options.is_object().then(|| options.unchecked_into()),
                waiting: RefCell::default(),
                task: IdleTask::new(move || {
                    if let Some(measurement) = weak.upgrade() {
                        measurement.track_slice();
                    }
                }),
                log,
            }
        })
    }

    /// Puts the outcomes of one instance in line, as far as they are to be tracked.
    pub fn record(&self, instance: &Instance, mut outcomes: Vec<Outcome>) {
        outcomes.retain(|outcome| self.setting(outcome).is_none_or(|setting| setting.is_truthy()));
        if !outcomes.is_empty() {
            self.waiting.borrow_mut().push_back((instance.clone(), outcomes));
            self.task.schedule();
        }
    }

    /// Tracks for a few milliseconds, at least one instance.
    fn track_slice(&self) {
        let started = precise_now_ms();
        while self.track_next() {
            if precise_now_ms() - started >= SLICE_MS {
                self.task.schedule();
                break;
            }
        }
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

    fn setting(&self, outcome: &Outcome) -> Option<JsValue> {
        let setting = self.options.as_ref()?.setting(outcome.setting());
        (!setting.is_undefined()).then_some(setting)
    }

    fn track(&self, instance: &Instance, outcome: &Outcome) -> Result<(), JsValue> {
        if let Some(predicate) =
            self.setting(outcome).and_then(|setting| setting.dyn_into::<Function>().ok())
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
        let context = self.options.as_ref().map(MeasurementOptions::context).unwrap_or_default();
        let Some(context) = context.dyn_ref::<Array>() else {
            return Ok(());
        };
        for given in context.iter() {
            let made = match given.dyn_ref::<Function>() {
                Some(make) => {
                    make.call3(&JsValue::UNDEFINED, &outcome.setting().into(), instance, data)?
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
