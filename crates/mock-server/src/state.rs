use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use signals_engine::Definitions;
use signals_server::{Clock, DataFileError, Hosted, Persistence, StartError};

use crate::faults::Faults;

/// The name by which this server introduces itself.
const NAME: &str = "signals-mock-server";

/// How a mock server is set up.
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

/// A server, and what only a mock of one has: faults, and a shop's files. Clones are the same server.
#[derive(Clone)]
pub struct AppState {
    server: signals_server::AppState,
    faults: Arc<Faults>,
    www: Option<Arc<Path>>,
}

impl AppState {
    /// Compiles the definitions. Nobody is known yet, except to a data file that is not new.
    ///
    /// # Errors
    /// The first definition that does not make sense, or why the data file cannot be used.
    pub fn new(options: ServerOptions) -> Result<Self, StartError> {
        let ServerOptions { definitions, persistence, token, strict_ids, www, clock, hosted } =
            options;
        let options = signals_server::ServerOptions {
            name: NAME,
            definitions,
            persistence,
            token,
            strict_ids,
            clock,
            hosted,
        };
        let server = signals_server::AppState::new(options)?;
        Ok(Self { server, faults: Arc::default(), www: www.map(Arc::from) })
    }

    /// Brings the data file up to date, if there is one. Waits for the disk. [`run`](crate::run) does this twice a second and
    /// at its end.
    ///
    /// # Errors
    /// Why the file cannot be written. The next call tries to write everything again.
    pub fn save(&self) -> Result<(), DataFileError> {
        self.server.save()
    }

    /// The server that it is built on.
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
