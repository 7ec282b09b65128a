use std::fmt;

use serde_json::{Map, Value};
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
    /// Attribute values after the event. Attributes that are not set and have no default are left out.
    pub attributes: Map<String, Value>,
    /// The targets. Never empty.
    pub targets: Vec<TargetAttributeKey>,
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
