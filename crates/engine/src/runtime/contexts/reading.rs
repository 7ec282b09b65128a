use serde_json::{Map, Value};

use crate::Timestamp;

/// The recent events of one session, as a published agentic context keeps them.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextReading {
    /// Name of the context.
    pub name: String,
    /// The instructions for the agent.
    pub prompt: Option<String>,
    /// How many events it keeps at most.
    pub max_events: u64,
    /// For how many seconds it keeps them.
    pub max_age_seconds: u64,
    /// When the earliest event happened since the session last had none. That event may no longer be kept. `None` if there are no
    /// events.
    pub started_at: Option<Timestamp>,
    /// The events, oldest first.
    pub events: Vec<RecentEvent>,
}

/// An event in a [`ContextReading`].
#[derive(Debug, Clone, PartialEq)]
pub struct RecentEvent {
    /// When it happened.
    pub at: Timestamp,
    /// The selected properties that are set, by their output names, and `derived_tstamp`.
    pub properties: Map<String, Value>,
}
