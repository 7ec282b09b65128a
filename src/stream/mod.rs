//! The life of one tracker's stream.
//!
//! Decisions are pure, and time and chance are their arguments: [`election`] decides which tab holds the stream, [`machine`] when a
//! tab opens, closes and retries its own, [`hand_over`] what happens to the previous stream when ids change, [`backoff`] how long
//! to wait, [`outage`] what to warn of. [`shared_stream`] and [`own_stream`] carry them out.
//!
//! A frame goes one way: [`event_source`] → [`own_stream`] → [`shared_stream`], which also takes in what other tabs relay → the
//! listener of the shared stream.

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

/// What an event of the stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FrameKind {
    /// An intervention.
    Message,
    /// The server introduces itself.
    Hello,
    /// The server is alive.
    Ping,
}

/// One event of the stream, as the server sent it or as another tab relayed it. Its texts stay in JavaScript, because most are only
/// passed on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame<Text = Preserved> {
    /// What it is for.
    pub(crate) kind: FrameKind,
    /// The last event id of the stream at this frame.
    pub(crate) last_event_id: Text,
    /// Its data.
    pub(crate) data: Text,
}

/// What a stream reports to its owner.
#[derive(Debug)]
pub(crate) enum StreamEvent {
    /// A frame arrived.
    Frame(Frame),
    /// The state, or a detail of it, changed.
    StatusChanged,
    /// The server does not take the ids of these attribute keys.
    KeysRefused(Vec<RefusedKey>),
}
