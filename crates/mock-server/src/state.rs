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

/// The options of a server.
#[derive(Debug)]
pub struct ServerOptions {
    /// The definitions of attributes and interventions.
    pub definitions: Definitions,
    /// The data file. Without it, everything is kept in memory.
    pub persistence: Option<Persistence>,
    /// The token that protects everything except the collector, the stream and the shop.
    pub token: String,
    /// Whether all ids that streams subscribe to must be canonical UUIDs, also those of custom attribute keys.
    pub strict_ids: bool,
    /// Directory of the shop's files.
    pub www: Option<PathBuf>,
    /// The server's clock.
    pub clock: Clock,
    /// If set, the server guarantees no more than hosted Signals.
    pub hosted: Option<Hosted>,
}

/// How the server imitates hosted Signals.
#[derive(Debug, Clone, Copy)]
pub struct Hosted {
    /// How long after the collector's answer events are processed.
    pub processing_delay: Duration,
}

/// Where a server keeps its state across restarts.
#[derive(Debug)]
pub struct Persistence {
    /// The data file. It is created if it does not exist.
    pub file: PathBuf,
    /// Whether to publish the server's `definitions` in addition to those of an existing file. If false, only those in the file
    /// are used.
    pub republish: bool,
}

/// Why a server cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A definition is invalid.
    #[error(transparent)]
    Definitions(#[from] DefinitionError),
    /// The data file cannot be used.
    #[error(transparent)]
    DataFile(#[from] DataFileError),
    /// The definitions conflict with those in the data file.
    #[error("{reason} (conflicts with the definitions in {})", file.display())]
    Conflict {
        /// The data file.
        file: PathBuf,
        /// Which definition, and why.
        reason: String,
    },
}

/// The state that requests share. Clones share the server.
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
    /// Compiles the definitions, and restores the state of an existing data file.
    ///
    /// # Errors
    /// The first invalid definition, or why the data file cannot be used.
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
                // The clock must not be behind the restored state.
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
        // The new position must be on disk before clients see it. Otherwise, after a crash, the next process would use the
        // same ids again.
        state.save()?;
        Ok(state)
    }

    /// Writes the changes to the data file, if there is one. Blocks until they are on disk. [`run`](crate::run) does this twice a
    /// second and at its end.
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
