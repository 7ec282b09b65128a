use std::fmt;

use serde_json::{Map, Value};
use signals_wire::TargetAttributeKey;

/// What one event did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Interventions to deliver, in definition order.
    pub triggered: Vec<Triggered>,
    /// How many attributes took the event in.
    pub attributes_updated: u64,
    /// How many interventions were evaluated because of it.
    pub rules_evaluated: u64,
    /// What could not be done as defined; to be logged.
    pub warnings: Vec<Warning>,
}

/// One intervention instance before it is addressed: every target gets a copy with the same id.
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
    /// Whom to deliver to; never empty.
    pub targets: Vec<TargetAttributeKey>,
}

/// Something that could not be done as defined, though the event was processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A value does not fit the attribute's type and was set to the nearest one that does.
    Saturated {
        /// `group:attribute`.
        attribute: String,
    },
    /// A rolling window has more observations than fit; the oldest left it early.
    WindowOverflowed {
        /// `group:attribute`.
        attribute: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Saturated { attribute } => {
                write!(formatter, "{attribute}: out of range of its type, saturated")
            }
            Warning::WindowOverflowed { attribute } => {
                write!(
                    formatter,
                    "{attribute}: too many events in its window, the oldest do not count"
                )
            }
        }
    }
}
