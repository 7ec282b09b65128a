//! A mock of the Snowplow collector and of Signals, for laptops and CI.
//!
//! ```text
//! trackers ──▶ collector ──▶ pipeline ──▶ hub ──▶ stream ──▶ plugin
//!                             │    ▲
//!                             ▼    │
//!                        signals_engine ◀── registry ◀── Signals API clients
//! ```
//!
//! [`app`] returns the routes, which tests can call without a network. [`run`] serves them on a listener until shutdown.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod access_token;
mod attributes;
mod auth;
mod body;
mod client;
mod clock;
mod collector;
mod config;
mod credentials;
mod definitions;
mod docs;
mod error;
mod faults;
mod frame;
mod hub;
mod inspector;
mod journal;
mod metrics;
mod mock_api;
mod pipeline;
mod query;
mod registry;
mod sdk;
mod serving;
mod shop;
mod state;
mod storage;
mod stream;
mod testing;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time;

pub use self::client::{
    ClientError, RecordingError, ReplayError, Speed, WatchError, export, replay, trigger, watch,
};
pub use self::clock::Clock;
pub use self::config::{
    Cli, Command, Config, DEFAULT_TOKEN, ListenError, MisusedFlag, ReplayOptions, ServerArgs,
    ServerUrl, Targets, TlsConfigError, TriggerOptions, WatchOptions,
};
pub use self::definitions::{LoadError, load as load_definitions};
pub use self::serving::{Tls, TlsError};
pub use self::state::{AppState, Hosted, Persistence, ServerOptions, StartError};
pub use self::storage::DataFileError;

/// How often expired profiles are freed. Moving the clock frees them at once.
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(60);

/// How long a shutdown waits for requests that are under way.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// All routes of the server.
pub fn app(state: AppState) -> Router {
    Router::new()
        .merge(collector::routes(&state))
        .merge(stream::routes(&state))
        .merge(registry::routes())
        .merge(attributes::routes())
        .merge(testing::routes())
        .merge(credentials::routes())
        .merge(mock_api::routes())
        .merge(docs::routes())
        .merge(inspector::routes())
        .method_not_allowed_fallback(error::method_not_allowed)
        .fallback(shop::serve)
        .layer(DefaultBodyLimit::max(body::LIMIT_BYTES))
        .with_state(state)
}

/// Serves [`app`] on `listener` until `shutdown` completes, over TLS if there is a certificate. Then ends all streams, writes the
/// data file and returns.
pub async fn run(
    listener: TcpListener,
    tls: Option<Tls>,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let _background = background_tasks(&state);
    let listener = listener.tap_io(|connection| {
        // Without this, a small frame can wait for the acknowledgement of the previous one.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!("cannot set TCP_NODELAY: {error}");
        }
    });
    let (hub, journal) = (state.hub().clone(), state.journal().clone());
    let to_save = state.clone();
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        hub.shut_down();
        journal.end();
        // There is no receiver if the server has stopped already.
        let _ = stopping.send(());
    };
    let server = serving::serve(listener, tls, app(state), shutdown);
    let out_of_patience = async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
        time::sleep(SHUTDOWN_GRACE).await;
    };
    tokio::select! {
        () = server => {}
        () = out_of_patience => tracing::warn!("some requests did not finish within {SHUTDOWN_GRACE:?}"),
    }
    to_save.pipeline().finish();
    storage::save_at_end(&to_save).await;
}

/// The periodic tasks. They end when the set is dropped.
fn background_tasks(state: &AppState) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(state.hub().clone().keep_alive());
    tasks.spawn(housekeeping(state.clone()));
    tasks.spawn(storage::keep_saving(state.clone()));
    tasks
}

async fn housekeeping(state: AppState) {
    let mut rounds = time::interval(HOUSEKEEPING_INTERVAL);
    loop {
        rounds.tick().await;
        state.pipeline().forget_expired(state.clock().now());
    }
}
