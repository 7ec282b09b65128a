//! Agentic contexts: which are published.

use serde::Serialize;

use crate::registry::PublishedEventLog;

/// What `list_agentic_contexts` answers.
#[derive(Debug, Serialize)]
pub(super) struct PublishedContexts<'a> {
    agentic_contexts: Vec<ContextDescription<'a>>,
}

#[derive(Debug, Serialize)]
struct ContextDescription<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

/// What `get_agentic_context` answers to a name that is not published, so that the agent can correct itself.
#[derive(Debug, Serialize)]
pub(super) struct NotPublished<'a> {
    message: String,
    available: Vec<&'a str>,
}

impl<'a> PublishedContexts<'a> {
    pub(super) fn new(logs: &'a [PublishedEventLog]) -> Self {
        let described = logs.iter().map(|log| ContextDescription {
            name: &log.name,
            description: log.description.as_deref(),
        });
        Self { agentic_contexts: described.collect() }
    }
}

impl<'a> NotPublished<'a> {
    pub(super) fn new(name: &str, logs: &'a [PublishedEventLog]) -> Self {
        Self {
            message: format!("no agentic context `{}` is published", name.escape_debug()),
            available: logs.iter().map(|log| log.name.as_str()).collect(),
        }
    }
}
