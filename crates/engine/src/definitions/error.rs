use std::fmt;

use serde::Serialize;
use serde_path_to_error::Segment;
use thiserror::Error;

use super::locate::position_of;

/// Why a definition is invalid, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct DefinitionError {
    /// The path to the invalid field from the outermost object, for example `interventions`, 0, `criteria`, `operator`.
    pub loc: Vec<LocSegment>,
    /// The error, for people.
    pub message: String,
    /// Whether the field is missing.
    pub is_missing: bool,
    /// The position in the text, if the definition was read from text.
    pub position: Option<Position>,
}

/// One step of a [`DefinitionError::loc`]. Serialises as a JSON string or number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LocSegment {
    /// A field of an object.
    Field(String),
    /// A position in an array, from 0.
    Index(usize),
}

/// A position in a text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line number.
    pub line: usize,
    /// Column in bytes.
    pub column: usize,
}

impl DefinitionError {
    /// An error of the JSON parser at `loc`.
    pub(super) fn from_json(cause: &serde_json::Error, loc: Vec<LocSegment>) -> Self {
        // serde_json counts lines from 1. 0 means that it did not read text.
        let position =
            (cause.line() > 0).then(|| Position { line: cause.line(), column: cause.column() });
        let message = cause.to_string();
        let message = match message.rfind(" at line ") {
            Some(end) if position.is_some() => message[..end].to_owned(),
            _ => message,
        };
        Self { loc, message, is_missing: false, position }
    }

    /// An error about the text as a whole.
    pub(super) fn at_start(text: &str, message: &str) -> Self {
        let blank = &text[..text.len() - text.trim_start().len()];
        let line = blank.matches('\n').count() + 1;
        let column = blank.len() - blank.rfind('\n').map_or(0, |newline| newline + 1) + 1;
        Self {
            loc: Vec::new(),
            message: message.to_owned(),
            is_missing: false,
            position: Some(Position { line, column }),
        }
    }

    /// The same error with its position in `text`.
    pub(super) fn positioned_in(mut self, text: &str) -> Self {
        self.position = position_of(text, &self.loc);
        self
    }
}

impl LocSegment {
    pub(super) fn from_path(segment: &Segment) -> Option<Self> {
        match segment {
            Segment::Seq { index } => Some(LocSegment::Index(*index)),
            Segment::Map { key } => Some(LocSegment::Field(key.clone())),
            Segment::Enum { variant } => Some(LocSegment::Field(variant.clone())),
            Segment::Unknown => None,
        }
    }
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { line, column }) = self.position {
            write!(formatter, "line {line}, column {column}: ")?;
        }
        for (depth, segment) in self.loc.iter().enumerate() {
            let dot = if depth == 0 { "" } else { "." };
            match segment {
                LocSegment::Field(name) => write!(formatter, "{dot}{name}")?,
                LocSegment::Index(index) => write!(formatter, "{dot}{index}")?,
            }
        }
        let colon = if self.loc.is_empty() { "" } else { ": " };
        write!(formatter, "{colon}{}", self.message)
    }
}
