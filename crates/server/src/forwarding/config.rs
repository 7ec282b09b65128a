use std::fmt;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use thiserror::Error;
use url::Url;

use super::receiver::{Receiver, without_secrets};
use super::secret::{BadSecret, Secret};

/// The flags for forwarding interventions.
#[derive(Clone, Default, Args)]
pub struct ForwardConfig {
    /// Forward each triggered intervention to this http or https URL. Repeat it for several receivers (in the environment, separate
    /// them with spaces).
    #[arg(
        long = "forward",
        env = "SIGNALS_FORWARD",
        value_name = "URL",
        value_delimiter = ' ',
        hide_env_values = true
    )]
    pub urls: Vec<String>,

    /// With --forward: the secret that signs what is sent, whsec_ and 24 bytes or more in Base64. While you change it, repeat it with
    /// the old one: both sign (in the environment, separate them with spaces).
    #[arg(
        long = "forward-secret",
        env = "SIGNALS_FORWARD_SECRET",
        value_name = "SECRET",
        value_delimiter = ' ',
        hide_env_values = true
    )]
    pub secrets: Vec<String>,

    /// With --kafka: write each triggered intervention to this topic too.
    #[arg(id = "forward_topic", long = "forward-topic", env = "SIGNALS_FORWARD_TOPIC", value_name = "TOPIC", requires = "kafka", value_parser = NonEmptyStringValueParser::new())]
    pub topic: Option<String>,
}

/// Why the server cannot forward. Each message begins with the flag to change, and contains no secret.
#[derive(Debug, Error)]
pub enum ForwardError {
    /// A value is not an address.
    #[error(
        "--forward (SIGNALS_FORWARD): {number} is not a URL: {reason}. It must be an http or https URL, such as https://example.com/hook"
    )]
    NotAUrl {
        /// Which one of the values, in words.
        number: String,
        /// What is wrong with it.
        reason: url::ParseError,
    },
    /// An address of another scheme.
    #[error("--forward {url}: must be an http or https URL")]
    OtherScheme {
        /// The address without its secrets.
        url: String,
    },
    /// A value with a scheme that has no hosts, or without a scheme.
    #[error(
        "--forward (SIGNALS_FORWARD): {number} must be an http or https URL, such as https://example.com/hook"
    )]
    NotAWebAddress {
        /// Which one of the values, in words.
        number: String,
    },
    /// Two receivers that people could not tell apart.
    #[error(
        "--forward {url}: given twice. Two receivers must differ in more than user, password, query and fragment"
    )]
    Twice {
        /// The address without its secrets.
        url: String,
    },
    /// There is nothing to sign with.
    #[error(
        "--forward needs --forward-secret (SIGNALS_FORWARD_SECRET), which signs what is sent. Make one with: echo \"whsec_$(openssl rand -base64 32)\""
    )]
    NoSecret,
    /// There is nothing to sign.
    #[error(
        "--forward-secret (SIGNALS_FORWARD_SECRET) needs --forward: it signs what is sent there"
    )]
    NoUrl,
    /// The secret does not have the form of Standard Webhooks.
    #[error("--forward-secret (SIGNALS_FORWARD_SECRET): {0}")]
    Secret(#[from] BadSecret),
    /// The server would send to itself.
    #[error("--forward {url}: is this server itself")]
    Itself {
        /// The address without its secrets.
        url: String,
    },
    /// The topic is the one that the server reads.
    #[error(
        "--forward-topic {topic}: is the topic that the server reads (--kafka-topic). Choose another one"
    )]
    ReadTopic {
        /// The topic.
        topic: String,
    },
    /// There are no certificates to check those of receivers with.
    #[error("--forward: cannot use TLS: {0}")]
    Tls(String),
}

impl ForwardConfig {
    /// The receivers, in the order of the flags. `read_topic` is the topic that the server reads from Kafka.
    ///
    /// # Errors
    /// The first flag that cannot be used.
    pub(crate) fn receivers(&self, read_topic: &str) -> Result<Vec<Receiver>, ForwardError> {
        let mut receivers: Vec<Receiver> = Vec::new();
        for (index, text) in self.urls.iter().enumerate() {
            let receiver = Receiver::webhook(parse(text, index, self.urls.len())?);
            if receivers.iter().any(|known| known.name() == receiver.name()) {
                return Err(ForwardError::Twice { url: receiver.name().to_string() });
            }
            receivers.push(receiver);
        }
        if let Some(topic) = &self.topic {
            if topic == read_topic {
                return Err(ForwardError::ReadTopic { topic: topic.clone() });
            }
            receivers.push(Receiver::topic(topic));
        }
        tell_hosts_apart(&mut receivers);
        match (self.urls.is_empty(), self.secrets.is_empty()) {
            (false, true) => Err(ForwardError::NoSecret),
            (true, false) => Err(ForwardError::NoUrl),
            _ => Ok(receivers),
        }
    }

    /// What signs the messages.
    ///
    /// # Errors
    /// When a secret is not one.
    pub(crate) fn secret(&self) -> Result<Secret, ForwardError> {
        Ok(Secret::parse(&self.secrets)?)
    }
}

