use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use signals_engine::{DefinitionError, Definitions, Engine};
use thiserror::Error;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::hub::{DeliveryHub, DeliveryRules};
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::registry::Registry;
use crate::storage::{DataFileError, Keeper, Saved};

/// How a server is set up.
#[derive(Debug)]
pub struct ServerOptions {
    /// What is computed and what triggers.
    pub definitions: Definitions,
    /// Where to keep what the server knows; in memory alone when not given.
    pub persistence: Option<Persistence>,
    /// The token that protects everything but the collector, the stream and the shop.
    pub token: String,
    /// Whether all ids that streams subscribe to must be canonical UUIDs, also those of custom attribute keys.
    pub strict_ids: bool,
    /// Directory of the shop's files.
    pub www: Option<PathBuf>,
    /// Where the time comes from.
    pub clock: Clock,
    /// How to promise no more than hosted Signals does; a promise of more when not given.
    pub hosted: Option<Hosted>,
}

/// What hosted Signals does not do at once.
#[derive(Debug, Clone, Copy)]
pub struct Hosted {
    /// How long after the collector's answer events are processed.
    pub processing_delay: Duration,
}

/// Where a server keeps what it knows over restarts.
#[derive(Debug)]
pub struct Persistence {
    /// The data file. It is made when it is not there.
    pub file: PathBuf,
    /// What happens to the server's `definitions` when the file is not new: they are published onto those in the file or, when
    /// this is false, left alone.
    pub republish: bool,
}

/// Why a server cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A definition does not make sense.
    #[error(transparent)]
    Definitions(#[from] DefinitionError),
    /// The data file cannot be used.
    #[error(transparent)]
    DataFile(#[from] DataFileError),
    /// The definitions do not go with those in the data file.
    #[error("{reason} (with what {} keeps)", file.display())]
    Conflict {
        /// The data file.
        file: PathBuf,
        /// Which definition, and why.
        reason: String,
    },
}

/// Everything that requests share. Clones are the same server.
#[derive(Clone)]
pub struct AppState {
    shared: Arc<Shared>,
}

struct Shared {
    token: String,
    strict_ids: bool,
    www: Option<PathBuf>,
    clock: Clock,
    metrics: Metrics,
    hub: DeliveryHub,
    pipeline: Arc<Pipeline>,
    journal: Journal,
    registry: Registry,
    faults: Faults,
    keeper: Option<Keeper>,
}

impl AppState {
    /// Compiles the definitions. Nobody is known yet, except to a data file that is not new.
    ///
    /// # Errors
    /// The first definition that does not make sense, or why the data file cannot be used.
    pub fn new(options: ServerOptions) -> Result<Self, StartError> {
        let ServerOptions { definitions, persistence, token, strict_ids, www, clock, hosted } =
            options;
        let (keeper, saved) = match &persistence {
            Some(persistence) => {
                let (keeper, saved) = Keeper::open(&persistence.file)?;
                (Some(keeper), saved)
            }
            None => (None, None),
        };
        let metrics = Metrics::new();
        let journal = Journal::new();
        let rules = DeliveryRules { live_only: hosted.is_some(), ..DeliveryRules::default() };
        let hub = DeliveryHub::new(rules, clock.clone(), journal.clone(), metrics.clone());
        let delay = hosted.map(|hosted| hosted.processing_delay);
        let new_pipeline =
            |engine| Pipeline::new(engine, hub.clone(), journal.clone(), metrics.clone(), delay);
        let is_new = saved.is_none();
        let (registry, pipeline) = match (saved, &persistence) {
            (Some(saved), Some(Persistence { file, republish })) => {
                let Saved { registry, profiles, seen, hub: saved_hub, clock_ahead } = saved;
                let added = if *republish { definitions } else { Definitions::default() };
                let (registry, engine) = Registry::restore(registry, &added).map_err(|error| {
                    StartError::Conflict { file: file.clone(), reason: error.to_string() }
                })?;
                // Time does not go back for what is remembered.
                clock.advance(clock_ahead);
                hub.restore(saved_hub);
                let pipeline = new_pipeline(engine);
                pipeline.restore(profiles, seen);
                (registry, pipeline)
            }
            _ => (Registry::new(&definitions), new_pipeline(Engine::new(&definitions)?)),
        };
        if keeper.is_some() {
            pipeline.track_changes();
            if is_new {
                pipeline.mark_all_changed();
            }
        }
        let faults = Faults::default();
        let shared = Shared {
            token,
            strict_ids,
            www,
            clock,
            metrics,
            hub,
            pipeline: Arc::new(pipeline),
            journal,
            registry,
            faults,
            keeper,
        };
        let state = Self { shared: Arc::new(shared) };
        // What tells this process from the one before must be on disk before anybody hears of it: should it die at once, the
        // next one would give out the same ids again.
        state.save()?;
        Ok(state)
    }

    /// Brings the data file up to date, if there is one. Waits for the disk. [`run`](crate::run) does this twice a second and
    /// at its end.
    ///
    /// # Errors
    /// Why the file cannot be written. The next call tries to write everything again.
    pub fn save(&self) -> Result<(), DataFileError> {
        let Some(keeper) = &self.shared.keeper else { return Ok(()) };
        let result = keeper.save(self);
        let metrics = self.metrics();
        if result.is_ok() { &metrics.saves_good } else { &metrics.saves_failed }.inc();
        result
    }

    /// Whether there is a data file.
    pub(crate) fn is_saved(&self) -> bool {
        self.shared.keeper.is_some()
    }

    pub(crate) fn token(&self) -> &str {
        &self.shared.token
    }

    pub(crate) fn strict_ids(&self) -> bool {
        self.shared.strict_ids
    }

    pub(crate) fn www(&self) -> Option<&Path> {
        self.shared.www.as_deref()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    pub(crate) fn hub(&self) -> &DeliveryHub {
        &self.shared.hub
    }

    pub(crate) fn pipeline(&self) -> &Arc<Pipeline> {
        &self.shared.pipeline
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.shared.registry
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.shared.faults
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AppState").finish_non_exhaustive()
    }
}
