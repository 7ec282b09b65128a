use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Content type of [`Metrics::to_text`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The server's metrics. Clones share them.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) events_good: Counter,
    pub(crate) events_bad: Counter,
    pub(crate) events_duplicate: Counter,
    pub(crate) attributes_updated: Counter,
    pub(crate) rules_evaluated: Counter,
    pub(crate) instances_triggered: Counter,
    /// Counts each stream that got an instance when it was published.
    pub(crate) instances_delivered: Counter,
    pub(crate) instances_replayed: Counter,
    /// Counts each stream that lost an instance because its client read too slowly.
    pub(crate) instances_dropped: Counter,
    pub(crate) open_streams: Gauge,
    /// Instances kept for replay, counted once per target.
    pub(crate) instances_kept: Gauge,
    /// Instances that wait for their first stream.
    pub(crate) instances_waiting: Gauge,
    pub(crate) profiles: Gauge,
    /// Writes of the data file that succeeded.
    pub(crate) saves_good: Counter,
    pub(crate) saves_failed: Counter,
    kafka_records: Family<TopicLabel, Counter>,
    kafka_lag: Family<TopicLabel, Gauge>,
    kafka_connected: Family<TopicLabel, Gauge>,
    forwarded: Family<ForwardedLabel, Counter>,
    forwarding_waiting: Family<ReceiverLabel, Gauge>,
    /// Seconds from receiving a collector request to finishing all effects of its events.
    processing_seconds: Histogram,
    registry: Arc<Registry>,
}

