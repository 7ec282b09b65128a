//! Reads enriched events from a Kafka topic. See the guide `docs/pipeline.md`.
//!
//! One consumer reads all partitions. It starts where the data file ends, because the file saves the read positions together with the
//! effects of the events. So every line counts once, whenever the server stops. The consumer also commits its offsets to its group:
//! these are for tools that show the lag, and for a server without a data file.
//!
//! `record.rs` is pure. `consumer.rs` does the I/O, and `context.rs` observes the connection.

mod config;
mod error;

#[cfg(feature = "kafka")]
mod consumer;
#[cfg(feature = "kafka")]
mod context;
#[cfg(feature = "kafka")]
mod record;
#[cfg(not(feature = "kafka"))]
mod without;

pub use self::config::KafkaConfig;
#[cfg(feature = "kafka")]
pub(crate) use self::consumer::start;
pub use self::error::KafkaError;
#[cfg(not(feature = "kafka"))]
pub(crate) use self::without::start;
