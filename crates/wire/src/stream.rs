//! Fixed names of the intervention stream (`GET /api/v1/interventions`).

use serde::{Deserialize, Serialize};

use crate::lenient::or_missing;

/// Path at a Signals endpoint for opening the stream (GET) and for posting direct interventions.
pub const INTERVENTIONS_PATH: &str = "/api/v1/interventions";

/// SSE event name of the first frame, which contains a [`Hello`].
pub const HELLO_EVENT: &str = "hello";

/// SSE event name of the keep-alive frame.
pub const PING_EVENT: &str = "ping";

/// Query parameter that replaces the `Last-Event-ID` header, which a new `EventSource` cannot set.
pub const RESUME_PARAM: &str = "last_event_id";

/// Milliseconds between two keep-alive frames.
pub const KEEP_ALIVE_MS: u64 = 15_000;

/// Milliseconds that a client should wait before it reconnects (the SSE `retry:` field).
pub const RETRY_MS: u64 = 2_000;

/// Data of the `hello` frame: what the server supports beyond plain Server-Sent Events.
///
/// Each field can be missing. A field of a wrong type is read as missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Product name of the server.
    #[serde(default, deserialize_with = "or_missing")]
    pub server: Option<String>,
    /// Query parameter in which a reconnecting client can send the last event id that it received.
    #[serde(default, deserialize_with = "or_missing")]
    pub resume_param: Option<String>,
    /// Milliseconds between keep-alive frames. A much longer silence means that the connection is dead.
    #[serde(default, deserialize_with = "or_missing")]
    pub keep_alive_ms: Option<u64>,
}
