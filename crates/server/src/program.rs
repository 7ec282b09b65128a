//! What the programs do once their flags are read.

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use axum::Router;
use signals_engine::Definitions;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::{Config, DEFAULT_TOKEN};
use crate::definitions;
use crate::run;
use crate::state::AppState;

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
    config: &Config,
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
