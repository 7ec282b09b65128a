use serde::{Deserialize, Serialize};

/// Where in an event a value is found.
///
/// One flat object for all kinds, as in the JSON: which fields are needed depends on `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Property {
    /// Which part of the event to look in.
    #[serde(rename = "type")]
    pub kind: PropertyKind,
    /// `atomic`: the enriched field. `event` and `entity`: the name in the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `event` and `entity`: the vendor in the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// `event` and `entity`: the major version of the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub major_version: Option<u64>,
    /// `event` and `entity`: the way through the data, `a.b[0]`, with or without a leading `$.`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `entity`: which one of several of that schema, from 0 (the default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// Part of a date to take instead of the whole: `hour_of_day`, `day_of_week`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::date_part, required = false))]
    pub date_part: Option<String>,
    /// `calculated`: how the values become one: `concat`, `sum`, `product`, `min`, `max` or `coalesce`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::operation, required = false))]
    pub operation: Option<String>,
    /// `calculated`: what the value is made of, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub properties: Option<Vec<Property>>,
    /// `calculated` by `concat`: what stands between two values; nothing when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
}

/// The part of an event that a [`Property`] is found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PropertyKind {
    /// A field that every event may have, by its enriched name.
    Atomic,
    /// The data of a self-describing event.
    Event,
    /// The data of an entity attached to the event.
    Entity,
    /// Computed from other properties.
    Calculated,
}
