use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError as ClientError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use signals_engine::Event;

use super::context::Context;
use super::record::{self, Line};
use super::{KafkaConfig, KafkaError};
use crate::clock::Clock;
use crate::pipeline::{Partition, Pipeline, ReadPosition, Record};
use crate::state::AppState;

/// How long a question to the brokers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the thread waits for a record before it looks whether the server stops.
const POLL: Duration = Duration::from_millis(100);

/// How often new partitions of the topic are looked for.
const PARTITIONS_INTERVAL: Duration = Duration::from_secs(60);

/// How long the end of the server waits for the last commit.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// Settings that the server decides, and the flags for them.
const RESERVED: [(&str, &str); 5] = [
    ("bootstrap.servers", " (use --kafka)"),
    ("metadata.broker.list", " (use --kafka)"),
    ("group.id", " (use --kafka-group)"),
    ("enable.auto.offset.store", ""),
    ("statistics.interval.ms", ""),
];

/// The thread that reads from Kafka.
#[derive(Debug)]
pub(crate) struct Reading {
    stop: Arc<AtomicBool>,
    stopped: Receiver<()>,
}

impl Reading {
    /// Stops to read. Blocks until the thread has ended, or for two seconds.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        // The thread drops its end at its end.
        let _ = self.stopped.recv_timeout(STOP_GRACE);
    }
}

/// Connects to the brokers, and starts to read. `None` if there is no broker in `config`. Blocks while it connects.
///
/// # Errors
/// When a setting is invalid, no broker answers, or the topic cannot be read.
pub(crate) fn start(config: &KafkaConfig, state: &AppState) -> Result<Option<Reading>, KafkaError> {
    let Some(brokers) = &config.brokers else { return Ok(None) };
    let context = Context::new(&config.topic, state.metrics());
    let mut reader = Reader {
        consumer: create(brokers, config, context)?,
        brokers: brokers.clone(),
        topic: config.topic.as_str().into(),
        partitions: BTreeSet::new(),
        pipeline: Arc::clone(state.pipeline()),
        clock: state.clock().clone(),
        unknown_columns: Once::new(),
    };
    reader.assign(Offset::Stored)?;
    let stop = Arc::new(AtomicBool::new(false));
    let (end, stopped) = mpsc::channel();
    let must_stop = Arc::clone(&stop);
    thread::spawn(move || {
        reader.read_until(&must_stop);
        drop((reader, end));
    });
    Ok(Some(Reading { stop, stopped }))
}

fn create(
    brokers: &str,
    config: &KafkaConfig,
    context: Context,
) -> Result<BaseConsumer<Context>, KafkaError> {
    let mut settings = ClientConfig::new();
    settings.set("client.id", "signals-server").set("auto.offset.reset", "earliest");
    for (key, value) in &config.options {
        if let Some((_, instead)) = RESERVED.into_iter().find(|(reserved, _)| reserved == key) {
            return Err(KafkaError::ReservedOption { key: key.clone(), instead });
        }
        settings.set(key, value);
    }
    settings
        .set("bootstrap.servers", brokers)
        .set("group.id", &config.group)
        // An offset may be committed once its record was processed, not once it was read.
        .set("enable.auto.offset.store", "false")
        .set("statistics.interval.ms", "1000");
    settings.create_with_context(context).map_err(|error| match error {
        ClientError::ClientConfig(_, reason, key, _) => KafkaError::Option { key, reason },
        ClientError::ClientCreation(reason) => {
            KafkaError::Unreachable { brokers: brokers.to_owned(), reason }
        }
        error => KafkaError::Unreachable { brokers: brokers.to_owned(), reason: error.to_string() },
    })
}

struct Reader {
    consumer: BaseConsumer<Context>,
    brokers: String,
    topic: Arc<str>,
    /// The partitions that are read.
    partitions: BTreeSet<u32>,
    pipeline: Arc<Pipeline>,
    clock: Clock,
    /// Tells once that lines have more columns than are known.
    unknown_columns: Once,
}

