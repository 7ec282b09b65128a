use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{FalseyValueParser, NonEmptyStringValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::{Map, Value};
use signals_server::{DEFAULT_TOKEN, Hosted};
use thiserror::Error;
use tracing::level_filters::LevelFilter;

/// Mock of the Snowplow collector and of Signals: receives events, computes attributes and streams interventions.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "signals-mock-server",
    version,
    args_override_self = true,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    /// The command to run. Without one, the server starts.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Options of the server.
    #[command(flatten)]
    pub config: Config,
}

const EXAMPLES: &str = "\
Examples:
  signals-mock-server
      Serve the collector, the stream and the registry on http://127.0.0.1:8787, with the tutorial's rules
  signals-mock-server --definitions rules.json --data signals.redb
      Serve your own rules, and keep all data in a file across restarts
  signals-mock-server check rules.json
      Check whether a server could start with these definitions, and show where the first error is
  signals-mock-server watch --id 218e8926-3858-431d-b2ed-66da03a1cbe5
      Show the interventions for one browser as they arrive
  signals-mock-server trigger discount --id 218e8926-3858-431d-b2ed-66da03a1cbe5 --attributes '{\"code\": \"SAVE10\"}'
      Push an intervention to that browser
  signals-mock-server replay recorded.jsonl --speed 10
      Send recorded events, ten times as fast as they happened

While the server runs, /docs describes the API, /inspector shows what happens to one shopper, and /metrics is for Prometheus.";

