use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use signals_engine::{DefinitionError, Definitions, Engine};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::hub::{DeliveryHub, DeliveryRules};
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::registry::Registry;

/// How a server is set up.
#[derive(Debug)]
pub struct ServerOptions {
    /// What is computed and what triggers.
    pub definitions: Definitions,
    /// The token that protects everything but the collector, the stream and the shop.
    pub token: String,
    /// Whether all ids that streams subscribe to must be canonical UUIDs, also those of custom attribute keys.
    pub strict_ids: bool,
    /// Directory of the shop's files.
    pub www: Option<PathBuf>,
    /// Where the time comes from.
    pub clock: Clock,
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
    pipeline: Pipeline,
    journal: Journal,
    registry: Registry,
    faults: Faults,
}

impl AppState {
    /// Compiles the definitions; nobody is known yet.
    ///
    /// # Errors
    /// The first definition that does not make sense.
    pub fn new(options: ServerOptions) -> Result<Self, DefinitionError> {
        let ServerOptions { definitions, token, strict_ids, www, clock } = options;
        let engine = Engine::new(&definitions)?;
        let metrics = Metrics::new();
        let journal = Journal::new();
        let hub = DeliveryHub::new(
            DeliveryRules::default(),
            clock.clone(),
            journal.clone(),
            metrics.clone(),
        );
        let pipeline = Pipeline::new(engine, hub.clone(), journal.clone(), metrics.clone());
        let faults = Faults::default();
        let registry = Registry::new(&definitions);
        let shared = Shared {
            token,
            strict_ids,
            www,
            clock,
            metrics,
            hub,
            pipeline,
            journal,
            registry,
            faults,
        };
        Ok(Self { shared: Arc::new(shared) })
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

    pub(crate) fn pipeline(&self) -> &Pipeline {
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
