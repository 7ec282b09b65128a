//! The data file: a server's state across restarts.
//!
//! [`file`] reads and writes. This module decides when: twice a second, and as soon as there is an instance to deliver. It collects
//! the changes at one moment, under the locks and in memory, and writes them in one transaction on its own thread. A crash loses
//! all changes since the last write, and never a part of them. Instances are delivered and forwarded only after they are saved, so
//! that nobody gets the same instance again with another id after a crash.

mod error;
mod file;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use signals_engine::Snapshot;
use tokio::task::spawn_blocking;
use tokio::time::{self, MissedTickBehavior};

pub use self::error::DataFileError;
pub(crate) use self::file::DataFile;
use crate::clock::Clock;
use crate::forwarding::{Forwarding, SavedMessage};
use crate::hub::{DeliveryHub, Position, SavedHub};
use crate::metrics::Metrics;
use crate::pipeline::{Partition, Pipeline, PipelineChanges, ReadPosition, SavedSeenEvents};
use crate::registry::{Registry, SavedRegistry};

/// How often changes are written. Together with the time of a write, a crash loses less than a second.
const INTERVAL: Duration = Duration::from_millis(500);

/// The contents of a data file.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) registry: SavedRegistry,
    pub(crate) profiles: Snapshot,
    pub(crate) seen: SavedSeenEvents,
    pub(crate) hub: SavedHub,
    pub(crate) forwarding: Vec<SavedMessage>,
    pub(crate) read: Vec<(Partition, ReadPosition)>,
    /// How far the clock was ahead of the machine's clock.
    pub(crate) clock_ahead: Duration,
}

/// The changes of a server since the last write.
#[derive(Debug)]
pub(crate) struct Changes {
    /// All definitions, if any of them changed.
    registry: Option<SavedRegistry>,
    pipeline: PipelineChanges,
    clock_ahead: Duration,
}

/// The parts whose changes are saved.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) registry: Arc<Registry>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) hub: DeliveryHub,
    pub(crate) forwarding: Forwarding,
    pub(crate) clock: Clock,
}

impl Sources {
    /// The changes since the last call, taken at one moment.
    fn changes(&self) -> Changes {
        let (registry, pipeline) = self.registry.take_changes(|| self.pipeline.take_changes());
        Changes { registry, pipeline, clock_ahead: self.clock.ahead() }
    }

    /// Makes the next [`Sources::changes`] return everything, as if it were all new.
    fn mark_all_changed(&self) {
        self.registry.mark_changed();
        self.pipeline.mark_all_changed();
    }
}

/// The latest of what was written.
struct Latest {
    instance: Position,
    /// The number of the latest message to a receiver.
    message: u64,
}

/// Writes changes to the data file.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: PathBuf,
    /// Held during a write, so that changes are written in the order in which they were collected. `None` after a failed write:
    /// then the file is opened again, and everything is written again.
    file: Mutex<Option<DataFile>>,
    sources: Sources,
    metrics: Metrics,
}

impl Keeper {
    /// Saves the changes of `sources` in `file`.
    pub(crate) fn new(file: DataFile, sources: Sources, metrics: Metrics) -> Self {
        Self { path: file.path().to_owned(), file: Mutex::new(Some(file)), sources, metrics }
    }

    /// Writes the changes, and then delivers the instances that were held back. Blocks until they are on disk.
    pub(crate) fn save(&self) -> Result<(), DataFileError> {
        let result = self.write_and_release();
        if result.is_ok() { &self.metrics.saves_good } else { &self.metrics.saves_failed }.inc();
        result
    }

    fn write_and_release(&self) -> Result<(), DataFileError> {
        let mut file = self.file.lock();
        match self.write(&mut file) {
            Ok(saved) => {
                self.sources.hub.release(saved.instance);
                self.sources.forwarding.release(saved.message);
                Ok(())
            }
            Err(error) => {
                *file = None;
                // After a crash, seeing something twice is better than seeing nothing.
                self.sources.hub.release_all();
                // Receivers can wait until the file can be written. They must not get the same message again with another id.
                Err(error)
            }
        }
    }

    /// Writes the changes.
    fn write(&self, file: &mut Option<DataFile>) -> Result<Latest, DataFileError> {
        let open = match file {
            Some(open) => open,
            None => {
                // Everything is about to be written, so discard the changes so far.
                drop(self.sources.changes());
                let open = file.insert(DataFile::open(&self.path)?);
                self.sources.mark_all_changed();
                open
            }
        };
        let changes = self.sources.changes();
        open.write(&changes)?;
        let PipelineChanges { hub, forwarding, .. } = changes.pipeline;
        Ok(Latest { instance: hub.latest, message: forwarding.latest })
    }
}

/// Writes the data file periodically and never returns.
pub(crate) async fn keep_saving(keeper: Arc<Keeper>) {
    let mut rounds = time::interval(INTERVAL);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            () = keeper.sources.hub.published() => {}
        }
        match save(&keeper).await {
            Ok(()) if is_failing => tracing::info!("the data file is up to date again"),
            Err(error) if !is_failing => tracing::error!(
                "{error}. Changes are kept in memory until the file can be written again"
            ),
            _ => continue,
        }
        is_failing = !is_failing;
    }
}

/// Writes the data file for the last time.
pub(crate) async fn save_at_end(keeper: &Arc<Keeper>) {
    if let Err(error) = save(keeper).await {
        tracing::error!("{error}. Changes since the last successful write are lost");
    }
}

async fn save(keeper: &Arc<Keeper>) -> Result<(), DataFileError> {
    let keeper = Arc::clone(keeper);
    // The task is never cancelled and does not panic.
    spawn_blocking(move || keeper.save()).await.unwrap_or(Ok(()))
}
