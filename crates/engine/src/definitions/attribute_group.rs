use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AttributeKey, Property, first_version, is_published, list, published, version};

/// A named, versioned list of attributes for one attribute key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttributeGroup {
    /// The name, for example `ecom_attributes`.
    pub name: String,
    /// At least 1, which is also the default.
    #[serde(default = "first_version", deserialize_with = "version")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u64,
    /// The key of the profiles. Only its name is required if the key is built in or defined elsewhere.
    pub attribute_key: AttributeKey,
    /// The attributes.
    #[serde(default, deserialize_with = "list")]
    pub attributes: Vec<AttributeDefinition>,
    /// Columns of a warehouse's table, which are attributes too. This engine never sets them.
    #[serde(default, deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// How long attributes live without an update (ISO 8601 duration), unless they set their own `ttl`.
    #[serde(default)]
    pub ttl: Option<String>,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// The owner.
    #[serde(default)]
    pub owner: Option<String>,
    /// Only published groups are computed. By default, true.
    #[serde(default = "published", deserialize_with = "is_published")]
    pub is_published: bool,
}

/// An attribute that comes from a column of a warehouse's table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Field {
    /// The name, for example `lifetime_value`.
    pub name: String,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// The type, as for attributes: `int32`, `string`, …
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::value_type))]
    pub value_type: String,
}

/// A live fact computed from events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttributeDefinition {
    /// The name, for example `count_product_views`.
    pub name: String,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// The type that values are cast to: `int32`, `int64`, `float`, `double`, `string`, `bool`, …
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::value_type))]
    pub value_type: String,
    /// Which events count. An empty list means every event.
    #[serde(default, deserialize_with = "list")]
    pub events: Vec<EventSelector>,
    /// Conditions on the selected events.
    #[serde(default)]
    pub criteria: Option<EventCriteria>,
    /// The aggregation: `counter`, `sum`, …
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::aggregation))]
    pub aggregation: String,
    /// The property to aggregate. A counter needs none.
    #[serde(default)]
    pub property: Option<Property>,
    /// Rolling window (ISO 8601 duration). By default, the attribute covers the whole life of the profile.
    #[serde(default)]
    pub period: Option<String>,
    /// How long the value lives without an update (ISO 8601 duration).
    #[serde(default)]
    pub ttl: Option<String>,
    /// The value while no event has counted.
    #[serde(default)]
    pub default_value: Option<Value>,
    /// Unit of `time_since_…` aggregations: `s`, `min`, `h` or `d`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::time_unit, required = false))]
    pub time_unit: Option<String>,
}

/// Selects events by schema. Every part that is set must match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct EventSelector {
    /// `event_name`, for example `page_view`.
    pub name: Option<String>,
    /// `event_vendor`, for example `com.snowplowanalytics.snowplow`.
    pub vendor: Option<String>,
    /// `event_version`, for example `1-0-0`.
    pub version: Option<String>,
    /// The id of an event specification, from the event's entity `com.snowplowanalytics.snowplow/event_specification`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_specification_id: Option<String>,
}

/// Criteria over one event. With both lists, all of `all` and at least one of `any` must hold.
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
    /// The property to compare.
    pub property: Property,
    /// The operator: `=`, `!=`, `<`, `is null`, …
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::event_operator))]
    pub operator: String,
    /// The value to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}