/// A command that runs instead of the server.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Check definitions files, and show where the first error is.
    Check {
        /// Definitions files. Each can refer to the definitions of the files before it.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print what is registered on a running server, as a definitions file.
    Export(ServerArgs),
    /// Push an intervention without a rule, and print whether a stream received it.
    #[command(after_help = "\
Prints `success` if an open stream received the intervention. Otherwise prints `undelivered`: the intervention waits one minute for
a stream, unless the server runs with --hosted.

Example:
  signals-mock-server trigger discount --id 218e8926-3858-431d-b2ed-66da03a1cbe5 --attributes '{\"code\": \"SAVE10\"}'")]
    Trigger(TriggerOptions),
    /// Show interventions as they arrive, and reconnect when the connection is lost.
    #[command(after_help = "\
Interventions go to standard output. Messages about the connection go to standard error.

Examples:
  signals-mock-server watch --id 218e8926-3858-431d-b2ed-66da03a1cbe5
  signals-mock-server watch --key user_id --id alice --id bob --json | jq .name
  signals-mock-server watch --id 218e8926-3858-431d-b2ed-66da03a1cbe5 --count 1 && echo got one")]
    Watch(WatchOptions),
    /// Send recorded events to a collector, at the intervals at which they were recorded.
    #[command(after_help = "\
With --format tracker, a recording is a file of JSON lines, or a JSON array. Each element is one of:
  a payload of the Snowplow tracker protocol    {\"e\": \"pv\", \"eid\": …}
  the body of a POST request                    {\"schema\": …, \"data\": [payload, …]}
  a request                                     {\"method\", \"path\", \"headers\", \"body\"}
The intervals come from `stm`, the time at which an event was sent, or else from `dtm`, the time at which it happened.

With --format enriched-tsv, a recording is a file of enriched events, as Snowplow's enrichment writes them. Each line has 131
tab-separated columns. The intervals come from `collector_tstamp`. Only a mock server receives these events, and it needs --token.

Examples:
  signals-mock-server replay recorded.jsonl
  signals-mock-server replay recorded.jsonl --speed max --new-ids
  signals-mock-server replay enriched.tsv --format enriched-tsv --speed 10
  zcat recorded.jsonl.gz | signals-mock-server replay - --speed 100")]
    Replay(ReplayOptions),
}

/// The address of a running server.
#[derive(Debug, Clone, Args)]
pub struct ServerUrl {
    /// Address of the running server. TLS is not supported.
    #[arg(long, env = "SIGNALS_URL", default_value = "http://127.0.0.1:8787", value_parser = plain_url)]
    pub url: String,
}

/// A running server, and the token for its protected routes.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerUrl,

    /// Token of the server.
    #[arg(long, env = "SIGNALS_TOKEN", default_value = DEFAULT_TOKEN, hide_env_values = true)]
    pub token: String,
}

/// The ids that a command is about.
#[derive(Debug, Clone, Args)]
pub struct Targets {
    /// Attribute key of the ids.
    #[arg(long, default_value = "domain_userid", value_parser = NonEmptyStringValueParser::new())]
    pub key: String,

    /// Id of a browser, user or session. Repeat it for several ids.
    #[arg(long = "id", value_name = "ID", required = true)]
    pub ids: Vec<String>,
}

/// Options of `trigger`.
#[derive(Debug, Clone, Args)]
pub struct TriggerOptions {
    /// Name of the intervention. The page uses it to decide what to show.
    pub name: String,

    /// The ids that receive it.
    #[command(flatten)]
    pub targets: Targets,

    /// Attribute values of the intervention, as a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = json_object)]
    pub attributes: Map<String, Value>,

    /// Version of the intervention.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub version: u64,

    /// Id of the intervention. By default, a new UUID. Pages ignore an id that they have already received.
    #[arg(long, value_name = "ID")]
    pub intervention_id: Option<String>,

    /// The server to push to.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Options of `watch`.
#[derive(Debug, Clone, Args)]
pub struct WatchOptions {
    /// The ids to watch.
    #[command(flatten)]
    pub targets: Targets,

    /// Print each intervention as one line of JSON, as it is on the stream.
    #[arg(long)]
    pub json: bool,

    /// Exit after N interventions.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Resume after this event of the stream. The server replays the later interventions that it still keeps.
    #[arg(long, value_name = "ID")]
    pub last_event_id: Option<String>,

    /// The server to watch.
    #[command(flatten)]
    pub server: ServerUrl,
}

/// Options of `replay`.
#[derive(Debug, Clone, Args)]
pub struct ReplayOptions {
    /// Recording to send. Use - for standard input.
    pub file: PathBuf,

    /// What the recording contains.
    #[arg(long, value_enum, default_value_t = Format::Tracker)]
    pub format: Format,

    /// How many times faster than recorded. `max` sends without waiting.
    #[arg(long, default_value = "1", value_name = "FACTOR|max")]
    pub speed: Speed,

    /// Give every event a new id. A server counts events with the same id once.
    #[arg(long)]
    pub new_ids: bool,

    /// The server to send to.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What a recording contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Requests or payloads of trackers, as JSON.
    Tracker,
    /// Enriched events, as tab-separated lines.
    EnrichedTsv,
}

/// The speed of a replay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// This many times faster than recorded.
    Times(f64),
    /// Without waiting.
    Max,
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>() {
            _ if text == "max" => Ok(Self::Max),
            Ok(times) if times.is_finite() && times > 0.0 => Ok(Self::Times(times)),
            _ => Err("must be a number greater than 0, or max".to_owned()),
        }
    }
}

impl Targets {
    /// The ids as the query of a stream's URL.
    pub(crate) fn query(&self) -> String {
        let pairs = self.ids.iter().map(|id| (&self.key, id));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.key, self.ids.join(", "))
    }
}

fn plain_url(text: &str) -> Result<String, &'static str> {
    if text.starts_with("https:") {
        return Err("commands do not support TLS: pass an http:// address");
    }
    Ok(text.to_owned())
}

fn json_object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("must be a JSON object: {error}"))
}

