//! A mock of the Snowplow collector and of Signals, for laptops and CI.
//!
//! It is [`signals_server`] with additions for tests and demos: scripted faults, a clock that tests can move, the inspector, a
//! shop's files, and commands that talk to a running server.
//!
//! [`app`] returns the routes, which tests can call without a network. [`run`] serves them on a listener until shutdown.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod cli;
mod client;
mod faults;
mod http;
mod state;

use signals_server::Senders;
pub use signals_server::{
    Clock, DEFAULT_TOKEN, DataFileError, Hosted, ListenError, LoadError, MisusedFlag, Persistence,
    Receiver, StartError, Tls, TlsConfigError, TlsError, load_definitions,
};
use tokio::net::TcpListener;

pub use self::cli::{
    Cli, Command, Config, Format, MisusedDelay, ReplayOptions, ServerArgs, ServerUrl, Speed,
    Targets, TriggerOptions, WatchOptions,
};
pub use self::client::{
    BadLines, ClientError, RecordingError, ReplayError, WatchError, export, replay, trigger, watch,
};
pub use self::http::app;
pub use self::state::{AppState, ServerOptions};

/// Serves [`app`] on `listener` until `shutdown` completes, over TLS if there is a certificate. Then ends all streams, writes the
/// data file and returns. It does not forward.
pub async fn run(
    listener: TcpListener,
    tls: Option<Tls>,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let server = state.server().clone();
    let senders = Senders::default();
    signals_server::run(listener, tls, app(state), server, senders, shutdown).await;
}
