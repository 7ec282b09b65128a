//! Observes the connection: logs an outage once and its end once, and keeps the metrics.

use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;

use crate::metrics::{KafkaMetrics, Metrics};

pub(super) struct Context {
    topic: String,
    metrics: KafkaMetrics,
    /// The latest problem, until it is over.
    problem: Mutex<Option<String>>,
}

impl Context {
    pub(super) fn new(topic: &str, metrics: &Metrics) -> Self {
        let metrics = metrics.kafka(topic);
        Self { topic: topic.to_owned(), metrics, problem: Mutex::new(None) }
    }

    pub(super) fn metrics(&self) -> &KafkaMetrics {
        &self.metrics
    }

    /// Logs a problem, unless it lasts.
    pub(super) fn has_problem(&self, reason: &str) {
        let mut problem = self.problem.lock();
        if problem.is_none() {
            tracing::error!("cannot read from Kafka: {reason}. Trying again until it works");
        }
        *problem = Some(reason.to_owned());
        self.metrics.connected.set(0);
    }

    /// Logs the end of a problem, if there was one.
    pub(super) fn works(&self) {
        if self.problem.lock().take().is_some() {
            tracing::info!("reads from Kafka again");
        }
        self.metrics.connected.set(1);
    }
}

impl ConsumerContext for Context {}

impl ClientContext for Context {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        // What matters comes as an error too.
        tracing::debug!(target: "librdkafka", "{facility}: {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let is_outage = matches!(
            error.rdkafka_error_code(),
            Some(
                RDKafkaErrorCode::AllBrokersDown
                    | RDKafkaErrorCode::Authentication
                    | RDKafkaErrorCode::Fatal
            )
        );
        if is_outage {
            self.has_problem(reason);
        } else {
            tracing::debug!(target: "librdkafka", "{error}: {reason}");
        }
    }

    fn stats(&self, statistics: Statistics) {
        if statistics.brokers.values().any(|broker| broker.state == "UP") {
            self.works();
        }
        if let Some(topic) = statistics.topics.get(&self.topic) {
            // -1 is unknown.
            let lag =
                topic.partitions.values().map(|partition| partition.consumer_lag.max(0)).sum();
            self.metrics.lag.set(lag);
        }
    }
}
