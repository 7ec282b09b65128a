//! The command line: parses arguments, runs the server or a command, and prints errors.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use signals_mock_server::{
    AppState, Cli, Clock, Command, Config, DEFAULT_TOKEN, Persistence, ServerOptions, export,
    load_definitions, replay, run, trigger, watch,
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let Cli { command, config } = Cli::parse();
    let result = match command {
        None => serve(config),
        Some(command) => carry_out(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Check { files } => check(&files),
        Command::Export(server) => write_out(&export(&server)?),
        Command::Trigger(options) => write_out(&format!("{}\n", trigger(&options)?)),
        Command::Watch(options) => Ok(watch(&options, &mut io::stdout(), &mut io::stderr())?),
        Command::Replay(options) => {
            let mut terminal = io::stderr();
            let progress = terminal.is_terminal().then_some(&mut terminal as &mut dyn Write);
            write_out(&format!("{}\n", replay(&options, progress)?))
        }
    }
}

fn check(files: &[PathBuf]) -> Result<(), Box<dyn Error>> {
    let definitions = load_definitions(files).map_err(|error| error.report())?;
    println!(
        "OK: {} attribute keys, {} attribute groups, {} services, {} interventions",
        definitions.attribute_keys.len(),
        definitions.attribute_groups.len(),
        definitions.services.len(),
        definitions.interventions.len()
    );
    Ok(())
}

fn write_out(text: &str) -> Result<(), Box<dyn Error>> {
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

#[tokio::main]
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
    // From now on, a signal stops the server cleanly, even during the start.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let tls = config.tls()?;
    let listener = config.listen().await?;
    let url = config.url(listener.local_addr()?.port());
    let persistence = config
        .data
        .clone()
        .map(|file| Persistence { file, republish: !config.definitions.is_empty() });
    let state = AppState::new(ServerOptions {
        definitions,
        persistence,
        token: config.token.clone(),
        strict_ids: config.strict_ids,
        www: config.www.clone(),
        clock: Clock::system(),
        hosted: config.hosted()?,
    })?;

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
    };
    // Accept on the runtime's threads: on this thread, every connection would have to wake one of them.
    tokio::spawn(run(listener, tls, state, shutdown)).await?;
    Ok(())
}
