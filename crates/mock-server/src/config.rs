use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::builder::{FalseyValueParser, NonEmptyStringValueParser};
use clap::{Args, Parser, Subcommand};
use thiserror::Error;
use tokio::net;

/// The token of a server that was not given any. Everybody knows it.
pub const DEFAULT_TOKEN: &str = "sandbox";

/// Stands in for the Snowplow collector and for Signals: takes events in, computes attributes, streams interventions.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "signals-mock-server",
    version,
    args_override_self = true,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// What to do; serve when not given.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// How to serve.
    #[command(flatten)]
    pub config: Config,
}

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
    Export(ExportOptions),
}

/// Where to export from.
#[derive(Debug, Clone, Args)]
pub struct ExportOptions {
    /// Where the server listens.
    #[arg(long, env = "SIGNALS_URL", default_value = "http://127.0.0.1:8787")]
    pub url: String,

    /// The server's token.
    #[arg(long, env = "SIGNALS_TOKEN", default_value = DEFAULT_TOKEN, hide_env_values = true)]
    pub token: String,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Address or host name to listen on.
    #[arg(long, env = "SIGNALS_HOST", default_value = "127.0.0.1", value_parser = NonEmptyStringValueParser::new())]
    pub host: String,

    /// Port to listen on; 0 lets the system choose.
    #[arg(long, env = "SIGNALS_PORT", default_value_t = 8787)]
    pub port: u16,

    /// Definitions file; repeat it to merge several (comma-separated in the environment). The tutorial's definitions when
    /// not given.
    #[arg(long, env = "SIGNALS_DEFINITIONS", value_name = "FILE", value_delimiter = ',')]
    pub definitions: Vec<PathBuf>,

    /// Data file in which definitions, profiles and instances outlive the server; made when it is not there. In memory alone
    /// when not given. A file that is not new keeps its definitions, and those of --definitions are published onto them.
    #[arg(long, env = "SIGNALS_DATA", value_name = "FILE")]
    pub data: Option<PathBuf>,

    /// Directory with the shop's files, served at /.
    #[arg(long, env = "SIGNALS_WWW", value_name = "DIR")]
    pub www: Option<PathBuf>,

    /// Token that protects everything but the collector, the stream and the shop.
    #[arg(long, env = "SIGNALS_TOKEN", default_value = DEFAULT_TOKEN, hide_env_values = true, value_parser = NonEmptyStringValueParser::new())]
    pub token: String,

    /// Let streams subscribe to canonical UUIDs only, also for attribute keys of other types.
    #[arg(long, env = "SIGNALS_STRICT_IDS", value_parser = FalseyValueParser::new())]
    pub strict_ids: bool,

    /// What to log: error, warn, info, debug or trace, or a filter such as warn,signals_mock_server=debug. Identifiers are
    /// logged at debug level only.
    #[arg(long, env = "SIGNALS_LOG", value_name = "LEVEL", default_value = "info")]
    pub log: String,
}

/// Why the server cannot listen where it was told to.
#[derive(Debug, Error)]
pub enum ListenError {
    /// The host name means nothing.
    #[error("cannot listen on {host}: {source}")]
    UnknownHost {
        /// As configured.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// Others could reach the server with a token that everybody knows.
    #[error(
        "refusing to listen on {host} with the default token: others can reach it; choose one with --token"
    )]
    DefaultToken {
        /// As configured.
        host: String,
    },
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {}", reason(source))]
    Unavailable {
        /// The first address tried.
        address: String,
        /// What the system says.
        source: io::Error,
    },
}

impl Config {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the host is unknown or must not be used with the default token, or the port is taken.
    pub async fn listen(&self) -> Result<net::TcpListener, ListenError> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<SocketAddr> = net::lookup_host((host, self.port))
            .await
            .map_err(|source| ListenError::UnknownHost { host: self.host.clone(), source })?
            .collect();
        let is_private = addresses.iter().all(|address| is_loopback(address.ip()));
        if !is_private && self.token == DEFAULT_TOKEN {
            return Err(ListenError::DefaultToken { host: self.host.clone() });
        }
        net::TcpListener::bind(addresses.as_slice())
            .await
            .map_err(|source| ListenError::Unavailable { address: self.address(self.port), source })
    }

    /// Where to reach the server once it listens on `port`.
    pub fn url(&self, port: u16) -> String {
        format!("http://{}", self.address(port))
    }

    fn address(&self, port: u16) -> String {
        let is_bare_ipv6 = self.host.contains(':') && !self.host.starts_with('[');
        if is_bare_ipv6 {
            format!("[{}]:{port}", self.host)
        } else {
            format!("{}:{port}", self.host)
        }
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is in use; choose another one with --port".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(arguments: &[&str]) -> Config {
        let program = ["signals-mock-server", "--port", "0"];
        Cli::parse_from(program.iter().chain(arguments)).config
    }

    async fn refusal(arguments: &[&str]) -> String {
        config(arguments).listen().await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn loopback_hosts_may_use_the_default_token() {
        for host in ["127.0.0.1", "localhost", "127.8.8.8"] {
            config(&["--host", host]).listen().await.unwrap();
        }
    }

    #[tokio::test]
    async fn other_hosts_need_a_token_of_their_own() {
        let message = refusal(&["--host", "0.0.0.0"]).await;
        assert!(message.contains("0.0.0.0") && message.contains("--token"), "{message}");
        config(&["--host", "0.0.0.0", "--token", "secret"]).listen().await.unwrap();
    }

    #[tokio::test]
    async fn a_port_in_use_is_said_in_one_line_that_names_it() {
        let taken = config(&[]).listen().await.unwrap();
        let port = taken.local_addr().unwrap().port().to_string();
        let message = refusal(&["--port", &port]).await;
        assert_eq!(
            message,
            format!(
                "cannot listen on 127.0.0.1:{port}: the port is in use; choose another one with --port"
            )
        );
    }

    #[test]
    fn several_definitions_files_can_be_given() {
        let config = config(&["--definitions", "a.json", "--definitions", "b.json"]);
        assert_eq!(config.definitions, [PathBuf::from("a.json"), PathBuf::from("b.json")]);
    }

    #[test]
    fn ipv6_hosts_are_bracketed_in_urls() {
        assert_eq!(config(&["--host", "::1"]).url(8787), "http://[::1]:8787");
        assert_eq!(config(&["--host", "[::1]"]).url(8787), "http://[::1]:8787");
        assert_eq!(config(&[]).url(8787), "http://127.0.0.1:8787");
    }
}
