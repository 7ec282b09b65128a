use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use signals_engine::Definitions;
use signals_server::{Clock, DataFileError, Hosted, Persistence, Receiver, StartError};

use crate::faults::Faults;

/// The server's name.
const NAME: &str = "signals-mock-server";

/// The options of a mock server.
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
    /// Who gets each triggered intervention besides streams.
    pub receivers: Vec<Receiver>,
    /// Directory of the shop's files.
    pub www: Option<PathBuf>,
    /// The server's clock.
    pub clock: Clock,
    /// If set, the server guarantees no more than hosted Signals.
    pub hosted: Option<Hosted>,
}

/// A server, with what only a mock server has: faults and a shop's files. Clones share the server.
#[derive(Clone)]
pub struct AppState {
    server: signals_server::AppState,
    faults: Arc<Faults>,
    www: Option<Arc<Path>>,
}

impl AppState {
    /// Compiles the definitions, and restores the state of an existing data file.
    ///
    /// # Errors
    /// The first invalid definition, or why the data file cannot be used.
    pub fn new(options: ServerOptions) -> Result<Self, StartError> {
        let ServerOptions {
            definitions,
            persistence,
            token,
            strict_ids,
            receivers,
            www,
            clock,
            hosted,
        } = options;
        let options = signals_server::ServerOptions {
            name: NAME,
            definitions,
            persistence,
            token,
            strict_ids,
            receivers,
            clock,
            hosted,
        };
        let server = signals_server::AppState::new(options)?;
        Ok(Self { server, faults: Arc::default(), www: www.map(Arc::from) })
    }

    /// Writes the changes to the data file, if there is one. Blocks until they are on disk. [`run`](crate::run) does this twice a
    /// second and at its end.
    ///
    /// # Errors
    /// Why the file cannot be written. The next call tries to write everything again.
    pub fn save(&self) -> Result<(), DataFileError> {
        self.server.save()
    }

    /// The server that this one is built on.
    pub fn server(&self) -> &signals_server::AppState {
        &self.server
    }

    pub(crate) fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }

    pub(crate) fn www(&self) -> Option<&Arc<Path>> {
        self.www.as_ref()
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AppState").finish_non_exhaustive()
    }
}