impl Reader {
    fn read_until(&mut self, stop: &AtomicBool) {
        let mut looked_for_partitions = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            match self.consumer.poll(POLL) {
                None => {}
                Some(Ok(message)) => self.take_in(&message),
                Some(Err(error)) => self.consumer.context().has_problem(&error.to_string()),
            }
            if looked_for_partitions.elapsed() >= PARTITIONS_INTERVAL {
                looked_for_partitions = Instant::now();
                // The latest partitions were created while the server ran, so none of their records was meant to be skipped.
                if let Err(error) = self.assign(Offset::Beginning) {
                    tracing::debug!("{error}");
                }
            }
        }
    }

    fn take_in(&self, message: &BorrowedMessage<'_>) {
        let context = self.consumer.context();
        let number = u32::try_from(message.partition()).unwrap_or_default();
        let offset = u64::try_from(message.offset()).unwrap_or_default();
        let partition = Partition { topic: Arc::clone(&self.topic), number };
        let lines = message.payload().map(record::lines).unwrap_or_default();
        self.note_unknown_columns(&lines);
        self.pipeline.take_in_record(Record { partition, offset, lines }, self.clock.now());
        context.metrics().records.inc();
        context.works();
        if let Err(error) = self.consumer.store_offset_from_message(message) {
            tracing::debug!("cannot store the offset of a record: {error}");
        }
    }

    fn note_unknown_columns(&self, lines: &[Line]) {
        if self.unknown_columns.is_completed() {
            return;
        }
        let unknown = |line: &String| Event::unknown_columns(line);
        if let Some(count) = lines.iter().flatten().map(unknown).find(|count| *count > 0) {
            self.unknown_columns.call_once(|| {
                tracing::warn!(
                    "enriched events have {count} columns that this version of the server does not know. It ignores them"
                );
            });
        }
    }

    /// Reads all partitions of the topic: those that were read before from their read positions on, the others from `start` on.
    /// Does nothing if all of them are read already.
    fn assign(&mut self, start: Offset) -> Result<(), KafkaError> {
        let partitions = self.find_partitions()?;
        if partitions == self.partitions {
            return Ok(());
        }
        let mut assignment = TopicPartitionList::new();
        for &number in &partitions {
            let offset = match self.resume(number)? {
                Some(position) => Offset::Offset(position.offset.try_into().unwrap_or(i64::MAX)),
                None => start,
            };
            let topic = &self.topic;
            assignment
                .add_partition_offset(topic, number.try_into().unwrap_or(i32::MAX), offset)
                .map_err(|error| self.no_topic(&error))?;
        }
        self.consumer.assign(&assignment).map_err(|error| self.no_topic(&error))?;
        self.partitions = partitions;
        Ok(())
    }

    fn find_partitions(&self) -> Result<BTreeSet<u32>, KafkaError> {
        let metadata =
            self.consumer.fetch_metadata(Some(&self.topic), PATIENCE).map_err(|error| {
                KafkaError::Unreachable { brokers: self.brokers.clone(), reason: error.to_string() }
            })?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == self.topic.as_ref());
        if let Some(error) = topic.and_then(|topic| topic.error()) {
            return Err(self.no_topic(&rdkafka::types::RDKafkaErrorCode::from(error)));
        }
        let partitions = topic.map(|topic| topic.partitions()).unwrap_or_default();
        if partitions.is_empty() {
            return Err(self.no_topic(&"it has no partitions"));
        }
        Ok(partitions.iter().filter_map(|partition| partition.id().try_into().ok()).collect())
    }

    /// The next position of a partition that was read before. Corrects a position that the topic no longer has.
    fn resume(&self, number: u32) -> Result<Option<ReadPosition>, KafkaError> {
        let partition = Partition { topic: Arc::clone(&self.topic), number };
        let Some(next) = self.pipeline.read_position(&partition) else { return Ok(None) };
        let (first, end) = self
            .consumer
            .fetch_watermarks(&self.topic, number.try_into().unwrap_or(i32::MAX), PATIENCE)
            .map_err(|error| self.no_topic(&error))?;
        let (first, end) = (first.try_into().unwrap_or(0), end.try_into().unwrap_or(u64::MAX));
        if (first..=end).contains(&next.offset) {
            return Ok(Some(next));
        }
        if next.offset < first {
            tracing::warn!(
                "{} records of {}, partition {number}, were deleted before the server read them",
                first - next.offset,
                self.topic
            );
        } else {
            tracing::warn!(
                "{}, partition {number}, ends at offset {end}, but was read up to {}. It seems to be a new topic, and is read \
                 from its beginning",
                self.topic,
                next.offset
            );
        }
        let position = ReadPosition::record(first);
        self.pipeline.rewind(partition, position);
        Ok(Some(position))
    }

    fn no_topic(&self, reason: &impl ToString) -> KafkaError {
        KafkaError::Topic {
            topic: self.topic.as_ref().to_owned(),
            brokers: self.brokers.clone(),
            reason: reason.to_string(),
        }
    }
}
