use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{FalseyValueParser, NonEmptyStringValueParser};
use clap::{Args, Parser, Subcommand};
use serde_json::{Map, Value};
use signals_server::{DEFAULT_TOKEN, Hosted};
use thiserror::Error;
use tracing::level_filters::LevelFilter;

/// Stands in for the Snowplow collector and for Signals: takes events in, computes attributes, streams interventions.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "signals-mock-server",
    version,
    args_override_self = true,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    /// What to do; serve when not given.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// How to serve.
    #[command(flatten)]
    pub config: Config,
}

const EXAMPLES: &str = "\
Examples:
  signals-mock-server
      serves the collector, the stream and the registry on http://127.0.0.1:8787, with the tutorial's rules
  signals-mock-server --definitions rules.json --data signals.redb
      serves rules of your own, and goes on where it was when it is started again
  signals-mock-server check rules.json
      says whether a server could start with them and, if not, where and why
  signals-mock-server watch --id 218e8926-3858-431d-b2ed-66da03a1cbe5
      shows what one browser gets, as it gets it
  signals-mock-server trigger discount --id 218e8926-3858-431d-b2ed-66da03a1cbe5 --attributes '{\"code\": \"SAVE10\"}'
      pushes an intervention to it
  signals-mock-server replay recorded.jsonl --speed 10
      sends recorded events, ten times as fast as they happened

On the running server /docs describes the API, /inspector shows what happens to one shopper, /metrics counts.";

