//! Agentic contexts as agents read them: as JSON, or as text. Pure: time is an argument.

mod narrative;
mod summary;

use serde::Serialize;
use serde_json::{Map, Value};
use signals_engine::{ContextReading, RecentEvent, Timestamp};
use utoipa::ToSchema;

pub use self::narrative::narrative;
use self::summary::summary;

/// The recent events of a session, for an agent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgenticContext {
    /// How fresh the events are, in words.
    summary: String,
    /// Always `domain_sessionid`.
    attribute_key: &'static str,
    /// The id of the session.
    identifier: String,
    /// The name of the event log.
    name: String,
    /// Always 1.
    version: u64,
    /// The instructions for the agent.
    prompt: Option<String>,
    /// When the first event happened. 0 if there are no events.
    started_at_ms: i64,
    /// The selected properties of the events that are set, and `derived_tstamp`. The oldest event comes first.
    events: Vec<Map<String, Value>>,
}

impl AgenticContext {
    /// The context of the session `identifier` at `now`.
    pub(crate) fn new(reading: ContextReading, identifier: String, now: Timestamp) -> Self {
        Self {
            summary: summary(&reading, now),
            attribute_key: "domain_sessionid",
            identifier,
            name: reading.name,
            version: 1,
            prompt: reading.prompt,
            started_at_ms: reading.started_at.map_or(0, Timestamp::as_millis),
            events: reading.events.into_iter().map(|event| event.properties).collect(),
        }
    }
}

/// The output name of the property that the column `event` of a narrative shows.
const EVENT_NAME: &str = "event_name";

/// The output name of the property that is the page: the column `url` of a narrative.
const PAGE: &str = "page_urlpath";

/// The path of the page on which `event` happened, if the context selects it.
fn page(event: &RecentEvent) -> Option<&str> {
    event.properties.get(PAGE)?.as_str()
}

/// Whole seconds from `earlier` to `later`, or 0 if there is less than one between them.
fn seconds(earlier: Timestamp, later: Timestamp) -> i64 {
    later.millis_since(earlier).max(0) / 1_000
}

#[cfg(test)]
mod tests;
