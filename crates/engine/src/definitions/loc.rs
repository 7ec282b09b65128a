use std::fmt::Display;

use super::{DefinitionError, LocSegment};

/// The path to the current definition, built on the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loc<'a> {
    parent: Option<&'a Loc<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Index(usize),
}

impl<'a> Loc<'a> {
    /// The outermost object.
    pub(crate) const ROOT: Loc<'static> = Loc { parent: None, step: Step::Root };

    pub(crate) fn field(&'a self, name: &'a str) -> Loc<'a> {
        Loc { parent: Some(self), step: Step::Field(name) }
    }

    pub(crate) fn index(&'a self, index: usize) -> Loc<'a> {
        Loc { parent: Some(self), step: Step::Index(index) }
    }

    /// An error at this place.
    pub(crate) fn error(&self, message: impl Into<String>) -> DefinitionError {
        DefinitionError {
            loc: self.segments(),
            message: message.into(),
            is_missing: false,
            position: None,
        }
    }

    /// The error that a field is missing here.
    pub(crate) fn missing(&self) -> DefinitionError {
        DefinitionError { is_missing: true, ..self.error("missing") }
    }

    /// The error that a field is missing here, with a hint.
    pub(crate) fn missing_with(&self, hint: impl Display) -> DefinitionError {
        DefinitionError { is_missing: true, ..self.error(format!("missing: {hint}")) }
    }

    fn segments(&self) -> Vec<LocSegment> {
        let mut segments = self.parent.map(Loc::segments).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Field(name) => segments.push(LocSegment::Field(name.to_owned())),
            Step::Index(index) => segments.push(LocSegment::Index(index)),
        }
        segments
    }
}
