//! The status of a connection, for the page and for other tabs.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};

/// A connection state, with its public name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    /// Not subscribed, or no id is known yet.
    Idle,
    /// Waiting for the server to accept the stream.
    Connecting,
    /// Receiving interventions.
    Open,
    /// Between two attempts.
    Retrying,
    /// The browser is offline, or the page is frozen or in the back-forward cache.
    Paused,
    /// The tracker was removed.
    Closed,
}

/// Why the latest attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Problem {
    /// The server did not accept the stream within the connection time-out.
    TimedOut,
    /// The connection broke or failed.
    Dropped,
    /// The server responded, but not with an event stream. Has the HTTP status if it is known.
    Refused(Option<u16>),
    /// The stream was silent for several keep-alive intervals.
    Silent,
}

impl Problem {
    /// Whether a quick retry is pointless, because the server is unlikely to change its response soon.
    pub(crate) fn is_final(self) -> bool {
        match self {
            Problem::Refused(Some(status)) => {
                status == 204
                    || ((400..500).contains(&status) && ![408, 425, 429].contains(&status))
            }
            _ => false,
        }
    }

    /// Whether the HTTP status of a refusal is known.
    pub(crate) fn is_explained(self) -> bool {
        matches!(self, Problem::Refused(Some(_)))
    }
}

/// The problem, as part of a sentence.
impl Display for Problem {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Problem::TimedOut => "the server did not accept the stream in time",
            Problem::Dropped => "the connection failed",
            Problem::Silent => "the server stopped sending data",
            Problem::Refused(None) => "the server did not answer with an event stream",
            Problem::Refused(Some(status)) => {
                return write!(formatter, "the server answered with status {status}");
            }
        })
    }
}

/// The status of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) state: Phase,
    /// Failures since the connection was last healthy.
    pub(crate) attempt: u32,
    /// Milliseconds until the next attempt of this plugin. `None` if the browser retries or no attempt is planned.
    pub(crate) next_delay_ms: Option<u32>,
    /// Why the latest attempt failed. `None` while the stream is open.
    pub(crate) last_problem: Option<Problem>,
}

impl Status {
    /// A state without further details.
    pub(crate) fn plain(state: Phase) -> Status {
        Status { state, attempt: 0, next_delay_ms: None, last_problem: None }
    }
}

/// The argument of connection listeners: `ConnectionChange` in `js/types.ts`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionChange<'a> {
    tracker_id: &'a str,
    state: Phase,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_delay_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

impl<'a> ConnectionChange<'a> {
    /// Describes the status of a tracker's subscription.
    pub(crate) fn new(tracker_id: &'a str, status: Status) -> ConnectionChange<'a> {
        ConnectionChange {
            tracker_id,
            state: status.state,
            attempt: status.attempt,
            next_delay_ms: status.next_delay_ms,
            last_error: status.last_problem.map(|problem| problem.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typescript;
    use serde_json::json;

    #[test]
    fn another_tab_reads_what_this_one_wrote() {
        let status = Status {
            state: Phase::Retrying,
            attempt: 2,
            next_delay_ms: Some(0),
            last_problem: Some(Problem::Refused(Some(503))),
        };
        let read = serde_json::to_value(status).and_then(serde_json::from_value::<Status>);
        assert!(read.is_ok_and(|read| read == status));
    }

    #[test]
    fn a_listener_is_told_why_and_when_the_next_attempt_follows_and_nothing_else() {
        let told = |status| serde_json::to_value(ConnectionChange::new("sp1", status)).ok();
        let open = Status::plain(Phase::Open);
        assert_eq!(told(open), Some(json!({"trackerId": "sp1", "state": "open", "attempt": 0})));
        let refused = Status {
            state: Phase::Retrying,
            attempt: 2,
            next_delay_ms: Some(30_000),
            last_problem: Some(Problem::Refused(Some(404))),
        };
        assert_eq!(
            told(refused),
            Some(json!({
                "trackerId": "sp1", "state": "retrying", "attempt": 2, "nextDelayMs": 30_000,
                "lastError": "the server answered with status 404",
            }))
        );
    }

    #[test]
    fn what_a_listener_is_told_has_the_fields_of_the_types_of_the_page() {
        let change = ConnectionChange {
            tracker_id: "sp1",
            state: Phase::Retrying,
            attempt: 1,
            next_delay_ms: Some(1),
            last_error: Some(String::new()),
        };
        assert_eq!(typescript::written(&change), typescript::interface("ConnectionChange"));
    }

    #[test]
    fn the_states_are_those_of_the_types_of_the_page() {
        let names: typescript::Names = typescript::union("ConnectionState");
        let phase = |name: &String| serde_json::from_value::<Phase>(json!(name)).ok();
        assert_eq!(names.iter().filter_map(phase).count(), 6);
        assert_eq!(names.len(), 6);
    }
}
