use serde::{Deserialize, Serialize};

use super::{AttributeKeyReference, is_published, published};

/// An agentic context: which recent events of a session are kept for agents, and how many.
///
/// It has no versions. There can be two with the same name: the published one, and a draft that will replace it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventLog {
    /// The name, for example `shopping_now`.
    pub name: String,
    /// A description for people, of at most 1,024 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 1_024))]
    pub description: Option<String>,
    /// The owner, in at most 255 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub owner: Option<String>,
    /// Instructions for the agent that reads the context, of at most 3,800 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 3_800))]
    pub prompt: Option<String>,
    /// Always `domain_sessionid`.
    pub attribute_key: AttributeKeyReference,
    /// The events to keep, 1 to 20 selections.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 20))]
    pub events: Vec<EventSelection>,
    /// How many events of a session are kept, 1 to 100.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100))]
    pub max_events: u64,
    /// For how many seconds events are kept, 1 to 3,600.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3_600))]
    pub max_age_seconds: u64,
    /// Only published contexts keep events. By default, true.
    #[serde(default = "published", deserialize_with = "is_published")]
    pub is_published: bool,
}

/// Events of an [`EventLog`], and which of their properties are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventSelection {
    /// Which events.
    pub event: EventLogEvent,
    /// The properties to keep, 1 to 50.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 50))]
    pub properties: Vec<EventLogProperty>,
}

/// Selects events by schema or by event specification. Every part that is set must match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct EventLogEvent {
    /// `event_name`, for example `page_view`. Required without `event_specification_id`.
    pub name: Option<String>,
    /// `event_vendor`, for example `com.snowplowanalytics.snowplow`.
    pub vendor: Option<String>,
    /// `event_version`, for example `1-0-0`. Not together with `major_version`.
    pub version: Option<String>,
    /// The first number of `event_version`.
    pub major_version: Option<u64>,
    /// The id of an event specification. Not together with the other fields.
    pub event_specification_id: Option<String>,
}

/// A property that an [`EventLog`] keeps.
///
/// One flat object for all kinds, as in the JSON. The required fields depend on `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventLogProperty {
    /// Which part of the event to look in.
    #[serde(rename = "type")]
    pub kind: EventLogPropertyKind,
    /// `atomic`: the enriched field. `event` and `entity`: the name in the schema.
    pub name: String,
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
    /// The property's name in the context. By default, the name of the enriched field or the last name in the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_name: Option<String>,
}

/// The part of an event that contains an [`EventLogProperty`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EventLogPropertyKind {
    /// An atomic field, by its enriched name.
    Atomic,
    /// The data of a self-describing event.
    Event,
    /// The data of an entity attached to the event.
    Entity,
}
