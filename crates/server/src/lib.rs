//! Receives the events of Snowplow trackers, computes attributes and streams interventions.
//!
//! ```text
//! trackers ──▶ collector ──▶ pipeline ──▶ hub ──▶ stream ──▶ plugin
//!                             │ ▲ └──▶ forwarding ──▶ senders ──▶ back ends
//!                             ▼ │
//!                        signals_engine ◀── registry ◀── Signals API clients
//! ```
//!
//! [`app`] returns the routes, which you can call without a network. [`run`] serves them on a listener until you stop it. Use
//! [`app_with`] to build another server on this one.
//!
//! Only `http` and `serving` answer requests, and only `senders` makes them. `program` only connects these parts.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod access;
mod clock;
mod config;
mod context;
mod definitions;
mod forwarding;
mod frame;
mod http;
mod hub;
mod journal;
mod json;
mod kafka;
mod mcp;
mod metrics;
mod pipeline;
mod program;
mod registry;
mod senders;
mod serving;
mod state;
mod storage;

pub use self::access::Access;
pub use self::clock::Clock;
pub use self::config::{DEFAULT_TOKEN, ListenError, MisusedFlag, ServerConfig, TlsConfigError};
pub use self::context::narrative;
pub use self::definitions::{LoadError, load as load_definitions};
pub use self::forwarding::{
    BadSecret, ForwardConfig, ForwardError, ForwardedMessage, Forwarding, ForwardingReport,
    Receiver, ReceiverReport,
};
pub use self::http::{
    ApiError, Authorized, BODY_LIMIT_BYTES, BodyRefused, CheckedQuery, ErrorBody, JsonBody,
    Problem, RawBody, Step, TokenRefused, app, app_with, collector_cors, description,
    interventions_cors, method_not_allowed,
};
pub use self::hub::DeliveryHub;
pub use self::journal::{BadRow, Entry, Excerpt, Journal, RecordPlace, shown_event};
pub use self::json::Object;
pub use self::kafka::{KafkaConfig, KafkaError};
pub use self::pipeline::{EnrichedTakenIn, Partition, Pipeline, ReadPosition, Record};
pub use self::program::{run, serve, start_log};
pub use self::registry::{PublishedEventLog, Registry};
pub use self::senders::{SenderError, Senders};
pub use self::serving::{Tls, TlsError};
pub use self::state::{AppState, Hosted, Persistence, ServerOptions, StartError};
pub use self::storage::DataFileError;
