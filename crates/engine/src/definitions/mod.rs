//! Definitions in registry form: what a definitions file holds and what registry clients publish.
//!
//! These types mirror the JSON. They say nothing about whether a definition makes sense; [`Engine::new`](crate::Engine::new)
//! does. Fields that are not known here are ignored, because registry clients send many that only concern other systems.

mod attribute_group;
mod attribute_key;
mod error;
mod intervention;
mod property;
mod service;

use serde::{Deserialize, Serialize};

pub use attribute_group::{
    AttributeDefinition, AttributeGroup, EventCriteria, EventCriterion, EventSelector,
};
pub use attribute_key::{AttributeKey, AttributeKeyReference};
pub use error::{DefinitionError, LocSegment, Position};
pub use intervention::{Criteria, Intervention};
pub use property::{Property, PropertyKind};
pub use service::{GroupReference, Service};

/// Everything that is defined: the content of a definitions file, or of several merged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Definitions {
    /// Custom attribute keys. The built-in ones need no entry.
    pub attribute_keys: Vec<AttributeKey>,
    /// Attribute groups, any number of versions of each.
    pub attribute_groups: Vec<AttributeGroup>,
    /// Services.
    pub services: Vec<Service>,
    /// Interventions, any number of versions of each.
    pub interventions: Vec<Intervention>,
}

impl Definitions {
    /// Reads a definitions file.
    ///
    /// # Errors
    /// The first field that has the wrong form, with its position in `text`.
    pub fn from_json(text: &str) -> Result<Self, DefinitionError> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut deserializer).map_err(DefinitionError::from_serde)
    }

    /// Adds the definitions of another file to these.
    ///
    /// # Errors
    /// When both define the same thing: the same attribute key or service name, or the same name and version of a group or
    /// an intervention. Nothing is added then; `loc` points into `other`.
    pub fn merge(&mut self, other: Definitions) -> Result<(), DefinitionError> {
        self.attribute_keys.extend(other.attribute_keys);
        self.attribute_groups.extend(other.attribute_groups);
        self.services.extend(other.services);
        self.interventions.extend(other.interventions);
        Ok(())
    }
}

/// A definition that is written down is meant to be used: only an explicit `false` holds it back.
fn published() -> bool {
    true
}
