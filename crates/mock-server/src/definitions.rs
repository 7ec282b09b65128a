//! Definitions files.

use std::path::{Path, PathBuf};
use std::{fs, io};

use signals_engine::{DefinitionError, Definitions, Engine};
use thiserror::Error;

/// The definitions of a server that was not given any.
const DEFAULT: &str = include_str!("../../../definitions/ecommerce.json");

/// Name by which errors speak of [`DEFAULT`].
const DEFAULT_NAME: &str = "built-in definitions";

/// A definitions file that cannot be used. The message names file, position and field as far as there is one.
#[derive(Debug, Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It does not make sense.
    #[error("{}{}: {}", file.display(), position(source), without_position(source))]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Where, and what is wrong.
        source: DefinitionError,
    },
}

/// Reads `files` and merges them; without any, the default definitions.
///
/// # Errors
/// The first file that cannot be read, does not make sense or defines again what another one does.
pub fn load(files: &[PathBuf]) -> Result<Definitions, LoadError> {
    if files.is_empty() {
        return parse(Path::new(DEFAULT_NAME), DEFAULT);
    }
    let mut all = Definitions::default();
    for file in files {
        let text = fs::read_to_string(file)
            .map_err(|source| LoadError::Unreadable { file: file.clone(), source })?;
        let invalid = |source| LoadError::Invalid { file: file.clone(), source };
        all.merge(parse(file, &text)?).map_err(invalid)?;
        // Compiling after each file tells which one brings what does not make sense.
        Engine::new(&all).map_err(invalid)?;
    }
    Ok(all)
}

fn parse(file: &Path, text: &str) -> Result<Definitions, LoadError> {
    Definitions::from_json(text)
        .map_err(|source| LoadError::Invalid { file: file.to_owned(), source })
}

/// `:{line}:{column}`, so that editors can jump there.
fn position(error: &DefinitionError) -> String {
    let position = error.position.as_ref();
    position.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default()
}

fn without_position(error: &DefinitionError) -> DefinitionError {
    DefinitionError { position: None, ..error.clone() }
}
