use std::fmt;

use super::kind::Id;
use crate::json::Fault;

/// Why the registry did not do what it was asked to. Nothing has changed then.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    /// It is there already.
    Exists(Id),
    /// It is not there.
    Unknown(Id),
    /// It is published, and what is asked for is only possible when it is not.
    Published(Id),
    /// It is published in another form.
    Immutable(Id),
    /// Every server has this attribute key, and it means the same everywhere.
    BuiltIn(Id),
    /// Something else would no longer make sense.
    Needed {
        /// What was to be changed or deleted.
        id: Id,
        /// What needs it as it is.
        by: Id,
        /// What would be wrong with that.
        reason: String,
    },
    /// A group cannot be unpublished, because a published service contains it.
    Contained {
        /// What was to be unpublished.
        group: Id,
        /// The service.
        by: Id,
    },
    /// The definition itself makes no sense.
    Invalid(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Invalid(fault)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(id) => write!(formatter, "{id} does not exist"),
            Self::Invalid(fault) => fault.fmt(formatter),
            Self::Exists(id) => write!(formatter, "{id} already exists"),
            Self::Published(id) => write!(formatter, "{id} is published; unpublish it first"),
            Self::Immutable(id) => write!(
                formatter,
                "{id} is published and cannot change; publish a new version, or unpublish this one first"
            ),
            Self::BuiltIn(id) => {
                write!(formatter, "{id} is built in: it stays, with the field it has")
            }
            Self::Contained { group, by } => {
                write!(
                    formatter,
                    "{group} is contained in the published {by}: unpublish that first"
                )
            }
            Self::Needed { id, by, reason } => {
                write!(formatter, "{id} is needed as it is by {by}: {reason}")
            }
        }
    }
}
