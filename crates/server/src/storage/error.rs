use std::io;
use std::path::PathBuf;

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};
use thiserror::Error;

/// Why a data file cannot be used.
#[derive(Debug, Error)]
#[error("data file {}: {reason}", path.display())]
pub struct DataFileError {
    pub(super) path: PathBuf,
    pub(super) reason: Reason,
}

#[derive(Debug, Error)]
pub(super) enum Reason {
    #[error("another process uses it. Give each server its own file")]
    InUse,
    #[error(
        "it has format {found}, but this version of the server reads format {expected}. Use the version that wrote it, or another file"
    )]
    OtherFormat { found: u128, expected: u128 },
    #[error("it was not written by this server, or the version that wrote it is too old")]
    Foreign,
    #[error("it is damaged ({0}). Restore a backup, or use another file")]
    Damaged(String),
    #[error("{0}")]
    Io(io::Error),
    #[error("{0}")]
    Storage(String),
}

impl From<DatabaseError> for Reason {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => Self::InUse,
            DatabaseError::UpgradeRequired(_) => Self::Foreign,
            DatabaseError::Storage(error) => error.into(),
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<StorageError> for Reason {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Io(error) if error.kind() == io::ErrorKind::InvalidData => Self::Foreign,
            StorageError::Io(error) => Self::Io(error),
            StorageError::Corrupted(what) => Self::Damaged(what),
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<TransactionError> for Reason {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Storage(error) => error.into(),
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<TableError> for Reason {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Storage(error) => error.into(),
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<CommitError> for Reason {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Storage(error) => error.into(),
            other => Self::Storage(other.to_string()),
        }
    }
}
