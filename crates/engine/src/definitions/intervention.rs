use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AttributeKeyReference, GroupReference, first_version, is_published, published, version,
};

/// A rule: what must become true of a profile, and whom to tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Intervention {
    /// E.g. `free_shipping`.
    pub name: String,
    /// From 1, which is also the default. A new version starts afresh: nobody has had it.
    #[serde(default = "first_version", deserialize_with = "version")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u64,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Only published interventions trigger. Published when not said.
    #[serde(default = "published", deserialize_with = "is_published")]
    pub is_published: bool,
    /// When it triggers.
    pub criteria: Criteria,
    /// Whom it is delivered to; without a list, the keys of the groups in the criteria.
    #[serde(default)]
    pub target_attribute_keys: Option<Vec<AttributeKeyReference>>,
    /// Whose values an instance carries; without a list, the groups in the criteria.
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
    /// How the attribute is tested: `=`, `>`, `is null`, `changed`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::operator, required = false))]
    pub operator: Option<String>,
    /// What it is compared with.
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
    /// Not one may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub none: Option<Vec<Criteria>>,
}
