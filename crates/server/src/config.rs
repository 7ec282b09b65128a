use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use clap::builder::{FalseyValueParser, NonEmptyStringValueParser};
use thiserror::Error;
use tokio::net;

use crate::forwarding::{ForwardConfig, ForwardError, Receiver};
use crate::kafka::KafkaConfig;
use crate::serving::{Tls, TlsError};
use crate::state::Persistence;

/// The token of a server that was started without one. It is public, so it protects nothing.
pub const DEFAULT_TOKEN: &str = "sandbox";

/// The flags that all servers share.
#[derive(Debug, Clone, Args)]
pub struct ServerConfig {
    /// Address or host name to listen on.
    #[arg(long, env = "SIGNALS_HOST", default_value = "127.0.0.1", value_parser = NonEmptyStringValueParser::new())]
    pub host: String,

    /// Port to listen on. With 0, the system chooses one.
    #[arg(long, env = "SIGNALS_PORT", default_value_t = 8787)]
    pub port: u16,

    /// Definitions file. Repeat it to merge several files (in the environment, separate them with commas). By default, the
    /// tutorial's definitions.
    #[arg(long, env = "SIGNALS_DEFINITIONS", value_name = "FILE", value_delimiter = ',')]
    pub definitions: Vec<PathBuf>,

    /// Data file that keeps definitions, profiles and interventions across restarts. It is created if it does not exist. By
    /// default, everything is kept in memory. A file that already has definitions keeps them, and --definitions adds to them.
    #[arg(long, env = "SIGNALS_DATA", value_name = "FILE")]
    pub data: Option<PathBuf>,

    /// Token that protects everything except the collector, the stream and the shop.
    #[arg(long, env = "SIGNALS_TOKEN", default_value = DEFAULT_TOKEN, hide_env_values = true, value_parser = NonEmptyStringValueParser::new())]
    pub token: String,

    /// Accept only canonical UUIDs as ids of streams, also for attribute keys of other types. `client_session_user_id` can also be
    /// 16 hexadecimal digits.
    #[arg(long, env = "SIGNALS_STRICT_IDS", value_parser = FalseyValueParser::new())]
    pub strict_ids: bool,

    /// PEM file with the certificate for TLS, followed by its intermediate certificates. Over TLS, clients can also use HTTP/2.
    #[arg(long, env = "SIGNALS_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's private key.
    #[arg(long, env = "SIGNALS_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// Another input besides the collector.
    #[command(flatten)]
    pub kafka: KafkaConfig,

    /// Other outputs besides streams.
    #[command(flatten)]
    pub forward: ForwardConfig,
}

/// Why the server cannot listen on its address.
#[derive(Debug, Error)]
pub enum ListenError {
    /// The host name cannot be resolved.
    #[error("cannot listen on {host}: {source}")]
    UnknownHost {
        /// The configured host.
        host: String,
        /// The resolver's error.
        source: io::Error,
    },
    /// The address is not a loopback address, and the token is the public default.
    #[error(
        "refusing to listen on {host} with the default token, because others can reach it. Choose a token with --token or SIGNALS_TOKEN"
    )]
    DefaultToken {
        /// The configured host.
        host: String,
    },
    /// The address is in use or does not belong to this machine.
    #[error("cannot listen on {address}: {}", reason(source))]
    Unavailable {
        /// The first address tried.
        address: String,
        /// The system's error.
        source: io::Error,
    },
}

/// A flag that needs another one.
#[derive(Debug, Error)]
pub enum MisusedFlag {
    /// `--tls-cert` without `--tls-key`.
    #[error(
        "--tls-cert (SIGNALS_TLS_CERT) needs --tls-key. Pass both to serve over TLS, or neither"
    )]
    CertificateAlone,
    /// `--tls-key` without `--tls-cert`.
    #[error(
        "--tls-key (SIGNALS_TLS_KEY) needs --tls-cert. Pass both to serve over TLS, or neither"
    )]
    KeyAlone,
}

/// Why the server cannot serve over TLS.
#[derive(Debug, Error)]
pub enum TlsConfigError {
    /// One of the two flags is missing.
    #[error(transparent)]
    Flags(#[from] MisusedFlag),
    /// One of the two files cannot be used.
    #[error(transparent)]
    Files(#[from] TlsError),
}

impl ServerConfig {
    /// Where to keep the server's state across restarts, if a data file is configured.
    pub fn persistence(&self) -> Option<Persistence> {
        let file = self.data.clone()?;
        Some(Persistence { file, republish: !self.definitions.is_empty() })
    }

    /// The receivers of forwarded interventions.
    ///
    /// # Errors
    /// When a flag of forwarding cannot be used.
    pub fn receivers(&self) -> Result<Vec<Receiver>, ForwardError> {
        self.forward.receivers(&self.kafka.topic)
    }

    /// Binds the configured address.
    ///
    /// # Errors
    /// When the host is unknown, the port is in use, or others could reach the server with the default token.
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

    /// The certificate and key for TLS, if they are configured.
    ///
    /// # Errors
    /// When only one of certificate and key is given, or a file cannot be used.
    pub fn tls(&self) -> Result<Option<Tls>, TlsConfigError> {
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(Tls::from_files(certificate, key)?)),
            (Some(_), None) => Err(MisusedFlag::CertificateAlone.into()),
            (None, Some(_)) => Err(MisusedFlag::KeyAlone.into()),
        }
    }

    /// The address of a server that listens on `port`.
    pub fn url(&self, port: u16) -> String {
        let scheme = if self.tls_cert.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address(port))
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
        io::ErrorKind::AddrInUse => "the port is in use. Choose another one with --port".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    #[command(args_override_self = true)]
    struct Cli {
        #[command(flatten)]
        config: ServerConfig,
    }

    fn config(arguments: &[&str]) -> ServerConfig {
        let program = ["server", "--port", "0"];
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
                "cannot listen on 127.0.0.1:{port}: the port is in use. Choose another one with --port"
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
