//! Definitions in the registry's form, as in definitions files and in requests of registry clients.
//!
//! These types mirror the JSON. [`Engine::new`](crate::Engine::new) validates the definitions. Unknown fields are ignored,
//! because registry clients send many fields that only concern other systems.

mod attribute_group;
mod attribute_key;
mod error;
mod event_log;
mod intervention;
mod loc;
mod locate;
mod property;
mod service;

use std::collections::HashSet;
use std::num::NonZeroU64;

use serde::{Deserialize, Deserializer, Serialize};

use crate::Engine;
pub use attribute_group::{
    AttributeDefinition, AttributeGroup, EventCriteria, EventCriterion, EventSelector, Field,
};
pub use attribute_key::{AttributeKey, AttributeKeyReference};
pub use error::{DefinitionError, LocSegment, Position};
pub use event_log::{
    EventLog, EventLogEvent, EventLogProperty, EventLogPropertyKind, EventSelection,
};
pub use intervention::{Criteria, Intervention};
pub(crate) use loc::Loc;
pub use property::{Property, PropertyKind};
pub use service::{GroupReference, Service};

/// All definitions: the content of one definitions file, or of several merged files.
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
    /// Agentic contexts.
    pub event_logs: Vec<EventLog>,
}

impl Definitions {
    /// Reads a definitions file.
    ///
    /// # Errors
    /// The first invalid field, with its position in `text`.
    pub fn from_json(text: &str) -> Result<Self, DefinitionError> {
        // serde would read an array as the fields in order, and accept `[]` as a file without definitions.
        if text.trim_start().starts_with('[') {
            return Err(DefinitionError::at_start(text, "expected an object, found an array"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let definitions = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            DefinitionError::from_json(
                error.inner(),
                error.path().iter().filter_map(LocSegment::from_path).collect(),
            )
        })?;
        deserializer.end().map_err(|error| DefinitionError::from_json(&error, Vec::new()))?;
        Ok(definitions)
    }

    /// Reads another definitions file, which can refer to the definitions of earlier files, and validates all of them together.
    ///
    /// # Errors
    /// An error of [`from_json`](Self::from_json), [`merge`](Self::merge) or [`Engine::new`](crate::Engine::new), with its path
    /// in this file and its position in `text`. Nothing is added then.
    pub fn add_json(&mut self, text: &str) -> Result<(), DefinitionError> {
        let added = Self::from_json(text)?;
        let mut all = self.clone();
        all.merge(added).map_err(|error| error.positioned_in(text))?;
        Engine::new(&all).map_err(|mut error| {
            self.rebase(&mut error.loc);
            error.positioned_in(text)
        })?;
        *self = all;
        Ok(())
    }

    /// Translates a path in the merged definitions into the path in the file that was merged.
    fn rebase(&self, loc: &mut [LocSegment]) {
        if let [LocSegment::Field(kind), LocSegment::Index(index), ..] = loc {
            *index -= match kind.as_str() {
                "attribute_keys" => self.attribute_keys.len(),
                "attribute_groups" => self.attribute_groups.len(),
                "services" => self.services.len(),
                "event_logs" => self.event_logs.len(),
                _ => self.interventions.len(),
            }
            .min(*index);
        }
    }

    /// Adds the definitions of another file to these.
    ///
    /// # Errors
    /// When both define the same thing: the same name of an attribute key, a service or an event log, or the same name and
    /// version of a group or an intervention. Nothing is added then, and `loc` points into `other`.
    pub fn merge(&mut self, other: Definitions) -> Result<(), DefinitionError> {
        let root = Loc::ROOT;
        check_disjoint(
            &self.attribute_keys,
            &other.attribute_keys,
            &root.field("attribute_keys"),
            |key| (&key.name, None),
        )?;
        check_disjoint(
            &self.attribute_groups,
            &other.attribute_groups,
            &root.field("attribute_groups"),
            |group| (&group.name, Some(group.version)),
        )?;
        check_disjoint(&self.services, &other.services, &root.field("services"), |service| {
            (&service.name, None)
        })?;
        check_disjoint(
            &self.interventions,
            &other.interventions,
            &root.field("interventions"),
            |intervention| (&intervention.name, Some(intervention.version)),
        )?;
        check_disjoint(&self.event_logs, &other.event_logs, &root.field("event_logs"), |log| {
            (&log.name, None)
        })?;
        self.attribute_keys.extend(other.attribute_keys);
        self.attribute_groups.extend(other.attribute_groups);
        self.services.extend(other.services);
        self.interventions.extend(other.interventions);
        self.event_logs.extend(other.event_logs);
        Ok(())
    }
}

fn check_disjoint<T>(
    ours: &[T],
    theirs: &[T],
    loc: &Loc<'_>,
    identity: impl Fn(&T) -> (&str, Option<u64>),
) -> Result<(), DefinitionError> {
    let known: HashSet<_> = ours.iter().map(&identity).collect();
    for (index, definition) in theirs.iter().enumerate() {
        if known.contains(&identity(definition)) {
            let (name, version) = identity(definition);
            let version = version.map(|version| format!(" version {version}")).unwrap_or_default();
            let message = format!("`{}`{version} is already defined", name.escape_debug());
            return Err(loc.index(index).field("name").error(message));
        }
    }
    Ok(())
}

/// Reads a list. Null counts as missing.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a version, which is at least 1. Null counts as missing.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Option::deserialize(deserializer)
        .map(|version| version.map_or_else(first_version, NonZeroU64::get))
}

/// Reads whether something is published. Null counts as missing.
fn is_published<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::deserialize(deserializer).map(|said| said.unwrap_or_else(published))
}

/// Definitions are published by default: only an explicit `false` makes a draft.
fn published() -> bool {
    true
}

/// The default version.
fn first_version() -> u64 {
    1
}
