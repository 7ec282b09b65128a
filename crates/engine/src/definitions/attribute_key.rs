use serde::{Deserialize, Serialize};

use super::Property;

/// A kind of id. Each id has a profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttributeKey {
    /// The name, for example `page_view_id`.
    pub name: String,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// The atomic field that contains the id, for keys without a [`Property`].
    #[serde(default)]
    pub key: Option<String>,
    /// The location of the id in an event.
    #[serde(default)]
    pub property: Option<Property>,
    /// The warehouse column with the id, for keys whose attributes are computed elsewhere. Events have no id of such a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_column: Option<String>,
    /// How long attributes of this key live without an update (ISO 8601 duration), unless the group or attribute sets its own `ttl`.
    #[serde(default)]
    pub ttl: Option<String>,
    /// The owner.
    #[serde(default)]
    pub owner: Option<String>,
}

/// A reference to an attribute key, as in the targets of interventions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttributeKeyReference {
    /// The name, for example `domain_userid`.
    pub name: String,
}
