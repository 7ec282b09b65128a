//! What a server without a Kafka client does.

use super::{KafkaConfig, KafkaError};
use crate::state::AppState;

/// Reads nothing.
#[derive(Debug)]
pub(crate) enum Reading {}

impl Reading {
    pub(crate) fn stop(self) {
        match self {}
    }
}

/// # Errors
/// When the server should read from Kafka.
pub(crate) fn start(
    config: &KafkaConfig,
    _state: &AppState,
) -> Result<Option<Reading>, KafkaError> {
    match config.brokers {
        None => Ok(None),
        Some(_) => Err(KafkaError::NotBuilt),
    }
}
