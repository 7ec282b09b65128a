//! Takes the events of Snowplow trackers in, computes attributes and streams interventions.
//!
//! ```text
//! trackers ──▶ collector ──▶ pipeline ──▶ hub ──▶ stream ──▶ plugin
//!                             │    ▲
//!                             ▼    │
//!                        signals_engine ◀── registry ◀── Signals API clients
//! ```
//!
//! [`app`] gives the routes, to be called without a network; [`run`] serves them on a listener until it is told to stop.
//! [`app_with`] is for servers that are built on this one.
//!
//! Everything outside of `http` and `serving` knows nothing of HTTP; `program` only passes the router from one to the other.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod access;
mod clock;
mod config;
mod definitions;
mod frame;
mod http;
mod hub;
mod journal;
mod json;
mod metrics;
mod pipeline;
mod program;
mod registry;
mod serving;
mod state;
mod storage;

pub use self::access::Access;
pub use self::clock::Clock;
pub use self::config::{DEFAULT_TOKEN, ListenError, MisusedFlag, ServerConfig, TlsConfigError};
pub use self::definitions::{LoadError, load as load_definitions};
pub use self::http::{
    ApiError, Authorized, BODY_LIMIT_BYTES, BodyRefused, CheckedQuery, ErrorBody, JsonBody,
    Problem, Step, TokenRefused, app, app_with, collector_cors, description, interventions_cors,
    method_not_allowed,
};
pub use self::hub::DeliveryHub;
pub use self::journal::{BadRow, Entry, Excerpt, Journal, shown_event};
pub use self::json::Object;
pub use self::pipeline::Pipeline;
pub use self::program::{run, serve, start_log};
pub use self::registry::Registry;
pub use self::serving::{Tls, TlsError};
pub use self::state::{AppState, Hosted, Persistence, ServerOptions, StartError};
pub use self::storage::DataFileError;
