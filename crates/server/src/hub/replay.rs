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

impl Kept {
    /// About how many bytes an instance takes besides its frame, including its share of the tables.
    const OVERHEAD_BYTES: usize = 200;

    /// About how many bytes of memory it takes.
    pub(super) fn size(&self) -> usize {
        self.frame.len() + Self::OVERHEAD_BYTES
    }
}

impl ReplayBuffer {
    pub(super) fn push(&mut self, instance: Kept) {
        self.kept.push_back(instance);
    }

    pub(super) fn pop_oldest(&mut self) -> Option<Kept> {
        self.kept.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// All instances, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter()
    }

    /// The instances published after `moment`, oldest first.
    pub(super) fn since(&self, moment: Timestamp) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(move |kept| kept.at > moment)
    }

    /// Removes the oldest instance if it is too old for [`ReplayBuffer::since`] at `moment`.
    pub(super) fn pop_until(&mut self, moment: Timestamp) -> Option<Kept> {
        self.kept.pop_front_if(|kept| kept.at <= moment)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}
