use std::collections::BTreeMap;

use signals_engine::Timestamp;

use super::position::Position;

/// Instances that no open stream had when they were published, and since when they wait for one.
#[derive(Debug, Default)]
pub(super) struct WaitingRoom {
    // Positions grow with time: the first entry is always the oldest.
    since: BTreeMap<Position, Timestamp>,
}

impl WaitingRoom {
    pub(super) fn admit(&mut self, position: Position, now: Timestamp) {
        self.since.insert(position, now);
    }

    /// Whether the instance at `position` waits, and began to after `moment`.
    pub(super) fn holds(&self, position: Position, moment: Timestamp) -> bool {
        self.since.get(&position).is_some_and(|since| *since > moment)
    }

    /// The instance at `position` has found a stream.
    pub(super) fn dismiss(&mut self, position: Position) {
        self.since.remove(&position);
    }

    /// Forgets instances that have waited since `moment` or longer.
    pub(super) fn forget_until(&mut self, moment: Timestamp) {
        while self.since.first_key_value().is_some_and(|(_, since)| *since <= moment) {
            self.since.pop_first();
        }
    }
}
