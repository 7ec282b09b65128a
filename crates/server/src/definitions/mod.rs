//! Definitions files.

mod excerpt;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use signals_engine::{DefinitionError, Definitions};
use thiserror::Error;

use self::excerpt::excerpt;

/// The definitions of a server that was not given any.
const DEFAULT: &str = include_str!("../../../../definitions/ecommerce.json");

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
        /// What is in it.
        text: Box<str>,
        /// Where, and what is wrong.
        source: DefinitionError,
    },
}

impl LoadError {
    /// The message, and under it the line at fault with a mark at the place, as compilers do.
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

/// Reads `files` and merges them; without any, the default definitions. A file may refer to what those before it define.
///
/// # Errors
/// The first file that cannot be read, does not make sense or defines again what another one does.
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

/// `:{line}:{column}`, so that editors can jump there.
fn position(error: &DefinitionError) -> String {
    let position = error.position.as_ref();
    position.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default()
}

fn without_position(error: &DefinitionError) -> DefinitionError {
    DefinitionError { position: None, ..error.clone() }
}
