use std::collections::VecDeque;

use signals_engine::Timestamp;

use super::position::Position;
use crate::frame::InstanceFrame;

/// The latest instances of one target, oldest first.
#[derive(Debug, Default)]
pub(super) struct ReplayBuffer {
    kept: VecDeque<Kept>,
}

/// One instance that can be replayed.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) position: Position,
    pub(super) at: Timestamp,
    pub(super) frame: InstanceFrame,
}

impl ReplayBuffer {
    /// Keeps `instance`, and of the older ones as many as make `limit` with it.
    pub(super) fn push(&mut self, instance: Kept, limit: usize) {
        while self.kept.len() >= limit.max(1) {
            self.kept.pop_front();
        }
        self.kept.push_back(instance);
    }

    /// What was published after `moment`, oldest first.
    pub(super) fn since(&self, moment: Timestamp) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(move |kept| kept.at > moment)
    }

    /// Frees what [`ReplayBuffer::since`] would not give for `moment` or any later one.
    pub(super) fn forget_until(&mut self, moment: Timestamp) {
        while self.kept.front().is_some_and(|kept| kept.at <= moment) {
            self.kept.pop_front();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}