/// Options of the server.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The flags that all servers share.
    #[command(flatten)]
    pub server: signals_server::ServerConfig,

    /// Directory with the shop's files, served at /. Browsers that accept gzip receive FILE.gz if it is beside FILE.
    #[arg(long, env = "SIGNALS_WWW", value_name = "DIR")]
    pub www: Option<PathBuf>,

    /// Guarantee no more than hosted Signals: interventions are not replayed and do not wait for a stream, and the collector
    /// answers before an event is processed.
    #[arg(long, env = "SIGNALS_HOSTED", value_parser = FalseyValueParser::new())]
    pub hosted: bool,

    /// With --hosted: milliseconds between the collector's answer and the processing of the events. By default, 500.
    #[arg(long, env = "SIGNALS_PROCESSING_DELAY", value_name = "MS")]
    pub processing_delay: Option<u32>,

    /// What to log: error, warn, info, debug or trace, or a filter such as warn,signals_mock_server=debug. Ids are logged
    /// only at level debug.
    #[arg(long, env = "SIGNALS_LOG", value_name = "LEVEL", default_value = "info", value_parser = log_filter)]
    pub log: String,
}

/// The filter's parser takes a mistyped level for the name of a crate, and would then log nothing.
fn log_filter(text: &str) -> Result<String, &'static str> {
    let is_word = text.chars().all(char::is_alphanumeric);
    if is_word && text.parse::<LevelFilter>().is_err() {
        return Err(
            "must be error, warn, info, debug, trace or a filter such as warn,signals_mock_server=debug",
        );
    }
    Ok(text.to_owned())
}

/// `--processing-delay` without `--hosted`.
#[derive(Debug, Error)]
#[error(
    "--processing-delay (SIGNALS_PROCESSING_DELAY) needs --hosted. Without it, events are processed at once"
)]
pub struct MisusedDelay;

impl Config {
    /// About as long as hosted Signals takes.
    const DEFAULT_PROCESSING_DELAY_MS: u32 = 500;

    /// The options of `--hosted`, if it is set.
    ///
    /// # Errors
    /// When there is a delay without `--hosted`.
    pub fn hosted(&self) -> Result<Option<Hosted>, MisusedDelay> {
        match (self.hosted, self.processing_delay) {
            (false, None) => Ok(None),
            (false, Some(_)) => Err(MisusedDelay),
            (true, delay) => {
                let millis = delay.unwrap_or(Self::DEFAULT_PROCESSING_DELAY_MS);
                let processing_delay = Duration::from_millis(millis.into());
                Ok(Some(Hosted { processing_delay }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(arguments: &[&str]) -> Config {
        let program = ["signals-mock-server", "--port", "0"];
        Cli::parse_from(program.iter().chain(arguments)).config
    }

    #[test]
    fn what_to_log_is_a_level_or_a_filter() {
        for log in ["error", "INFO", "off", "warn,signals_mock_server=debug", "signals_mock_server"]
        {
            assert_eq!(config(&["--log", log]).log, log);
        }
        let refused = Cli::try_parse_from(["signals-mock-server", "--log", "verbose"]).unwrap_err();
        assert!(refused.to_string().contains("'verbose' for '--log <LEVEL>'"), "{refused}");
    }

    #[test]
    fn a_processing_delay_is_for_servers_that_are_like_the_hosted_one() {
        let delay = |arguments: &[&str]| {
            let hosted = config(arguments).hosted().map_err(|error| error.to_string())?;
            Ok::<_, String>(hosted.map(|hosted| hosted.processing_delay.as_millis()))
        };
        assert_eq!(delay(&[]), Ok(None));
        assert_eq!(delay(&["--hosted"]), Ok(Some(500)));
        assert_eq!(delay(&["--hosted", "--processing-delay", "0"]), Ok(Some(0)));
        let refused = delay(&["--processing-delay", "500"]).unwrap_err();
        assert!(refused.starts_with("--processing-delay "), "{refused}");
    }

    #[test]
    fn the_commands_say_that_they_do_not_speak_tls() {
        let command = ["signals-mock-server", "export", "--url", "https://localhost:8787"];
        let refused = Cli::try_parse_from(command).unwrap_err().to_string();
        assert!(refused.contains("commands do not support TLS"), "{refused}");
    }
}
