//! The command line: parses arguments, runs the server or a command, and prints errors.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use signals_mock_server::{
    AppState, Cli, Clock, Command, Config, ServerOptions, app, export, load_definitions, replay,
    trigger, watch,
};

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
        "OK: {} attribute keys, {} attribute groups, {} services, {} interventions, {} event logs",
        definitions.attribute_keys.len(),
        definitions.attribute_groups.len(),
        definitions.services.len(),
        definitions.interventions.len(),
        definitions.event_logs.len()
    );
    Ok(())
}

fn write_out(text: &str) -> Result<(), Box<dyn Error>> {
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

#[tokio::main]
async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    signals_server::start_log(&log_of_all_parts(&config.log))
        .map_err(|error| format!("--log {}: {error}", config.log))?;

    if let Some(www) = config.www.as_ref().filter(|www| !www.is_dir()) {
        return Err(format!("--www {}: not a directory", www.display()).into());
    }
    signals_server::serve(&config.server, |definitions, receivers| {
        let state = AppState::new(ServerOptions {
            definitions,
            persistence: config.server.persistence(),
            token: config.server.token.clone(),
            strict_ids: config.server.strict_ids,
            receivers,
            www: config.www.clone(),
            clock: Clock::system(),
            hosted: config.hosted()?,
        })?;
        Ok((app(state.clone()), state.server().clone()))
    })
    .await
}

/// Applies the directives of a filter for this program to `signals_server` too, because the server is a crate of its own.
fn log_of_all_parts(filter: &str) -> String {
    let of_server = filter
        .split(',')
        .filter(|directive| directive.trim_start().starts_with("signals_mock_server"))
        .map(|directive| directive.replacen("signals_mock_server", "signals_server", 1));
    [filter.to_owned()].into_iter().chain(of_server).collect::<Vec<_>>().join(",")
}
