use serde::{Deserialize, Serialize};

use super::{is_published, list, published};

/// A named selection of attribute groups that applications read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    /// E.g. `ecom_attributes`.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// The groups it offers.
    #[serde(default, deserialize_with = "list")]
    pub attribute_groups: Vec<GroupReference>,
    /// `public` when it may be read without a token.
    #[serde(default)]
    pub access_mode: Option<String>,
    /// Only published services can be read. Published when not said.
    #[serde(default = "published", deserialize_with = "is_published")]
    pub is_published: bool,
}

/// An attribute group by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupReference {
    /// E.g. `ecom_attributes`.
    pub name: String,
    /// Which version; the latest published one when not said.
    #[serde(default)]
    pub version: Option<u64>,
}
