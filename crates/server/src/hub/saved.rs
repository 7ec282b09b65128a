//! The hub's state in the data file.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use signals_engine::Timestamp;
use signals_wire::TargetAttributeKey;

use super::position::{Epoch, Position};

/// An instance that can be replayed to one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedInstance {
    pub(crate) position: Position,
    pub(crate) target: Arc<TargetAttributeKey>,
    pub(crate) at: Timestamp,
    /// Its bytes on the stream.
    pub(crate) frame: Bytes,
}

/// The state that survives a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedHub {
    pub(crate) epoch: Epoch,
    /// Position of the latest instance.
    pub(crate) latest: Position,
    /// By position, oldest first.
    pub(crate) instances: Vec<SavedInstance>,
    /// Instances that wait for their first stream, and since when.
    pub(crate) waiting: Vec<(Position, Timestamp)>,
}

/// The changes since the last time they were taken.
#[derive(Debug)]
pub(crate) struct HubChanges {
    pub(crate) epoch: Epoch,
    /// Position of the latest instance.
    pub(crate) latest: Position,
    /// Instances published up to this moment can no longer be replayed.
    pub(crate) replayed_after: Timestamp,
    /// Instances that have waited since this moment or longer wait no more.
    pub(crate) waiting_after: Timestamp,
    pub(crate) unsaved: Unsaved,
}

/// Changes to instances, apart from expiry.
#[derive(Debug, Default)]
pub(crate) struct Unsaved {
    /// Whether all earlier instances are gone.
    pub(crate) all_forgotten: bool,
    pub(crate) published: Vec<SavedInstance>,
    /// Instances that were dropped early. Some may be in `published`.
    pub(crate) dropped: Vec<(Position, Arc<TargetAttributeKey>)>,
    /// Since when an instance waits, or `None` if it no longer waits.
    pub(crate) waiting: BTreeMap<Position, Option<Timestamp>>,
}

impl Unsaved {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { all_forgotten, published, dropped, waiting } = self;
        !all_forgotten && published.is_empty() && dropped.is_empty() && waiting.is_empty()
    }
}
