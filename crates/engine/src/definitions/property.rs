use serde::{Deserialize, Serialize};

/// The location of a value in an event.
///
/// One flat object for all kinds, as in the JSON. The required fields depend on `kind`.
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
    /// `event` and `entity`: the path in the data, such as `a.b[0]`, with or without a leading `$.`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `entity`: the index among the entities of that schema. By default, 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The part of a date to use instead of the whole date: `hour_of_day`, `day_of_week`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::date_part, required = false))]
    pub date_part: Option<String>,
    /// `calculated`: the operation: `concat`, `sum`, `product`, `min`, `max` or `coalesce`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::operation, required = false))]
    pub operation: Option<String>,
    /// `calculated`: the operands, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub properties: Option<Vec<Property>>,
    /// `calculated` with `concat`: the text between two values. By default, empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
}

/// The part of an event that contains a [`Property`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PropertyKind {
    /// An atomic field, by its enriched name.
    Atomic,
    /// The data of a self-describing event.
    Event,
    /// The data of an entity attached to the event.
    Entity,
    /// Computed from other properties.
    Calculated,
}
