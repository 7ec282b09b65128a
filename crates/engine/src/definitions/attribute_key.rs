use serde::{Deserialize, Serialize};

use super::Property;

/// A kind of identifier that profiles are kept by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttributeKey {
    /// E.g. `page_view_id`.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// The atomic field that holds the id, for keys that need no [`Property`].
    #[serde(default)]
    pub key: Option<String>,
    /// Where in an event the id is found.
    #[serde(default)]
    pub property: Option<Property>,
    /// The warehouse column that holds the id, for keys whose attributes are computed elsewhere: no event has an id of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_column: Option<String>,
    /// How long attributes of this key live without an update (ISO 8601 duration), unless group or attribute say otherwise.
    #[serde(default)]
    pub ttl: Option<String>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
}

/// An attribute key by name, as interventions name their targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttributeKeyReference {
    /// E.g. `domain_userid`.
    pub name: String,
}
