//! The Snowplow events and entities about an intervention, and the page's options for them.

use crate::delivery::intervention::Intervention;
use crate::web::snowplow::BrowserTracker;
use crate::web::{Preserved, entries, to_js};
use js_sys::{Array, Function};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

const INTERVENTION_SCHEMA: &str =
    "iglu:com.snowplowanalytics.signals/intervention_instance/jsonschema/1-0-0";
const RECEIVE_SCHEMA: &str =
    "iglu:com.snowplowanalytics.signals/intervention_receive/jsonschema/1-0-0";
const HANDLE_SCHEMA: &str =
    "iglu:com.snowplowanalytics.signals/intervention_handle/jsonschema/1-0-0";
const HANDLE_ERROR_SCHEMA: &str =
    "iglu:com.snowplowanalytics.signals/intervention_handle_error/jsonschema/1-0-0";

/// Turns `{schema, data}` into an event that trackers can track.
pub(crate) type EventBuilder = Function;

/// What became of an intervention. Serialised as the data of its event.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome {
    /// The intervention arrived, and the plugin called these handlers.
    Received { handlers: Vec<Rc<str>> },
    /// A handler returned or resolved.
    Handled { handler: Rc<str> },
    /// A handler threw or rejected.
    Failed {
        handler: Rc<str>,
        /// The error as text.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
}

impl Outcome {
    fn schema(&self) -> &'static str {
        match self {
            Outcome::Received { .. } => RECEIVE_SCHEMA,
            Outcome::Handled { .. } => HANDLE_SCHEMA,
            Outcome::Failed { .. } => HANDLE_ERROR_SCHEMA,
        }
    }

    /// The name in the public API: `MeasurementEvents` in `js/types.ts`.
    fn name(&self) -> &'static str {
        match self {
            Outcome::Received { .. } => "delivery",
            Outcome::Handled { .. } => "dispatch_accept",
            Outcome::Failed { .. } => "dispatch_error",
        }
    }
}

#[derive(Serialize)]
struct SelfDescribing<T> {
    schema: &'static str,
    data: T,
}

/// The entity that identifies the intervention of an event.
#[derive(Serialize)]
struct InterventionEntity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    intervention_id: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(rename = "attributeKey", skip_serializing_if = "Option::is_none")]
    attribute_key: Option<&'a Preserved>,
    attributes: Vec<AttributeValue>,
}

#[derive(Serialize)]
struct AttributeValue {
    attribute: String,
    value: Preserved,
}

impl<'a> InterventionEntity<'a> {
    fn of(intervention: &'a Intervention) -> InterventionEntity<'a> {
        let attributes = match intervention.attributes().is_object() {
            true => entries(intervention.attributes())
                .into_iter()
                .filter_map(|(attribute, value)| {
                    Some(AttributeValue { attribute, value: Preserved(value.ok()?) })
                })
                .collect(),
            false => Vec::new(),
        };
        InterventionEntity {
            intervention_id: intervention.id(),
            name: intervention.name(),
            version: intervention.version(),
            attribute_key: intervention.target(),
            attributes,
        }
    }
}

/// The `measurement` option of the plugin, unchecked: `SignalsPluginOptions` in `js/types.ts`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct MeasurementOptions {
    delivery: Preserved,
    dispatch_accept: Preserved,
    dispatch_error: Preserved,
    context: Preserved,
}

/// Tracks the events that the page enabled.
pub(super) struct MeasurementEvents {
    tracker: BrowserTracker,
    build_event: EventBuilder,
    options: MeasurementOptions,
}

impl MeasurementEvents {
    /// `options` may be undefined, which enables everything.
    pub(super) fn new(
        tracker: BrowserTracker,
        build_event: EventBuilder,
        options: JsValue,
    ) -> Self {
        let options = serde_wasm_bindgen::from_value(options).unwrap_or_default();
        MeasurementEvents { tracker, build_event, options }
    }

    /// Whether the event for the outcome is enabled. A predicate of the page may still reject it later.
    pub(super) fn may_track(&self, outcome: &Outcome) -> bool {
        let setting = self.setting(outcome);
        setting.is_undefined() || setting.is_truthy()
    }

    /// Tracks an event for each outcome. Returns the errors that page code threw.
    pub(super) fn track(&self, intervention: &Intervention, outcomes: &[Outcome]) -> Vec<JsValue> {
        let data = InterventionEntity::of(intervention);
        let entity = to_js(&SelfDescribing { schema: INTERVENTION_SCHEMA, data });
        outcomes
            .iter()
            .filter_map(|outcome| self.track_one(intervention, &entity, outcome).err())
            .collect()
    }

    fn setting(&self, outcome: &Outcome) -> &JsValue {
        match outcome {
            Outcome::Received { .. } => &self.options.delivery.0,
            Outcome::Handled { .. } => &self.options.dispatch_accept.0,
            Outcome::Failed { .. } => &self.options.dispatch_error.0,
        }
    }

    fn track_one(
        &self,
        intervention: &Intervention,
        entity: &JsValue,
        outcome: &Outcome,
    ) -> Result<(), JsValue> {
        if let Some(predicate) = self.setting(outcome).dyn_ref::<Function>()
            && !predicate.call1(&JsValue::UNDEFINED, intervention.js())?.is_truthy()
        {
            return Ok(());
        }
        let data = Preserved(to_js(outcome));
        let entities = Array::of1(entity);
        self.add_context(&entities, intervention, outcome, &data.0)?;
        let event = to_js(&SelfDescribing { schema: outcome.schema(), data });
        let event = self.build_event.call1(&JsValue::UNDEFINED, &event)?;
        self.tracker.core().track(&event, &entities)?;
        Ok(())
    }

    /// Appends the page's own entities. Calls functions among them, which may return none, one or several.
    fn add_context(
        &self,
        entities: &Array,
        intervention: &Intervention,
        outcome: &Outcome,
        data: &JsValue,
    ) -> Result<(), JsValue> {
        let Some(context) = self.options.context.0.dyn_ref::<Array>() else {
            return Ok(());
        };
        for given in context.iter() {
            let made = match given.dyn_ref::<Function>() {
                Some(make) => make.call3(
                    &JsValue::UNDEFINED,
                    &outcome.name().into(),
                    intervention.js(),
                    data,
                )?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typescript;

    #[test]
    fn the_options_are_those_of_the_types_of_the_page() {
        let mut wanted = typescript::union("MeasurementEvents");
        wanted.insert("context".to_owned());
        assert_eq!(typescript::read::<MeasurementOptions>(), wanted);
    }

    #[test]
    fn outcomes_have_the_names_that_the_page_knows_them_by() {
        let handler: Rc<str> = "banner".into();
        let outcomes = [
            Outcome::Received { handlers: vec![Rc::clone(&handler)] },
            Outcome::Handled { handler: Rc::clone(&handler) },
            Outcome::Failed { handler, error: None },
        ];
        let names: typescript::Names =
            outcomes.iter().map(|outcome| outcome.name().to_owned()).collect();
        assert_eq!(names, typescript::union("MeasurementEvents"));
    }
}
