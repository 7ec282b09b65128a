use thiserror::Error;

/// Why the server cannot use Kafka. Each message begins with the flag to change.
#[derive(Debug, Error)]
pub enum KafkaError {
    /// The server has no Kafka client.
    #[error("--kafka: this server was built without Kafka. Build it with --features kafka")]
    NotBuilt,
    /// The server itself decides this setting.
    #[error("--kafka-option {key}: the server sets it itself{instead}")]
    ReservedOption {
        /// The setting.
        key: String,
        /// The flag to use, in brackets and after a space. Empty if there is none.
        instead: &'static str,
    },
    /// librdkafka does not accept a setting.
    #[error("--kafka-option {key}: {reason}")]
    Option {
        /// The setting.
        key: String,
        /// The error of librdkafka.
        reason: String,
    },
    /// No broker answers.
    #[error("--kafka {brokers}: no broker answered: {reason}")]
    Unreachable {
        /// The configured brokers.
        brokers: String,
        /// The error of librdkafka.
        reason: String,
    },
    /// The brokers do not have the topic to write, or do not let this client write it.
    #[error("--forward-topic {topic}: cannot be written on {brokers}: {reason}")]
    ForwardTopic {
        /// The configured topic.
        topic: String,
        /// The configured brokers.
        brokers: String,
        /// The error of the broker.
        reason: String,
    },
    /// The brokers do not have the topic, or do not show it to this client.
    #[error("--kafka-topic {topic}: cannot be read from {brokers}: {reason}")]
    Topic {
        /// The configured topic.
        topic: String,
        /// The configured brokers.
        brokers: String,
        /// The error of the broker.
        reason: String,
    },
}
