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
//! Everything outside of `http` and `serving` knows nothing of HTTP.

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

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time;

pub use self::access::Access;
pub use self::clock::Clock;
pub use self::config::{Config, DEFAULT_TOKEN, ListenError, MisusedFlag, TlsConfigError};
pub use self::definitions::{LoadError, load as load_definitions};
pub use self::frame::is_intervention;
pub use self::http::{
    ApiError, Authorized, BODY_LIMIT_BYTES, BodyRefused, Caller, CheckedQuery, ErrorBody, JsonBody,
    Problem, Step, TokenRefused, app, app_with, collector_cors, description, interventions_cors,
    method_not_allowed,
};
pub use self::hub::DeliveryHub;
pub use self::journal::{BadRow, Entry, Excerpt, Journal, shown_event};
pub use self::json::Object;
pub use self::pipeline::Pipeline;
pub use self::program::{serve, start_log};
pub use self::registry::Registry;
pub use self::serving::{Tls, TlsError};
pub use self::state::{AppState, Hosted, Persistence, ServerOptions, StartError};
pub use self::storage::DataFileError;

/// How often expired profiles are freed. Moving the clock frees them at once.
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(60);

/// How long requests that are under way may hold up the end of the server.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Serves `router`, which leads to the server of `state`, on `listener`, over TLS if there is a certificate, until `shutdown`
/// completes, then ends all streams, writes what is to be kept and returns.
pub async fn run(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let _background = background_tasks(&state);
    let listener = listener.tap_io(|connection| {
        // Without this, a small frame may wait for the acknowledgement of the one before.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!("cannot set TCP_NODELAY: {error}");
        }
    });
    let (hub, journal) = (state.hub().clone(), state.journal().clone());
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        hub.shut_down();
        journal.end();
        // Nobody listens when the server has ended by itself.
        let _ = stopping.send(());
    };
    let server = serving::serve(listener, tls, router, shutdown);
    let out_of_patience = async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
        time::sleep(SHUTDOWN_GRACE).await;
    };
    tokio::select! {
        () = server => {}
        () = out_of_patience => tracing::warn!("some requests did not end in time"),
    }
    state.pipeline().finish();
    if let Some(keeper) = state.keeper() {
        storage::save_at_end(keeper).await;
    }
}

/// What has to happen now and then. The tasks end when the set is dropped.
fn background_tasks(state: &AppState) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(state.hub().clone().keep_alive());
    tasks.spawn(housekeeping(state.clone()));
    if let Some(keeper) = state.keeper() {
        tasks.spawn(storage::keep_saving(Arc::clone(keeper)));
    }
    tasks
}

async fn housekeeping(state: AppState) {
    let mut rounds = time::interval(HOUSEKEEPING_INTERVAL);
    loop {
        rounds.tick().await;
        state.pipeline().forget_expired(state.clock().now());
    }
}
