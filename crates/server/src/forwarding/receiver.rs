use std::fmt;
use std::sync::Arc;

use url::Url;

/// Where interventions are forwarded to.
#[derive(Debug, Clone)]
pub struct Receiver {
    name: Arc<str>,
    host: String,
    /// Which one of the receivers on its host it is.
    number: usize,
    destination: Destination,
}

/// How messages reach a receiver.
#[derive(Clone)]
pub(crate) enum Destination {
    /// By POST to this address, which can contain a password.
    Webhook(Url),
    /// Through a Kafka topic.
    Topic(String),
}

impl Receiver {
    pub(super) fn webhook(url: Url) -> Self {
        let name = without_secrets(&url);
        // The metrics are public, and some addresses have a secret path.
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Self { name: name.into(), host, number: 1, destination: Destination::Webhook(url) }
    }

    pub(super) fn topic(topic: &str) -> Self {
        let name = format!("Kafka topic {topic}");
        let destination = Destination::Topic(topic.to_owned());
        Self { name: name.as_str().into(), host: name, number: 1, destination }
    }

    /// The name in the log, in the data file and in reports: the address without user, password and query.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The host and port, or the topic.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Makes this one of several receivers on its host.
    pub(super) fn set_number(&mut self, number: usize) {
        self.number = number;
    }

    /// The name in the metrics: the host and, from the second receiver on it on, a number.
    pub(super) fn label(&self) -> String {
        match self.number {
            1 => self.host.clone(),
            number => format!("{} ({number})", self.host),
        }
    }

    pub(crate) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// How many messages are sent at the same time.
    pub(super) fn max_at_once(&self) -> usize {
        match self.destination {
            Destination::Webhook(_) => 16,
            // They are written in batches.
            Destination::Topic(_) => 1_000,
        }
    }
}

/// Without secrets.
impl fmt::Debug for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook(url) => write!(formatter, "Webhook({})", without_secrets(url)),
            Self::Topic(topic) => write!(formatter, "Topic({topic})"),
        }
    }
}

/// The address without the parts that often hold a secret.
pub(super) fn without_secrets(url: &Url) -> String {
    let mut shown = url.clone();
    // Only addresses without a host have no place for these.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(None);
    shown.set_fragment(None);
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_secrets_and_labels_no_paths() {
        let url = "https://ada:secret@hooks.example.com:8443/T0/B1?token=secret#x";
        let receiver = Receiver::webhook(url.parse().unwrap());
        assert_eq!(&**receiver.name(), "https://hooks.example.com:8443/T0/B1");
        assert_eq!(receiver.label(), "hooks.example.com:8443");
        assert!(!format!("{receiver:?}").contains("secret"));
        let Destination::Webhook(destination) = receiver.destination() else { panic!() };
        assert!(destination.as_str().contains("token=secret"));
    }
}
