//! What the programs do once their flags are read, from the first line of the log to the last thing to save.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use signals_engine::Definitions;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::{DEFAULT_TOKEN, ServerConfig};
use crate::serving::{self, Tls};
use crate::state::AppState;
use crate::{definitions, storage};

/// How often expired profiles are freed. Moving the clock frees them at once.
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(60);

/// How long requests that are under way may hold up the end of the server.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Logs to the standard error from now on what `filter` lets through, in colours where that is a terminal. To be called once.
///
/// # Errors
/// When `filter` is none.
pub fn start_log(filter: &str) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(filter)?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    Ok(())
}

/// Serves as configured what `set_up` makes of the definitions, until SIGTERM or SIGINT; says on the standard output where.
///
/// # Errors
/// The first thing that keeps the server from starting, in the words in which to show it.
pub async fn serve(
    config: &ServerConfig,
    set_up: impl FnOnce(Definitions) -> Result<(Router, AppState), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let definitions = definitions::load(&config.definitions)?;
    // Signals that come from now on end the server cleanly, however early.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let tls = config.tls()?;
    let listener = config.listen().await?;
    let url = config.url(listener.local_addr()?.port());
    let (router, state) = set_up(definitions)?;

    tracing::info!("starting");

    let token_hint = if config.token == DEFAULT_TOKEN {
        format!("\ntoken: {DEFAULT_TOKEN} (the default; set another with --token)")
    } else {
        String::new()
    };
    // In one piece: whoever waits for the first line may stop reading after it.
    io::stdout().write_all(format!("listening on {url}{token_hint}\n").as_bytes())?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("shutting down");
    };
    // Accepting is the work of the runtime's threads too: on this one, every connection would have to wake one of them.
    tokio::spawn(run(listener, tls, router, state, shutdown)).await?;
    Ok(())
}

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
