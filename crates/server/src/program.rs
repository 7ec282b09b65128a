//! Runs a server whose flags are parsed: logs, listens, serves, and saves at the end.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use signals_engine::Definitions;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::{DEFAULT_TOKEN, ServerConfig};
use crate::forwarding::{Forwarding, Receiver};
use crate::senders::Senders;
use crate::serving::{self, Tls};
use crate::state::AppState;
use crate::{definitions, kafka, storage};

/// How often expired profiles are freed. Moving the clock frees them at once.
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(60);

/// How long a shutdown waits for requests that are under way.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// How long a shutdown waits for the receivers of forwarded interventions, after the requests.
const FORWARDING_GRACE: Duration = Duration::from_secs(2);

/// The MCP library writes several lines about each request at the level info. A filter that names it takes precedence.
const MCP_LOG_FILTER: &str = "rmcp=warn";

/// Starts to log to standard error what `filter` selects, with colours on a terminal. Call this once.
///
/// # Errors
/// When `filter` is invalid.
pub fn start_log(filter: &str) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(format!("{MCP_LOG_FILTER},{filter}"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    Ok(())
}

/// Serves the router that `set_up` makes from the definitions and the receivers of forwarded interventions, until SIGTERM or SIGINT. Prints the server's address on standard
/// output.
///
/// # Errors
/// Why the server cannot start, as a message to print.
pub async fn serve(
    config: &ServerConfig,
    set_up: impl FnOnce(Definitions, Vec<Receiver>) -> Result<(Router, AppState), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let definitions = definitions::load(&config.definitions)?;
    // From now on, a signal stops the server cleanly, even during the start.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let tls = config.tls()?;
    let receivers = config.receivers()?;
    let listener = config.listen().await?;
    let address = listener.local_addr()?;
    let url = config.url(address.port());
    let senders = Senders::new(config, &receivers, address).await?;
    let (router, state) = set_up(definitions, receivers)?;
    let (kafka_config, kafka_state) = (config.kafka.clone(), state.clone());
    let reading = spawn_blocking(move || kafka::start(&kafka_config, &kafka_state)).await??;

    tracing::info!("starting");

    let token_hint = if config.token == DEFAULT_TOKEN {
        format!("\ntoken: {DEFAULT_TOKEN} (the default; set another with --token)")
    } else {
        String::new()
    };
    // In one write: a program that waits for the first line may close the pipe after it.
    io::stdout().write_all(format!("listening on {url}{token_hint}\n").as_bytes())?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("shutting down");
        if let Some(reading) = reading {
            // The task is never cancelled and does not panic.
            let _ = spawn_blocking(|| reading.stop()).await;
        }
    };
    // Accept on the runtime's threads: on this thread, every connection would have to wake one of them.
    tokio::spawn(run(listener, tls, router, state, senders, shutdown)).await?;
    Ok(())
}

/// Serves `router`, whose routes use `state`, on `listener` until `shutdown` completes, over TLS if there is a certificate.
/// `senders` are those of the state's receivers. Then ends all streams, writes the data file and returns.
pub async fn run(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    state: AppState,
    senders: Senders,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let _background = background_tasks(&state);
    let (hub, journal) = (state.hub().clone(), state.journal().clone());
    let forwarding = state.forwarding().clone();
    let mut forwarded = tokio::spawn(senders.run(forwarding.clone()));
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        hub.shut_down();
        journal.end();
        forwarding.shut_down();
        // There is no receiver if the server has stopped already.
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
        () = out_of_patience => tracing::warn!("some requests did not finish within {SHUTDOWN_GRACE:?}"),
    }
    if time::timeout(FORWARDING_GRACE, &mut forwarded).await.is_err() {
        tracing::info!("some receivers did not answer within {FORWARDING_GRACE:?}");
        // From now on, no outcome changes what is saved.
        forwarded.abort();
    }
    state.pipeline().finish();
    match state.keeper() {
        Some(keeper) => storage::save_at_end(keeper).await,
        None => warn_of_unforwarded(state.forwarding()),
    }
}

fn warn_of_unforwarded(forwarding: &Forwarding) {
    let waiting = forwarding.waiting();
    if waiting > 0 {
        tracing::error!(
            "{waiting} interventions that waited to be forwarded are lost. With --data, the next start forwards them"
        );
    }
}

/// The periodic tasks. They end when the set is dropped.
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
