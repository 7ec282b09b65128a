use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use signals_engine::{DefinitionError, Definitions, Engine};
use thiserror::Error;

use crate::access::Access;
use crate::clock::Clock;
use crate::hub::{DeliveryHub, DeliveryRules};
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::registry::Registry;
use crate::storage::{DataFile, DataFileError, Keeper, Saved, Sources};

/// How a server is set up.
#[derive(Debug)]
pub struct ServerOptions {
    /// The name by which the server introduces itself on streams and in its description.
    pub name: &'static str,
    /// What is computed and what triggers.
    pub definitions: Definitions,
    /// Where to keep what the server knows; in memory alone when not given.
    pub persistence: Option<Persistence>,
    /// The token that protects everything but the collector, the stream, health, metrics and the description.
    pub token: String,
    /// Whether all ids that streams subscribe to must be canonical UUIDs, also those of custom attribute keys.
    pub strict_ids: bool,
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

/// The parts of one server, put together. Clones are the same server.
///
/// Handlers ask for the parts that they need, not for all of this.
#[derive(Clone)]
pub struct AppState {
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    access: Access,
    strict_ids: bool,
    clock: Clock,
    metrics: Metrics,
    hub: DeliveryHub,
    pipeline: Arc<Pipeline>,
    journal: Journal,
    registry: Arc<Registry>,
    keeper: Option<Arc<Keeper>>,
}

impl AppState {
    /// Compiles the definitions. Nobody is known yet, except to a data file that is not new.
    ///
    /// # Errors
    /// The first definition that does not make sense, or why the data file cannot be used.
    pub fn new(options: ServerOptions) -> Result<Self, StartError> {
        let ServerOptions { name, definitions, persistence, token, strict_ids, clock, hosted } =
            options;
        let (file, saved) = match &persistence {
            Some(persistence) => {
                let file = DataFile::open(&persistence.file)?;
                let saved = file.load()?;
                (Some(file), saved)
            }
            None => (None, None),
        };
        let metrics = Metrics::new();
        let journal = Journal::new();
        let rules = DeliveryRules { live_only: hosted.is_some(), ..DeliveryRules::default() };
        let hub = DeliveryHub::new(name, rules, clock.clone(), journal.clone(), metrics.clone());
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
        if file.is_some() {
            pipeline.track_changes();
            if is_new {
                pipeline.mark_all_changed();
            }
        }
        let (registry, pipeline) = (Arc::new(registry), Arc::new(pipeline));
        let keeper = file.map(|file| {
            Arc::new(Keeper::new(
                file,
                Sources {
                    registry: Arc::clone(&registry),
                    pipeline: Arc::clone(&pipeline),
                    hub: hub.clone(),
                    clock: clock.clone(),
                },
                metrics.clone(),
            ))
        });
        let access = Access::new(&token);
        let shared = Shared {
            name,
            access,
            strict_ids,
            clock,
            metrics,
            hub,
            pipeline,
            journal,
            registry,
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
        self.shared.keeper.as_ref().map_or(Ok(()), |keeper| keeper.save())
    }

    /// What keeps the data file up to date, if there is one.
    pub(crate) fn keeper(&self) -> Option<&Arc<Keeper>> {
        self.shared.keeper.as_ref()
    }

    /// The name by which the server introduces itself.
    pub(crate) fn name(&self) -> &'static str {
        self.shared.name
    }

    /// Whether all ids that streams subscribe to must be canonical UUIDs.
    pub(crate) fn strict_ids(&self) -> bool {
        self.shared.strict_ids
    }

    /// The rules by which requests are let in.
    pub fn access(&self) -> &Access {
        &self.shared.access
    }

    /// Where all parts take the time from.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// What hands interventions to streams.
    pub fn hub(&self) -> &DeliveryHub {
        &self.shared.hub
    }

    /// What counts events, and knows the profiles.
    pub fn pipeline(&self) -> &Arc<Pipeline> {
        &self.shared.pipeline
    }

    /// What happened lately.
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// What is defined.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.shared.registry
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AppState").finish_non_exhaustive()
    }
}
