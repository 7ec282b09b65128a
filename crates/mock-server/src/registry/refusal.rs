use super::kind::Id;
use crate::error::{ApiError, Problem};

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
    /// The definition itself makes no sense.
    Invalid(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Invalid(problem)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown(id) => Self::Unknown(format!("{id} does not exist")),
            Refusal::Invalid(problem) => problem.into(),
            Refusal::Exists(id) => Self::BadRequest(format!("{id} already exists")),
            Refusal::Published(id) => {
                Self::BadRequest(format!("{id} is published; unpublish it first"))
            }
            Refusal::Immutable(id) => Self::BadRequest(format!(
                "{id} is published and cannot change; publish a new version, or unpublish this one first"
            )),
            Refusal::BuiltIn(id) => {
                Self::BadRequest(format!("{id} is built in: it stays, with the field it has"))
            }
            Refusal::Needed { id, by, reason } => {
                Self::BadRequest(format!("{id} is needed as it is by {by}: {reason}"))
            }
        }
    }
}
