use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AttributeKey, Property, first_version, is_published, list, published, version};

/// A named, versioned list of attributes for one attribute key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttributeGroup {
    /// E.g. `ecom_attributes`.
    pub name: String,
    /// From 1, which is also the default.
    #[serde(default = "first_version", deserialize_with = "version")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u64,
    /// Whose profile the attributes belong to. Only the name is needed when the key is built in or defined elsewhere.
    pub attribute_key: AttributeKey,
    /// The attributes.
    #[serde(default, deserialize_with = "list")]
    pub attributes: Vec<AttributeDefinition>,
    /// Columns of a warehouse's table, which are attributes as well. Nothing fills them here: they are never set.
    #[serde(default, deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// How long attributes live without an update (ISO 8601 duration), unless the attribute says otherwise.
    #[serde(default)]
    pub ttl: Option<String>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Only published groups compute. Published when not said.
    #[serde(default = "published", deserialize_with = "is_published")]
    pub is_published: bool,
}

/// An attribute that comes from a column of a warehouse's table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Field {
    /// E.g. `lifetime_value`.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// As of an attribute: `int32`, `string`, …
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::value_type))]
    pub value_type: String,
}

/// A live fact computed from events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttributeDefinition {
    /// E.g. `count_product_views`.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// The type that values are cast to: `int32`, `int64`, `float`, `double`, `string`, `bool`, …
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::value_type))]
    pub value_type: String,
    /// Which events count; an empty list means every event.
    #[serde(default, deserialize_with = "list")]
    pub events: Vec<EventSelector>,
    /// Which of those events count, by what they hold.
    #[serde(default)]
    pub criteria: Option<EventCriteria>,
    /// How events become a value: `counter`, `sum`, …
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::aggregation))]
    pub aggregation: String,
    /// What is aggregated; a counter needs none.
    #[serde(default)]
    pub property: Option<Property>,
    /// Rolling window (ISO 8601 duration); without one the attribute covers the whole life of the profile.
    #[serde(default)]
    pub period: Option<String>,
    /// How long the value lives without an update (ISO 8601 duration).
    #[serde(default)]
    pub ttl: Option<String>,
    /// The value while nothing has been counted.
    #[serde(default)]
    pub default_value: Option<Value>,
    /// Unit of `time_since_…` aggregations: `s`, `min`, `h` or `d`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::time_unit, required = false))]
    pub time_unit: Option<String>,
}

/// Events by schema; every part that is given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct EventSelector {
    /// `event_name`, e.g. `page_view`.
    pub name: Option<String>,
    /// `event_vendor`, e.g. `com.snowplowanalytics.snowplow`.
    pub vendor: Option<String>,
    /// `event_version`, e.g. `1-0-0`.
    pub version: Option<String>,
    /// The id of an event specification, as in the event's entity `com.snowplowanalytics.snowplow/event_specification`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_specification_id: Option<String>,
}

/// Criteria over one event: with both lists, all of `all` and at least one of `any` must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct EventCriteria {
    /// Every one must hold.
    pub all: Option<Vec<EventCriterion>>,
    /// At least one must hold.
    pub any: Option<Vec<EventCriterion>>,
}

/// A comparison of one property of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventCriterion {
    /// What is compared.
    pub property: Property,
    /// How: `=`, `!=`, `<`, `is null`, …
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::event_operator))]
    pub operator: String,
    /// What it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}
