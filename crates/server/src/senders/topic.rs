//! Writes a message to a Kafka topic.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::forwarding::{Message, Outcome};
use crate::kafka::{KafkaConfig, KafkaError};

/// How long a question to the brokers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes to one topic.
pub(super) struct TopicSender {
    producer: ThreadedProducer<Context>,
    topic: String,
}

/// Passes the outcome of each record to the attempt that waits for it.
struct Context;

impl TopicSender {
    /// # Errors
    /// When a setting is invalid, no broker answers, or there is no such topic.
    pub(super) async fn connect(config: &KafkaConfig, topic: &str) -> Result<Self, KafkaError> {
        let brokers = config.brokers.clone().unwrap_or_default();
        let (config, topic) = (config.clone(), topic.to_owned());
        spawn_blocking(move || Self::connect_blocking(&config, topic))
            .await
            .unwrap_or_else(|error| Err(unreachable(&brokers, &error)))
    }

    fn connect_blocking(config: &KafkaConfig, topic: String) -> Result<Self, KafkaError> {
        let brokers = config.brokers.clone().unwrap_or_default();
        let mut settings = ClientConfig::new();
        settings.set("client.id", "signals-server");
        for (key, value) in config.shared_options() {
            settings.set(key, value);
        }
        settings
            .set("bootstrap.servers", &brokers)
            .set("acks", "all")
            // A record that is not accepted in time is sent again by its queue.
            .set("message.timeout.ms", "10000");
        let producer: ThreadedProducer<Context> =
            settings.create_with_context(Context).map_err(|error| match error {
                ClientError::ClientConfig(_, reason, key, _) => KafkaError::Option { key, reason },
                error => unreachable(&brokers, &error),
            })?;
        // Questions of a producer can create the topic.
        let asking: BaseConsumer =
            settings.create().map_err(|error| unreachable(&brokers, &error))?;
        let metadata = asking
            .fetch_metadata(Some(&topic), PATIENCE)
            .map_err(|error| unreachable(&brokers, &error))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let problem = match found {
            None => Some("it does not exist".to_owned()),
            Some(found) => found.error().map(|error| RDKafkaErrorCode::from(error).to_string()),
        };
        match problem {
            None => Ok(Self { producer, topic }),
            Some(reason) => Err(KafkaError::ForwardTopic { topic, brokers, reason }),
        }
    }

    pub(super) async fn send(&self, message: &Message) -> Outcome {
        let (delivered, outcome) = oneshot::channel();
        let record = BaseRecord::with_opaque_to(&self.topic, Box::new(delivered))
            // All messages to one target are in one partition.
            .key(&message.target_id)
            .payload(message.body.as_ref())
            .headers(
                OwnedHeaders::new().insert(Header { key: "webhook-id", value: Some(&message.id) }),
            );
        if let Err((error, _)) = self.producer.send(record) {
            return outcome_of(&error);
        }
        // The producer drops no record without its outcome.
        outcome.await.unwrap_or_else(|_| Outcome::Failed {
            reason: "the Kafka client ended".to_owned(),
            retry_after: None,
        })
    }
}

impl std::fmt::Debug for TopicSender {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TopicSender").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl ClientContext for Context {
    fn error(&self, error: ClientError, reason: &str) {
        // What matters comes as the outcome of a record too.
        tracing::debug!(target: "librdkafka", "{error}: {reason}");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<oneshot::Sender<Outcome>>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivered: Self::DeliveryOpaque) {
        let outcome = match result {
            Ok(_) => Outcome::Accepted,
            Err((error, _)) => outcome_of(error),
        };
        // Nobody waits any more at the end of the server.
        let _ = delivered.send(outcome);
    }
}

fn unreachable(brokers: &str, reason: &impl ToString) -> KafkaError {
    KafkaError::Unreachable { brokers: brokers.to_owned(), reason: reason.to_string() }
}

fn outcome_of(error: &ClientError) -> Outcome {
    let reason = error.to_string();
    match error.rdkafka_error_code() {
        // The record itself is wrong, so it is never accepted.
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidMessageSize
            | RDKafkaErrorCode::InvalidRecord,
        ) => Outcome::Refused { reason },
        _ => Outcome::Failed { reason, retry_after: None },
    }
}
