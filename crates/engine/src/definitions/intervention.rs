use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AttributeKeyReference, GroupReference, first_version, is_published, published, version,
};

/// A rule: the criteria that must become true for a profile, and the targets to notify.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Intervention {
    /// The name, for example `free_shipping`.
    pub name: String,
    /// At least 1, which is also the default. A new version starts afresh: nobody has received it.
    #[serde(default = "first_version", deserialize_with = "version")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u64,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// The owner.
    #[serde(default)]
    pub owner: Option<String>,
    /// Only published interventions trigger. By default, true.
    #[serde(default = "published", deserialize_with = "is_published")]
    pub is_published: bool,
    /// The criteria that trigger it.
    pub criteria: Criteria,
    /// The attribute keys to deliver to. By default, the keys of the groups in the criteria.
    #[serde(default)]
    pub target_attribute_keys: Option<Vec<AttributeKeyReference>>,
    /// The groups whose values are delivered. By default, the groups in the criteria.
    #[serde(default)]
    pub payload_attribute_groups: Option<Vec<GroupReference>>,
}

/// One criterion (`attribute`, `operator`, `value`) or one tree (`all`, `any` or `none`).
///
/// One flat object for both, as in the JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Criteria {
    /// `group:attribute`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The operator: `=`, `>`, `is null`, `changed`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::operator, required = false))]
    pub operator: Option<String>,
    /// The value to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Every one must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub all: Option<Vec<Criteria>>,
    /// At least one must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub any: Option<Vec<Criteria>>,
    /// None may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub none: Option<Vec<Criteria>>,
}
