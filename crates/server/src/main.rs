//! The command line: parses arguments, runs the server, and prints errors.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use signals_server::{AppState, Clock, ServerConfig, ServerOptions, app, serve, start_log};
use tracing::level_filters::LevelFilter;

/// Receives the events of Snowplow trackers, computes attributes and streams interventions.
#[derive(Debug, Parser)]
#[command(
    name = "signals-server",
    version,
    args_override_self = true,
    mut_arg("token", |token| token.help(
        "Token that protects everything except the collector, the stream, /health, /metrics and /docs"
    )),
    after_help = "While the server runs, /docs describes the API, and /metrics is for Prometheus."
)]
struct Cli {
    #[command(flatten)]
    config: ServerConfig,

    /// What to log: error, warn, info, debug or trace, or a filter such as warn,signals_server=debug. Ids are logged at debug
    /// level only.
    #[arg(long, env = "SIGNALS_LOG", value_name = "LEVEL", default_value = "info", value_parser = log_filter)]
    log: String,
}

fn main() -> ExitCode {
    match start(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn start(Cli { config, log }: &Cli) -> Result<(), Box<dyn Error>> {
    start_log(log).map_err(|error| format!("--log {log}: {error}"))?;
    serve(config, |definitions, receivers| {
        let state = AppState::new(ServerOptions {
            name: "signals-server",
            definitions,
            persistence: config.persistence(),
            token: config.token.clone(),
            strict_ids: config.strict_ids,
            receivers,
            clock: Clock::system(),
            hosted: None,
        })?;
        Ok((app(state.clone()), state))
    })
    .await
}

/// The filter's parser takes a mistyped level for the name of a crate, and would then log nothing.
fn log_filter(text: &str) -> Result<String, &'static str> {
    let is_word = text.chars().all(char::is_alphanumeric);
    if is_word && text.parse::<LevelFilter>().is_err() {
        return Err(
            "must be error, warn, info, debug, trace or a filter such as warn,signals_server=debug",
        );
    }
    Ok(text.to_owned())
}
