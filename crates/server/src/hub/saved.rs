//! The hub's state as it is saved and comes back.

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
    /// As it is written to streams.
    pub(crate) frame: Bytes,
}

/// Everything that outlives a process.
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

/// What has changed since it was last asked for.
#[derive(Debug)]
pub(crate) struct HubChanges {
    pub(crate) epoch: Epoch,
    /// Position of the latest instance.
    pub(crate) latest: Position,
    /// What is as old as this cannot be replayed any more.
    pub(crate) replayed_after: Timestamp,
    /// What waits since then waits no longer.
    pub(crate) waiting_after: Timestamp,
    pub(crate) unsaved: Unsaved,
}

/// What happened to instances, apart from growing old.
#[derive(Debug, Default)]
pub(crate) struct Unsaved {
    /// Whether all that there were before are gone.
    pub(crate) all_forgotten: bool,
    pub(crate) published: Vec<SavedInstance>,
    /// Those that had to leave early, some of which may be among `published`.
    pub(crate) dropped: Vec<(Position, Arc<TargetAttributeKey>)>,
    /// Since when an instance waits; `None` when it does no longer.
    pub(crate) waiting: BTreeMap<Position, Option<Timestamp>>,
}

impl Unsaved {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { all_forgotten, published, dropped, waiting } = self;
        !all_forgotten && published.is_empty() && dropped.is_empty() && waiting.is_empty()
    }
}
