use serde::{Deserialize, Serialize};

use super::{is_published, list, published};

/// A named selection of attribute groups that applications read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    /// The name, for example `ecom_attributes`.
    pub name: String,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// The owner.
    #[serde(default)]
    pub owner: Option<String>,
    /// The groups of the service.
    #[serde(default, deserialize_with = "list")]
    pub attribute_groups: Vec<GroupReference>,
    /// `public` if it can be read without a token.
    #[serde(default)]
    pub access_mode: Option<String>,
    /// Only published services can be read. By default, true.
    #[serde(default = "published", deserialize_with = "is_published")]
    pub is_published: bool,
}

/// An attribute group by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupReference {
    /// The name, for example `ecom_attributes`.
    pub name: String,
    /// The version. By default, the latest published one.
    #[serde(default)]
    pub version: Option<u64>,
}
