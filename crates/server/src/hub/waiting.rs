use std::collections::BTreeMap;

use signals_engine::Timestamp;

use super::position::Position;

/// Instances that no open stream received when they were published, and since when they wait for one.
#[derive(Debug, Default)]
pub(super) struct WaitingRoom {
    // Positions grow with time, so the first entry is the oldest.
    since: BTreeMap<Position, Timestamp>,
}

/// The place of an instance in the [`WaitingRoom`].
#[derive(Debug)]
#[must_use = "unless this is given back, the instance is lost if its stream ends before it is written"]
pub(super) struct Waiting {
    pub(super) position: Position,
    pub(super) since: Timestamp,
}

impl WaitingRoom {
    /// Adds an instance. If there are more than `limit`, the oldest are removed.
    pub(super) fn admit(&mut self, position: Position, now: Timestamp, limit: usize) {
        self.since.insert(position, now);
        while self.since.len() > limit.max(1) {
            self.since.pop_first();
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Position, Timestamp)> {
        self.since.iter().map(|(position, since)| (*position, *since))
    }

    pub(super) fn len(&self) -> usize {
        self.since.len()
    }

    /// Removes the instance at `position` because it has a stream now. `None` if it does not wait, or has waited since `moment` or longer.
    pub(super) fn take(&mut self, position: Position, moment: Timestamp) -> Option<Waiting> {
        let since = *self.since.get(&position).filter(|since| **since > moment)?;
        self.since.remove(&position);
        Some(Waiting { position, since })
    }

    /// Removes the instance at `position`.
    pub(super) fn remove(&mut self, position: Position) {
        self.since.remove(&position);
    }

    /// Makes an instance wait again, as if it had never been taken.
    pub(super) fn give_back(&mut self, waiting: Waiting) {
        self.since.insert(waiting.position, waiting.since);
    }

    /// Removes instances that have waited since `moment` or longer.
    pub(super) fn forget_until(&mut self, moment: Timestamp) {
        while self.since.first_key_value().is_some_and(|(_, since)| *since <= moment) {
            self.since.pop_first();
        }
    }
}