/// The name of a Kafka topic.
type TopicLabel = [(&'static str, String); 1];

/// The name of a receiver of forwarded interventions.
type ReceiverLabel = [(&'static str, String); 1];

/// A receiver, and what became of an intervention.
type ForwardedLabel = [(&'static str, String); 2];

/// The metrics of one receiver of forwarded interventions.
#[derive(Debug)]
pub(crate) struct ForwardingMetrics {
    pub(crate) sent: Counter,
    /// Counts each attempt that is repeated later.
    pub(crate) retried: Counter,
    pub(crate) refused: Counter,
    pub(crate) expired: Counter,
    pub(crate) dropped: Counter,
    /// Interventions that wait or are being sent.
    pub(crate) waiting: Gauge,
}

/// The metrics of one Kafka topic.
#[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "only a server with Kafka has them"))]
pub(crate) struct KafkaMetrics {
    pub(crate) records: Counter,
    /// Records that were not read yet.
    pub(crate) lag: Gauge,
    /// 1 if a broker is connected, or else 0.
    pub(crate) connected: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let events = Family::<[(&str, &str); 1], Counter>::default();
        let instances = Family::<[(&str, &str); 1], Counter>::default();
        let event = |outcome| events.get_or_create_owned(&[("outcome", outcome)]);
        let instance = |outcome| instances.get_or_create_owned(&[("outcome", outcome)]);
        let (events_good, events_bad, events_duplicate) =
            (event("good"), event("bad"), event("duplicate"));
        let (instances_triggered, instances_delivered, instances_replayed, instances_dropped) = (
            instance("triggered"),
            instance("delivered"),
            instance("replayed"),
            instance("dropped"),
        );
        let attributes_updated = Counter::default();
        let rules_evaluated = Counter::default();
        let open_streams = Gauge::default();
        let instances_kept = Gauge::default();
        let instances_waiting = Gauge::default();
        let profiles = Gauge::default();
        let saves = Family::<[(&str, &str); 1], Counter>::default();
        let save = |outcome| saves.get_or_create_owned(&[("outcome", outcome)]);
        let (saves_good, saves_failed) = (save("good"), save("failed"));
        let kafka_records = Family::<TopicLabel, Counter>::default();
        let kafka_lag = Family::<TopicLabel, Gauge>::default();
        let kafka_connected = Family::<TopicLabel, Gauge>::default();
        let forwarded = Family::<ForwardedLabel, Counter>::default();
        let forwarding_waiting = Family::<ReceiverLabel, Gauge>::default();
        let processing_seconds = Histogram::new(exponential_buckets(0.000_05, 4.0, 9));

        let mut registry = Registry::with_prefix("signals");
        registry.register("events", "Events received, by outcome", events);
        registry.register("instances", "Interventions, by outcome", instances);
        registry.register(
            "attributes_updated",
            "Times an event updated an attribute",
            attributes_updated.clone(),
        );
        registry.register(
            "rules_evaluated",
            "Times an intervention's criteria were evaluated",
            rules_evaluated.clone(),
        );
        registry.register("open_streams", "Streams open now", open_streams.clone());
        registry.register(
            "instances_kept",
            "Interventions kept for replay now, counted once per target",
            instances_kept.clone(),
        );
        registry.register(
            "instances_waiting",
            "Interventions waiting for their first stream now",
            instances_waiting.clone(),
        );
        registry.register("profiles", "Profiles in memory now", profiles.clone());
        registry.register("saves", "Times the data file was written, by outcome", saves);
        registry.register(
            "kafka_records",
            "Records read from Kafka, by topic",
            kafka_records.clone(),
        );
        registry.register(
            "kafka_lag",
            "Records that are in Kafka and not read yet, by topic",
            kafka_lag.clone(),
        );
        registry.register(
            "kafka_connected",
            "Whether a Kafka broker is connected: 1 or 0",
            kafka_connected.clone(),
        );
        registry.register(
            "forwarded",
            "Interventions forwarded, by receiver and outcome",
            forwarded.clone(),
        );
        registry.register(
            "forwarding_waiting",
            "Interventions that wait to be forwarded now, by receiver",
            forwarding_waiting.clone(),
        );
        registry.register(
            "processing_seconds",
            "Time to process one collector request",
            processing_seconds.clone(),
        );

        Self {
            events_good,
            events_bad,
            events_duplicate,
            attributes_updated,
            rules_evaluated,
            instances_triggered,
            instances_delivered,
            instances_replayed,
            instances_dropped,
            open_streams,
            instances_kept,
            instances_waiting,
            profiles,
            saves_good,
            saves_failed,
            kafka_records,
            kafka_lag,
            kafka_connected,
            forwarded,
            forwarding_waiting,
            processing_seconds,
            registry: Arc::new(registry),
        }
    }

    /// The metrics of a Kafka topic. They are shown from now on.
    #[cfg_attr(
        not(feature = "kafka"),
        expect(dead_code, reason = "only a server with Kafka has them")
    )]
    pub(crate) fn kafka(&self, topic: &str) -> KafkaMetrics {
        let label = [("topic", topic.to_owned())];
        KafkaMetrics {
            records: self.kafka_records.get_or_create_owned(&label),
            lag: self.kafka_lag.get_or_create_owned(&label),
            connected: self.kafka_connected.get_or_create_owned(&label),
        }
    }

    /// The metrics of a receiver. They are shown from now on.
    pub(crate) fn forwarding(&self, receiver: &str) -> ForwardingMetrics {
        let outcome = |outcome: &str| {
            let label = [("receiver", receiver.to_owned()), ("outcome", outcome.to_owned())];
            self.forwarded.get_or_create_owned(&label)
        };
        ForwardingMetrics {
            sent: outcome("sent"),
            retried: outcome("retried"),
            refused: outcome("refused"),
            expired: outcome("expired"),
            dropped: outcome("dropped"),
            waiting: self
                .forwarding_waiting
                .get_or_create_owned(&[("receiver", receiver.to_owned())]),
        }
    }

    pub(crate) fn processed_in(&self, duration: Duration) {
        self.processing_seconds.observe(duration.as_secs_f64());
    }

    /// All metrics in the text format of OpenMetrics, which Prometheus reads.
    pub(crate) fn to_text(&self) -> Result<String, fmt::Error> {
        let mut buffer = String::new();
        text::encode(&mut buffer, &self.registry)?;
        Ok(buffer)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}
