use std::string::String;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One triggered occurrence of an intervention, as it travels on the stream to one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InterventionInstance {
    /// Unique id of the occurrence, shared by all targets of one trigger. Clients drop duplicates by it.
    pub intervention_id: String,
    /// Name of the intervention (the rule).
    pub name: String,
    /// Version of the rule that triggered.
    pub version: u64,
    /// Attribute values at the moment of triggering. Always an object, possibly empty.
    pub attributes: Map<String, Value>,
    /// Whom this copy is for.
    pub target_attribute_key: TargetAttributeKey,
}

/// The attribute key and id that an instance is delivered to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TargetAttributeKey {
    /// Name of the attribute key, e.g. `domain_userid`.
    pub name: String,
    /// The identifier, e.g. a UUID.
    pub id: String,
}
