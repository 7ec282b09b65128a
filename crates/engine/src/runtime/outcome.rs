use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use signals_wire::TargetAttributeKey;

/// The effects of one event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Interventions to deliver, in definition order.
    pub triggered: Vec<Triggered>,
    /// How many attributes counted the event.
    pub attributes_updated: u64,
    /// How many interventions were evaluated because of it.
    pub rules_evaluated: u64,
    /// Deviations from the definitions, to be logged.
    pub warnings: Vec<Warning>,
}

/// A triggered intervention, before delivery. Every target gets a copy with the same id.
#[derive(Debug, Clone, PartialEq)]
pub struct Triggered {
    /// UUID of this occurrence.
    pub intervention_id: String,
    /// Name of the intervention.
    pub name: String,
    /// Version of the intervention.
    pub version: u64,
    /// Attribute values after the event, in the order of their definitions. Attributes that are not set and have no default are
    /// left out.
    pub attributes: Vec<TriggeredAttribute>,
    /// The targets. Never empty.
    pub targets: Vec<TargetAttributeKey>,
}

/// An attribute's value when an intervention was triggered.
#[derive(Debug, Clone, PartialEq)]
pub struct TriggeredAttribute {
    /// Name of the attribute group. `None` if no rule triggered the intervention.
    pub group: Option<String>,
    /// Name of the attribute.
    pub name: String,
    /// The value, which is not null if a rule triggered the intervention.
    pub value: Value,
}

impl Triggered {
    /// The values by the attributes' names. If two groups have an attribute of the same name, the first group's value.
    pub fn attributes_by_name(&self) -> BTreeMap<&str, &Value> {
        let mut by_name = BTreeMap::new();
        for attribute in &self.attributes {
            by_name.entry(attribute.name.as_str()).or_insert(&attribute.value);
        }
        by_name
    }
}

/// A deviation from the definition. The event was processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A value does not fit the attribute's type and was replaced by the nearest one that does.
    Saturated {
        /// `group:attribute`.
        attribute: String,
    },
    /// A rolling window has too many observations, and the oldest were dropped early.
    WindowOverflowed {
        /// `group:attribute`.
        attribute: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Saturated { attribute } => {
                write!(
                    formatter,
                    "{attribute}: a value is out of the type's range and was limited to it"
                )
            }
            Warning::WindowOverflowed { attribute } => {
                write!(
                    formatter,
                    "{attribute}: too many events in its window. The oldest no longer count"
                )
            }
        }
    }
}
