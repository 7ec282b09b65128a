//! What a server without a Kafka client does.

use crate::forwarding::{Message, Outcome};
use crate::kafka::{KafkaConfig, KafkaError};

/// Writes nothing.
#[derive(Debug)]
pub(super) enum TopicSender {}

impl TopicSender {
    /// # Errors
    /// Always.
    pub(super) async fn connect(_config: &KafkaConfig, _topic: &str) -> Result<Self, KafkaError> {
        Err(KafkaError::NotBuilt)
    }

    pub(super) async fn send(&self, _message: &Message) -> Outcome {
        match *self {}
    }
}
