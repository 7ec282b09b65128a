//! Definitions files.

mod excerpt;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use signals_engine::{DefinitionError, Definitions};
use thiserror::Error;

use self::excerpt::excerpt;

/// The definitions of a server that is started without any.
const DEFAULT: &str = include_str!("../../../../definitions/ecommerce.json");

/// The name of [`DEFAULT`] in errors.
const DEFAULT_NAME: &str = "built-in definitions";

/// Why a definitions file cannot be used. The message names the file and, if there is one, the position and the field.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The definitions are invalid.
    #[error("{}{}: {}", file.display(), position(source), without_position(source))]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Its text.
        text: Box<str>,
        /// The place and the cause.
        source: DefinitionError,
    },
}

impl LoadError {
    /// The message and the line with the error, marked like a compiler's error.
    pub fn report(&self) -> String {
        let mut report = self.to_string();
        if let Self::Invalid {
            text, source: DefinitionError { position: Some(place), .. }, ..
        } = self
        {
            // Writing to a string cannot fail.
            let _ = write!(report, "\n{}", excerpt(text, *place));
        }
        report
    }
}

/// Reads and merges `files`, or returns the default definitions if there are none. A file can refer to the definitions of the
/// files before it.
///
/// # Errors
/// The first file that cannot be read, is invalid or repeats a definition.
pub fn load(files: &[PathBuf]) -> Result<Definitions, LoadError> {
    let mut all = Definitions::default();
    if files.is_empty() {
        add(&mut all, Path::new(DEFAULT_NAME), DEFAULT.to_owned())?;
    }
    for file in files {
        let text = fs::read_to_string(file)
            .map_err(|source| LoadError::Unreadable { file: file.clone(), source })?;
        add(&mut all, file, text)?;
    }
    Ok(all)
}

fn add(all: &mut Definitions, file: &Path, text: String) -> Result<(), LoadError> {
    all.add_json(&text).map_err(|source| LoadError::Invalid {
        file: file.to_owned(),
        text: text.into(),
        source,
    })
}

/// `:{line}:{column}`, a form that editors recognise.
fn position(error: &DefinitionError) -> String {
    let position = error.position.as_ref();
    position.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default()
}

fn without_position(error: &DefinitionError) -> DefinitionError {
    DefinitionError { position: None, ..error.clone() }
}
