//! The data file: what a server knows, over restarts.
//!
//! [`file`] reads and writes and knows neither time nor requests. What is here decides when: twice a second, and as soon as there is
//! an instance to deliver, what has changed is collected at one moment, under the locks and in memory alone, and written in one
//! transaction on a thread of its own. A crash loses what happened since, and nothing of that in part. Instances are delivered
//! once they are saved: of what a shopper has seen, nothing is forgotten and so nothing comes again.

mod file;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use signals_engine::Snapshot;
use tokio::task::spawn_blocking;
use tokio::time::{self, MissedTickBehavior};

pub(crate) use self::file::DataFile;
pub use self::file::DataFileError;
use crate::clock::Clock;
use crate::hub::{DeliveryHub, Position, SavedHub};
use crate::metrics::Metrics;
use crate::pipeline::{Pipeline, PipelineChanges, SavedSeenEvents};
use crate::registry::{Registry, SavedRegistry};

/// How often what has changed is written. With the time that it takes this stays below the second that a crash may cost.
const INTERVAL: Duration = Duration::from_millis(500);

/// What a data file gives back.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) registry: SavedRegistry,
    pub(crate) profiles: Snapshot,
    pub(crate) seen: SavedSeenEvents,
    pub(crate) hub: SavedHub,
    /// How far the clock was ahead of the machine's.
    pub(crate) clock_ahead: Duration,
}

/// What has become of a server since it was last written.
#[derive(Debug)]
pub(crate) struct Changes {
    /// Everything that is registered, when any of it changed.
    registry: Option<SavedRegistry>,
    pipeline: PipelineChanges,
    clock_ahead: Duration,
}

/// Where changes come from.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) registry: Arc<Registry>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) hub: DeliveryHub,
    pub(crate) clock: Clock,
}

impl Sources {
    /// What has changed since the last call, at one moment.
    fn changes(&self) -> Changes {
        let (registry, pipeline) = self.registry.take_changes(|| self.pipeline.take_changes());
        Changes { registry, pipeline, clock_ahead: self.clock.ahead() }
    }

    /// Makes the next [`Sources::changes`] tell everything, as if it were all new.
    fn mark_all_changed(&self) {
        self.registry.mark_changed();
        self.pipeline.mark_all_changed();
    }
}

/// Keeps a data file up to date.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: PathBuf,
    /// Held while it is written: the order of writings is that of collecting. Nothing when the last writing failed: then the
    /// file is opened anew, and everything written again.
    file: Mutex<Option<DataFile>>,
    sources: Sources,
    metrics: Metrics,
}

impl Keeper {
    /// Keeps `file` up to date with what changes in `sources`.
    pub(crate) fn new(file: DataFile, sources: Sources, metrics: Metrics) -> Self {
        Self { path: file.path().to_owned(), file: Mutex::new(Some(file)), sources, metrics }
    }

    /// Brings the file up to date, and then has delivered what was held back until it is saved. Waits for the disk.
    pub(crate) fn save(&self) -> Result<(), DataFileError> {
        let result = self.write_and_release();
        if result.is_ok() { &self.metrics.saves_good } else { &self.metrics.saves_failed }.inc();
        result
    }

    fn write_and_release(&self) -> Result<(), DataFileError> {
        let mut file = self.file.lock();
        match self.write(&mut file) {
            Ok(saved) => {
                self.sources.hub.release(saved);
                Ok(())
            }
            Err(error) => {
                *file = None;
                // A shopper who sees something twice after a crash is better off than one who sees nothing.
                self.sources.hub.release_all();
                Err(error)
            }
        }
    }

    /// Writes what has changed. Gives the position of the latest instance among it.
    fn write(&self, file: &mut Option<DataFile>) -> Result<Position, DataFileError> {
        let open = match file {
            Some(open) => open,
            None => {
                // Whatever comes of it: what happened until now need not be told again, for everything will be.
                drop(self.sources.changes());
                let open = file.insert(DataFile::open(&self.path)?);
                self.sources.mark_all_changed();
                open
            }
        };
        let changes = self.sources.changes();
        open.write(&changes)?;
        Ok(changes.pipeline.hub.latest)
    }
}

/// Brings the data file up to date again and again, for ever.
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
                "{error}; what happens is kept in memory, and written once that is possible again"
            ),
            _ => continue,
        }
        is_failing = !is_failing;
    }
}

/// Brings the data file up to date a last time.
pub(crate) async fn save_at_end(keeper: &Arc<Keeper>) {
    if let Err(error) = save(keeper).await {
        tracing::error!("{error}; what happened since it was last written is lost");
    }
}

async fn save(keeper: &Arc<Keeper>) -> Result<(), DataFileError> {
    let keeper = Arc::clone(keeper);
    // It is never cancelled, and does not panic.
    spawn_blocking(move || keeper.save()).await.unwrap_or(Ok(()))
}
