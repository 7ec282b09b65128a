use std::collections::BTreeMap;

use signals_engine::Timestamp;

use super::position::Position;

/// Instances that no open stream had when they were published, and since when they wait for one.
#[derive(Debug, Default)]
pub(super) struct WaitingRoom {
    // Positions grow with time: the first entry is always the oldest.
    since: BTreeMap<Position, Timestamp>,
}

/// The place that an instance had in the [`WaitingRoom`].
#[derive(Debug)]
#[must_use = "the instance is lost when its stream is not written and this is not given back"]
pub(super) struct Waiting {
    pub(super) position: Position,
    pub(super) since: Timestamp,
}

impl WaitingRoom {
    /// Lets an instance wait. Of more than `limit`, the oldest wait no longer.
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

    /// Takes out the instance at `position`, which has found a stream, if it waits and began to after `moment`.
    pub(super) fn take(&mut self, position: Position, moment: Timestamp) -> Option<Waiting> {
        let since = *self.since.get(&position).filter(|since| **since > moment)?;
        self.since.remove(&position);
        Some(Waiting { position, since })
    }

    /// Ends the waiting of the instance at `position`.
    pub(super) fn remove(&mut self, position: Position) {
        self.since.remove(&position);
    }

    /// Lets an instance wait again, as if it had never been taken out.
    pub(super) fn give_back(&mut self, waiting: Waiting) {
        self.since.insert(waiting.position, waiting.since);
    }

    /// Forgets instances that have waited since `moment` or longer.
    pub(super) fn forget_until(&mut self, moment: Timestamp) {
        while self.since.first_key_value().is_some_and(|(_, since)| *since <= moment) {
            self.since.pop_first();
        }
    }
}
