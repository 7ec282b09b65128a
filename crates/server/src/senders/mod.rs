//! Sends what [`Forwarding`] decides to send: by HTTP or to a Kafka topic. One task per receiver, so that a slow one delays neither
//! the others nor streams.

mod itself;
#[cfg(feature = "kafka")]
mod topic;
mod webhook;
#[cfg(not(feature = "kafka"))]
mod without;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time;

#[cfg(feature = "kafka")]
use self::topic::TopicSender;
use self::webhook::WebhookSender;
#[cfg(not(feature = "kafka"))]
use self::without::TopicSender;
use crate::config::ServerConfig;
use crate::forwarding::{Destination, ForwardError, Forwarding, Message, Outcome, Receiver, Step};
use crate::kafka::KafkaError;

/// The senders of all receivers, in their order. By default, there are none.
#[derive(Debug, Default)]
pub struct Senders {
    senders: Vec<Arc<Sender>>,
}

#[derive(Debug)]
enum Sender {
    Webhook(WebhookSender),
    Topic(TopicSender),
}

/// Why the server cannot forward.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// A flag of forwarding cannot be used.
    #[error(transparent)]
    Forward(#[from] ForwardError),
    /// The topic cannot be written.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

impl Senders {
    /// Prepares to send to the receivers of a server that listens on `listening`. Connects to Kafka if there is a topic.
    ///
    /// # Errors
    /// When a receiver is the server itself, there are no certificates to check receivers with, or the topic cannot be written.
    pub(crate) async fn new(
        config: &ServerConfig,
        receivers: &[Receiver],
        listening: SocketAddr,
    ) -> Result<Self, SenderError> {
        let secret = Arc::new(config.forward.secret()?);
        if secret.is_weak() {
            tracing::warn!(
                "--forward-secret has fewer than 24 bytes, so others could guess it. Make a longer one with: echo \"whsec_$(openssl rand -base64 32)\""
            );
        }
        let mut senders = Vec::new();
        for receiver in receivers {
            let sender = match receiver.destination() {
                Destination::Webhook(url) => {
                    if itself::leads_to(url, listening).await {
                        return Err(
                            ForwardError::Itself { url: receiver.name().to_string() }.into()
                        );
                    }
                    Sender::Webhook(WebhookSender::new(url.clone(), Arc::clone(&secret))?)
                }
                Destination::Topic(topic) => {
                    Sender::Topic(TopicSender::connect(&config.kafka, topic).await?)
                }
            };
            senders.push(Arc::new(sender));
        }
        Ok(Self { senders })
    }

    /// Sends until [`Forwarding::shut_down`], and then finishes the attempts that are under way.
    pub(crate) async fn run(self, forwarding: Forwarding) {
        let mut tasks = JoinSet::new();
        for (receiver, sender) in self.senders.into_iter().enumerate() {
            tasks.spawn(send_all(forwarding.clone(), receiver, sender));
        }
        tasks.join_all().await;
    }
}

async fn send_all(forwarding: Forwarding, receiver: usize, sender: Arc<Sender>) {
    let mut attempts = JoinSet::new();
    let settle = |(number, outcome): (u64, Outcome)| {
        forwarding.settle(receiver, number, &outcome);
    };
    loop {
        let wait = match forwarding.next(receiver) {
            Step::Send { number, message } => {
                let sender = Arc::clone(&sender);
                attempts.spawn(async move { (number, sender.send(&message).await) });
                continue;
            }
            Step::Wait(wait) => wait,
            Step::End => break,
        };
        tokio::select! {
            // Attempts are never cancelled and do not panic.
            Some(Ok(done)) = attempts.join_next() => settle(done),
            () = forwarding.changed(receiver) => {}
            () = time::sleep(wait) => {}
        }
    }
    while let Some(Ok(done)) = attempts.join_next().await {
        settle(done);
    }
}

impl Sender {
    async fn send(&self, message: &Message) -> Outcome {
        match self {
            Self::Webhook(sender) => sender.send(message).await,
            Self::Topic(sender) => sender.send(message).await,
        }
    }
}
