//! The stream of one tracker.
//!
//! Modules that decide are pure and take time and randomness as arguments. [`election`] decides which tab holds the stream. [`machine`]
//! decides when a tab opens, closes and retries its own stream. [`hand_over`] decides how long the previous stream stays when ids change,
//! [`backoff`] how long to wait, and [`outage`] when to warn. [`shared_stream`] and [`own_stream`] carry these decisions out.
//!
//! A frame goes from [`event_source`] to [`own_stream`], then to [`shared_stream`], which also receives frames from other tabs, and then to
//! the listener of the shared stream.

mod backoff;
pub(crate) mod election;
mod event_source;
pub(crate) mod hand_over;
mod machine;
pub(crate) mod outage;
mod own_stream;
pub(crate) mod positions;
mod probe;
mod recent_frames;
pub(crate) mod shared_stream;
pub(crate) mod status;
mod tabs;
pub(crate) mod url;

pub(crate) use machine::DEFAULT_CONNECTION_TIMEOUT_MS;
pub(crate) use own_stream::read_hello;
pub(crate) use probe::RefusedKey;

use crate::web::Preserved;
use serde::{Deserialize, Serialize};

/// The type of a stream event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FrameKind {
    Message,
    /// The server's settings for this connection.
    Hello,
    /// A sign of life.
    Ping,
}

/// One event of the stream, from the server or from another tab. Its strings stay in JavaScript, because the plugin only passes most of
/// them on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame<Text = Preserved> {
    pub(crate) kind: FrameKind,
    /// The stream's last event id at this frame.
    pub(crate) last_event_id: Text,
    pub(crate) data: Text,
    /// When it arrived in the tab that received it from the server, in milliseconds since 1970: the only clock that tabs share.
    pub(crate) at: f64,
}

/// An event that a stream reports to its owner.
#[derive(Debug)]
pub(crate) enum StreamEvent {
    Frame(Frame),
    /// The state or one of its details changed.
    StatusChanged,
    /// The server refuses the ids of these attribute keys.
    KeysRefused(Vec<RefusedKey>),
}
