use std::fmt;

use super::kind::Id;
use crate::json::Fault;

/// Why a change of the registry was refused. Nothing has changed then.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    /// The definition already exists.
    Exists(Id),
    /// The definition does not exist.
    Unknown(Id),
    /// The definition is published, and must be unpublished first.
    Published(Id),
    /// The version is published with other contents.
    Immutable(Id),
    /// The attribute key is built in, and has the same meaning on every server.
    BuiltIn(Id),
    /// Another definition would become invalid.
    Needed {
        /// The definition to change or delete.
        id: Id,
        /// The definition that needs it.
        by: Id,
        /// The error that the other definition would have.
        reason: String,
    },
    /// A published service contains the group, so it cannot be unpublished.
    Contained {
        /// The group.
        group: Id,
        /// The service.
        by: Id,
    },
    /// The definition itself is invalid.
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
            Self::Published(id) => write!(formatter, "{id} is published. Unpublish it first"),
            Self::Immutable(id) => write!(
                formatter,
                "{id} is published, so it cannot change. Publish a new version, or unpublish this one first"
            ),
            Self::BuiltIn(id) => {
                write!(formatter, "{id} is built in. You cannot delete it or change its field")
            }
            Self::Contained { group, by } => {
                write!(
                    formatter,
                    "the published {by} contains {group}. Unpublish the service first"
                )
            }
            Self::Needed { id, by, reason } => {
                write!(formatter, "{by} needs {id} as it is: {reason}")
            }
        }
    }
}
