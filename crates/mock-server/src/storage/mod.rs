//! The data file: what a server knows, over restarts.
//!
//! [`file`] reads and writes and knows neither time nor requests. What is here decides when: twice a second, and as soon as there is
//! an instance to deliver, what has changed is collected at one moment, under the locks and in memory alone, and written in one
//! transaction on a thread of its own. A crash loses what happened since, and nothing of that in part. Instances are delivered
//! once they are saved: of what a shopper has seen, nothing is forgotten and so nothing comes again.

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

/// Keeps a data file up to date.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: PathBuf,
    /// Held while it is written: the order of writings is that of collecting. Nothing when the last writing failed: then the
    /// file is opened anew, and everything written again.
    file: Mutex<Option<DataFile>>,
}

impl Keeper {
    /// Opens the data file at `path`, which is made if it is not there. `None` of what is saved for a new one.
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<Saved>), DataFileError> {
        let file = DataFile::open(path)?;
        let saved = file.load()?;
        Ok((Self { path: path.to_owned(), file: Mutex::new(Some(file)) }, saved))
    }

    /// Brings the file up to date, and then has delivered what was held back until it is saved. Waits for the disk.
    pub(crate) fn save(&self, state: &AppState) -> Result<(), DataFileError> {
        let mut file = self.file.lock();
        match self.write(&mut file, state) {
            Ok(saved) => {
                state.hub().release(saved);
                Ok(())
            }
            Err(error) => {
                *file = None;
                // A shopper who sees something twice after a crash is better off than one who sees nothing.
                state.hub().release_all();
                Err(error)
            }
        }
    }

    /// Writes what has changed. Gives the position of the latest instance among it.
    fn write(
        &self,
        file: &mut Option<DataFile>,
        state: &AppState,
    ) -> Result<Position, DataFileError> {
        let open = match file {
            Some(open) => open,
            None => {
                // Whatever comes of it: what happened until now need not be told again, for everything will be.
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

/// Brings the data file up to date again and again, for ever. Ends at once when there is none.
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
                "{error}; what happens is kept in memory, and written once that is possible again"
            ),
            _ => continue,
        }
        is_failing = !is_failing;
    }
}

/// Brings the data file up to date a last time, if there is one.
pub(crate) async fn save_at_end(state: &AppState) {
    if let Err(error) = save(state).await {
        tracing::error!("{error}; what happened since it was last written is lost");
    }
}

async fn save(state: &AppState) -> Result<(), DataFileError> {
    let state = state.clone();
    // It is never cancelled, and does not panic.
    spawn_blocking(move || state.save()).await.unwrap_or(Ok(()))
}
