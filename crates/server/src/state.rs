use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use signals_engine::{DefinitionError, Definitions, Engine};
use thiserror::Error;

use crate::access::Access;
use crate::clock::Clock;
use crate::forwarding::{Forwarding, Receiver};
use crate::hub::{DeliveryHub, DeliveryRules};
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::registry::Registry;
use crate::storage::{DataFile, DataFileError, Keeper, Saved, Sources};

/// The options of a server.
#[derive(Debug)]
pub struct ServerOptions {
    /// The server's name on streams and in its API description.
    pub name: &'static str,
    /// The definitions of attributes and interventions.
    pub definitions: Definitions,
    /// The data file. Without it, everything is kept in memory.
    pub persistence: Option<Persistence>,
    /// The token that protects everything except the collector, the stream, health, metrics and the API description.
    pub token: String,
    /// Whether all ids that streams subscribe to must be canonical UUIDs, also those of custom attribute keys.
    pub strict_ids: bool,
    /// Who gets each triggered intervention besides streams.
    pub receivers: Vec<Receiver>,
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
    /// Whether to publish the server's `definitions` in addition to those of an existing file. If false, only those in the file are
    /// used.
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

/// The parts of one server. Clones share the server.
///
/// Handlers take only the parts that they need.
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
    forwarding: Forwarding,
    pipeline: Arc<Pipeline>,
    journal: Journal,
    registry: Arc<Registry>,
    keeper: Option<Arc<Keeper>>,
}

impl AppState {
    /// Compiles the definitions, and restores the state of an existing data file.
    ///
    /// # Errors
    /// The first invalid definition, or why the data file cannot be used.
    pub fn new(options: ServerOptions) -> Result<Self, StartError> {
        let ServerOptions {
            name,
            definitions,
            persistence,
            token,
            strict_ids,
            receivers,
            clock,
            hosted,
        } = options;
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
        let forwarding = Forwarding::new(receivers, clock.clone(), &metrics);
        let delay = hosted.map(|hosted| hosted.processing_delay);
        let new_pipeline = |engine| {
            let (hub, forwarding) = (hub.clone(), forwarding.clone());
            Pipeline::new(engine, hub, forwarding, journal.clone(), metrics.clone(), delay)
        };
        let is_new = saved.is_none();
        let (registry, pipeline) = match (saved, &persistence) {
            (Some(saved), Some(Persistence { file, republish })) => {
                let Saved {
                    registry,
                    profiles,
                    seen,
                    hub: saved_hub,
                    forwarding: messages,
                    read,
                    clock_ahead,
                } = saved;
                let added = if *republish { definitions } else { Definitions::default() };
                let (registry, engine) = Registry::restore(registry, &added).map_err(|error| {
                    StartError::Conflict { file: file.clone(), reason: error.to_string() }
                })?;
                // The clock must not be behind the restored state.
                clock.advance(clock_ahead);
                hub.restore(saved_hub);
                forwarding.restore(messages);
                let pipeline = new_pipeline(engine);
                pipeline.restore(profiles, seen, read);
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
                    forwarding: forwarding.clone(),
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
            forwarding,
            pipeline,
            journal,
            registry,
            keeper,
        };
        let state = Self { shared: Arc::new(shared) };
        // The new position must be on disk before clients see it. Otherwise, after a crash, the next process would use the same ids
        // again.
        state.save()?;
        Ok(state)
    }

    /// Writes the changes to the data file, if there is one. Blocks until they are on disk. [`run`](crate::run) does this twice a
    /// second and at its end.
    ///
    /// # Errors
    /// Why the file cannot be written. The next call tries to write everything again.
    pub fn save(&self) -> Result<(), DataFileError> {
        self.shared.keeper.as_ref().map_or(Ok(()), |keeper| keeper.save())
    }

    /// Writes changes to the data file, if there is one.
    pub(crate) fn keeper(&self) -> Option<&Arc<Keeper>> {
        self.shared.keeper.as_ref()
    }

    /// The server's name.
    pub(crate) fn name(&self) -> &'static str {
        self.shared.name
    }

    /// Whether streams accept only canonical UUIDs as ids.
    pub(crate) fn strict_ids(&self) -> bool {
        self.shared.strict_ids
    }

    /// The access rules for requests.
    pub fn access(&self) -> &Access {
        &self.shared.access
    }

    /// The clock of all parts.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Delivers interventions to streams.
    pub fn hub(&self) -> &DeliveryHub {
        &self.shared.hub
    }

    /// Passes triggered interventions on to receivers.
    pub fn forwarding(&self) -> &Forwarding {
        &self.shared.forwarding
    }

    /// Processes events and has the profiles.
    pub fn pipeline(&self) -> &Arc<Pipeline> {
        &self.shared.pipeline
    }

    /// The recent events and interventions.
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// The definitions.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.shared.registry
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AppState").finish_non_exhaustive()
    }
}