/// Without addresses and secrets.
impl fmt::Debug for ForwardConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { urls, secrets, topic } = self;
        formatter
            .debug_struct("ForwardConfig")
            .field("urls", &urls.len())
            .field("secrets", &secrets.len())
            .field("topic", topic)
            .finish()
    }
}

fn parse(text: &str, index: usize, count: usize) -> Result<Url, ForwardError> {
    // The text is not shown: it can be a secret in the wrong place.
    let number =
        || if count == 1 { "the value".to_owned() } else { format!("value {}", index + 1) };
    let url =
        Url::parse(text).map_err(|reason| ForwardError::NotAUrl { number: number(), reason })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ if url.has_host() => Err(ForwardError::OtherScheme { url: without_secrets(&url) }),
        // Such as a user and a password without a scheme.
        _ => Err(ForwardError::NotAWebAddress { number: number() }),
    }
}

fn tell_hosts_apart(receivers: &mut [Receiver]) {
    for index in 1..receivers.len() {
        let (earlier, [receiver, ..]) = receivers.split_at_mut(index) else { continue };
        let host = receiver.host().to_owned();
        let same_host = earlier.iter().filter(|earlier| earlier.host() == host).count();
        if same_host > 0 {
            receiver.set_number(same_host + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        config: ForwardConfig,

        #[arg(long)]
        kafka: Option<String>,
    }

    fn config(arguments: &[&str]) -> ForwardConfig {
        Cli::parse_from(["server"].iter().chain(arguments)).config
    }

    fn refusal(arguments: &[&str]) -> String {
        let config = config(arguments);
        let secret = config.secret().err();
        config.receivers("enriched-good").err().or(secret).unwrap().to_string()
    }

    fn names(arguments: &[&str]) -> Vec<(String, String)> {
        let receivers = config(arguments).receivers("enriched-good").unwrap();
        let owned = |receiver: &Receiver| (receiver.name().to_string(), receiver.label());
        receivers.iter().map(owned).collect()
    }

    #[test]
    fn there_is_nothing_to_forward_to_by_default() {
        assert_eq!(names(&[]), []);
    }

    #[test]
    fn receivers_on_the_same_host_are_counted_apart() {
        let flags = [
            "--forward",
            "https://a.example/x?token=1",
            "--forward",
            "http://b.example:81/",
            "--forward",
            "https://a.example/y",
            "--forward-secret",
            SECRET,
            "--kafka",
            "k:9092",
            "--forward-topic",
            "out",
        ];
        let expected = [
            ("https://a.example/x", "a.example"),
            ("http://b.example:81/", "b.example:81"),
            ("https://a.example/y", "a.example (2)"),
            ("Kafka topic out", "Kafka topic out"),
        ];
        assert_eq!(names(&flags), expected.map(|(name, label)| (name.into(), label.into())));
    }

    #[test]
    fn what_cannot_be_used_is_named_without_secrets() {
        let cases: [(&[&str], &str); 9] = [
            (
                &["--forward", "ada:pass@a.example/x"],
                "--forward (SIGNALS_FORWARD): the value must be an http or https URL",
            ),
            (
                &["--forward", "example.com/hook?pass"],
                "--forward (SIGNALS_FORWARD): the value is not a URL",
            ),
            (
                &["--forward", "https://a.example", "--forward", ""],
                "--forward (SIGNALS_FORWARD): value 2 is not a URL",
            ),
            (
                &["--forward", "ftp://u:pass@a.example/x?pass"],
                "--forward ftp://a.example/x: must be an http or https URL",
            ),
            (
                &["--forward", "https://a.example/x?pass", "--forward", "https://pass@a.example/x"],
                "--forward https://a.example/x: given twice",
            ),
            (&["--forward", "https://a.example"], "--forward needs --forward-secret"),
            (
                &["--forward-secret", SECRET],
                "--forward-secret (SIGNALS_FORWARD_SECRET) needs --forward",
            ),
            (
                &["--forward", "https://a.example", "--forward-secret", "pass!"],
                "--forward-secret (SIGNALS_FORWARD_SECRET): must be Base64, usually after whsec_",
            ),
            (
                &["--kafka", "k:9092", "--forward-topic", "enriched-good"],
                "--forward-topic enriched-good: is the topic that the server reads",
            ),
        ];
        for (flags, expected) in cases {
            let message = refusal(flags);
            assert!(message.starts_with(expected), "{message}");
            assert!(!message.contains("pass@") && !message.contains("?pass"), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
        assert!(Cli::try_parse_from(["server", "--forward-topic", "t"]).is_err(), "needs --kafka");
    }

    #[test]
    fn the_debug_form_has_no_secrets() {
        let flags = ["--forward", "https://u:pass@a.example", "--forward-secret", SECRET];
        let shown = format!("{:?}", config(&flags));
        assert!(!shown.contains("pass") && !shown.contains("whsec"), "{shown}");
    }
}
