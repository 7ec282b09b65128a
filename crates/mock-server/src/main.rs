//! The command line: parses, binds, serves, and says in one line what is wrong.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use signals_mock_server::{
    AppState, Clock, Config, DEFAULT_TOKEN, ServerOptions, load_definitions, run,
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Config::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| format!("--log {}: {error}", config.log))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();

    if let Some(www) = config.www.as_ref().filter(|www| !www.is_dir()) {
        return Err(format!("--www {}: not a directory", www.display()).into());
    }
    let definitions = load_definitions(&config.definitions)?;
    // Signals that come from now on end the server cleanly, however early.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = config.listen().await?;
    let url = config.url(listener.local_addr()?.port());
    tracing::info!(
        attribute_groups = definitions.attribute_groups.len(),
        interventions = definitions.interventions.len(),
        "starting"
    );
    let state = AppState::new(ServerOptions {
        definitions,
        token: config.token.clone(),
        strict_ids: config.strict_ids,
        www: config.www.clone(),
        clock: Clock::system(),
    })?;

    let token_hint = if config.token == DEFAULT_TOKEN {
        format!("\ntoken: {DEFAULT_TOKEN} (the default; set another with --token)")
    } else {
        String::new()
    };
    // In one piece: whoever waits for the first line may stop reading after it.
    println!("listening on {url}{token_hint}");
    run(listener, state, async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("shutting down");
    })
    .await?;
    Ok(())
}
