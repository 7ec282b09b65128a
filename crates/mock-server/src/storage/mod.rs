//! The data file: a server's state across restarts.
//!
//! [`file`] reads and writes. This module decides when: twice a second, and as soon as there is an instance to deliver. It collects
//! the changes at one moment, under the locks and in memory, and writes them in one transaction on its own thread. A crash loses
//! all changes since the last write, and never a part of them. Instances are delivered only after they are saved, so
//! that a shopper does not get the same instance again after a crash.

mod file;

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;
use signals_engine::Snapshot;
use tokio::task::spawn_blocking;
use tokio::time::{self, MissedTickBehavior};

use self::file::DataFile;
pub use self::file::DataFileError;
use crate::hub::{Position, SavedHub};
use crate::pipeline::{PipelineChanges, SavedSeenEvents};
use crate::registry::SavedRegistry;
use crate::state::AppState;

/// How often changes are written. Together with the time of a write, a crash loses less than a second.
const INTERVAL: Duration = Duration::from_millis(500);

/// The contents of a data file.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) registry: SavedRegistry,
    pub(crate) profiles: Snapshot,
    pub(crate) seen: SavedSeenEvents,
    pub(crate) hub: SavedHub,
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

/// Writes changes to the data file.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: PathBuf,
    /// Held during a write, so that changes are written in the order in which they were collected. `None` after a failed write:
    /// then the file is opened again, and everything is written again.
    file: Mutex<Option<DataFile>>,
}

impl Keeper {
    /// Opens or creates the data file at `path`. The saved state of a new file is `None`.
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<Saved>), DataFileError> {
        let file = DataFile::open(path)?;
        let saved = file.load()?;
        Ok((Self { path: path.to_owned(), file: Mutex::new(Some(file)) }, saved))
    }

    /// Writes the changes, and then delivers the instances that were held back. Blocks until they are on disk.
    pub(crate) fn save(&self, state: &AppState) -> Result<(), DataFileError> {
        let mut file = self.file.lock();
        match self.write(&mut file, state) {
            Ok(saved) => {
                state.hub().release(saved);
                Ok(())
            }
            Err(error) => {
                *file = None;
                // After a crash, seeing something twice is better than seeing nothing.
                state.hub().release_all();
                Err(error)
            }
        }
    }

    /// Writes the changes. Returns the position of the latest instance in them.
    fn write(
        &self,
        file: &mut Option<DataFile>,
        state: &AppState,
    ) -> Result<Position, DataFileError> {
        let open = match file {
            Some(open) => open,
            None => {
                // Everything is about to be written, so discard the changes so far.
                drop(collect(state));
                let open = file.insert(DataFile::open(&self.path)?);
                state.registry().mark_changed();
                state.pipeline().mark_all_changed();
                open
            }
        };
        let changes = collect(state);
        open.write(&changes)?;
        Ok(changes.pipeline.hub.latest)
    }
}

fn collect(state: &AppState) -> Changes {
    let (registry, pipeline) = state.registry().take_changes(|| state.pipeline().take_changes());
    Changes { registry, pipeline, clock_ahead: state.clock().ahead() }
}

/// Writes the data file periodically and never returns. Returns at once if there is none.
pub(crate) async fn keep_saving(state: AppState) {
    if !state.is_saved() {
        return;
    }
    let mut rounds = time::interval(INTERVAL);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            () = state.hub().published() => {}
        }
        match save(&state).await {
            Ok(()) if is_failing => tracing::info!("the data file is up to date again"),
            Err(error) if !is_failing => tracing::error!(
                "{error}. Changes are kept in memory until the file can be written again"
            ),
            _ => continue,
        }
        is_failing = !is_failing;
    }
}

/// Writes the data file for the last time, if there is one.
pub(crate) async fn save_at_end(state: &AppState) {
    if let Err(error) = save(state).await {
        tracing::error!("{error}. Changes since the last successful write are lost");
    }
}

async fn save(state: &AppState) -> Result<(), DataFileError> {
    let state = state.clone();
    // The task is never cancelled and does not panic.
    spawn_blocking(move || state.save()).await.unwrap_or(Ok(()))
}