/// What to do instead of serving.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Says whether a server could start with these definitions and, if not, where and why.
    Check {
        /// Definitions files. Each may refer to what those before it define.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Writes what a running server has registered to the standard output, as a definitions file.
    Export(ServerArgs),
    /// Pushes an intervention to a browser, or whoever has an id, without a rule; prints what became of it.
    #[command(after_help = "\
Prints `success` when an open stream got it, or `undelivered`: then it waits a minute for the first stream, unless the server runs
with --hosted.

Example:
  signals-mock-server trigger discount --id 218e8926-3858-431d-b2ed-66da03a1cbe5 --attributes '{\"code\": \"SAVE10\"}'")]
    Trigger(TriggerOptions),
    /// Shows the interventions of some ids as they arrive, and connects again when the connection is lost.
    #[command(after_help = "\
Interventions go to the standard output, and how the connection is to the standard error.

Examples:
  signals-mock-server watch --id 218e8926-3858-431d-b2ed-66da03a1cbe5
  signals-mock-server watch --key user_id --id alice --id bob --json | jq .name
  signals-mock-server watch --id 218e8926-3858-431d-b2ed-66da03a1cbe5 --count 1 && echo got one")]
    Watch(WatchOptions),
    /// Sends recorded events to a collector, at the intervals in which they were recorded.
    #[command(after_help = "\
A recording is a file of JSON lines, each a payload of the Snowplow tracker protocol ({\"e\": \"pv\", \"eid\": …}) or the body of a
POST request ({\"schema\": …, \"data\": [payload, …]}), or a JSON array of requests ({\"method\", \"path\", \"headers\", \"body\"}). The
intervals are those of `stm`, when an event was sent, or else `dtm`, when it happened.

Examples:
  signals-mock-server replay recorded.jsonl
  signals-mock-server replay recorded.jsonl --speed max --new-ids
  zcat recorded.jsonl.gz | signals-mock-server replay - --speed 100")]
    Replay(ReplayOptions),
}

/// Where a running server is.
#[derive(Debug, Clone, Args)]
pub struct ServerUrl {
    /// Where the server listens. Not over TLS.
    #[arg(long, env = "SIGNALS_URL", default_value = "http://127.0.0.1:8787", value_parser = plain_url)]
    pub url: String,
}

/// A running server, and what it takes to change something there.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// Where it is.
    #[command(flatten)]
    pub server: ServerUrl,

    /// The server's token.
    #[arg(long, env = "SIGNALS_TOKEN", default_value = DEFAULT_TOKEN, hide_env_values = true)]
    pub token: String,
}

/// Who is meant.
#[derive(Debug, Clone, Args)]
pub struct Targets {
    /// Attribute key that the ids are of.
    #[arg(long, default_value = "domain_userid", value_parser = NonEmptyStringValueParser::new())]
    pub key: String,

    /// Whose; repeat it for several.
    #[arg(long = "id", value_name = "ID", required = true)]
    pub ids: Vec<String>,
}

/// What to push to whom.
#[derive(Debug, Clone, Args)]
pub struct TriggerOptions {
    /// Name of the intervention, by which the page decides what to show.
    pub name: String,

    /// Who gets it.
    #[command(flatten)]
    pub targets: Targets,

    /// Attribute values that it carries, as a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = json_object)]
    pub attributes: Map<String, Value>,

    /// Version of the intervention.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub version: u64,

    /// Id of the instance; a new UUID when not given. Pages take one of the same id once.
    #[arg(long, value_name = "ID")]
    pub intervention_id: Option<String>,

    /// Where to.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What to watch.
#[derive(Debug, Clone, Args)]
pub struct WatchOptions {
    /// Whose interventions.
    #[command(flatten)]
    pub targets: Targets,

    /// Show each as a line of JSON, as it is on the stream.
    #[arg(long)]
    pub json: bool,

    /// End after so many.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Begin after this event of the stream, as far as the server still has what came then.
    #[arg(long, value_name = "ID")]
    pub last_event_id: Option<String>,

    /// Where.
    #[command(flatten)]
    pub server: ServerUrl,
}

/// What to replay and how.
#[derive(Debug, Clone, Args)]
pub struct ReplayOptions {
    /// The recording; - for the standard input.
    pub file: PathBuf,

    /// How many times as fast as it was recorded; max does not wait at all.
    #[arg(long, default_value = "1", value_name = "FACTOR|max")]
    pub speed: Speed,

    /// Give every event another id. A server counts events of the same id once.
    #[arg(long)]
    pub new_ids: bool,

    /// Where to.
    #[command(flatten)]
    pub server: ServerUrl,
}

/// How fast a recording is replayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times as fast as it was recorded.
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
    /// As the query of the stream names them.
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
        return Err("the commands do not speak TLS: name a server that listens on http://");
    }
    Ok(text.to_owned())
}

fn json_object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("must be a JSON object: {error}"))
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// What all servers have.
    #[command(flatten)]
    pub server: signals_server::ServerConfig,

    /// Directory with the shop's files, served at /; FILE.gz beside FILE goes to browsers that take gzip.
    #[arg(long, env = "SIGNALS_WWW", value_name = "DIR")]
    pub www: Option<PathBuf>,

    /// Promise no more than hosted Signals: nothing is replayed or waits for a stream, and the collector answers before an
    /// event is processed.
    #[arg(long, env = "SIGNALS_HOSTED", value_parser = FalseyValueParser::new())]
    pub hosted: bool,

    /// With --hosted: milliseconds from the collector's answer to the processing of the events; 500 when not given.
    #[arg(long, env = "SIGNALS_PROCESSING_DELAY", value_name = "MS")]
    pub processing_delay: Option<u32>,

    /// What to log: error, warn, info, debug or trace, or a filter such as warn,signals_mock_server=debug. Identifiers are
    /// logged at debug level only.
    #[arg(long, env = "SIGNALS_LOG", value_name = "LEVEL", default_value = "info", value_parser = log_filter)]
    pub log: String,
}

/// A single word that is no level would be taken for a part of the program, of which there is none: nothing would be logged.
fn log_filter(text: &str) -> Result<String, &'static str> {
    let is_word = text.chars().all(char::is_alphanumeric);
    if is_word && text.parse::<LevelFilter>().is_err() {
        return Err("neither a level nor a filter such as warn,signals_mock_server=debug");
    }
    Ok(text.to_owned())
}

/// A delay that nothing waits for.
#[derive(Debug, Error)]
#[error(
    "--processing-delay (SIGNALS_PROCESSING_DELAY) is for --hosted: without it, events are processed at once"
)]
pub struct MisusedDelay;

impl Config {
    /// Milliseconds between answering and processing that hosted Signals about takes.
    const DEFAULT_PROCESSING_DELAY_MS: u32 = 500;

    /// How to promise no more than hosted Signals, when told to.
    ///
    /// # Errors
    /// When there is a delay for nothing.
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
        assert!(refused.contains("the commands do not speak TLS"), "{refused}");
    }
}
