use std::fmt;

use uuid::Uuid;

/// The number of an instance in its epoch, in the order of publishing. The first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position(u64);

impl Position {
    /// Before the first instance.
    pub(super) const START: Self = Self(0);

    /// More instances than a process publishes between two writes of the data file.
    const UNSAVED_AT_MOST: u64 = 1 << 32;

    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }

    /// The position from which a new process continues. It leaves out those that the previous process may have used between its
    /// last write and a crash: a client that resumes from one of them would miss the new instance with that position.
    pub(super) fn after_restart(self) -> Self {
        Self(self.0.saturating_add(Self::UNSAVED_AT_MOST))
    }

    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    pub(super) fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// Distinguishes the positions of one server from those of another.
///
/// A server without a data file starts at position 1 again. Without the epoch, an old id would look like a current position and
/// hide the instances before it. A server with a data file keeps its epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epoch(u32);

impl Epoch {
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    pub(crate) const fn get(self) -> u32 {
        self.0
    }

    /// A random epoch, which no other server is likely to have.
    pub(crate) fn random() -> Self {
        Self(Uuid::new_v4().as_fields().0)
    }

    #[cfg(test)]
    pub(super) fn of_tests() -> Self {
        Self(0)
    }

    /// The id of `position` in frames.
    pub(super) fn event_id(self, position: Position) -> EventId {
        EventId { epoch: self, position }
    }

    /// The position in `event_id`, if it has this epoch.
    pub(super) fn position(self, event_id: &str) -> Option<Position> {
        let (epoch, position) = event_id.split_once('-')?;
        let position = Position(position.parse().ok()?);
        (u32::from_str_radix(epoch, 16) == Ok(self.0)).then_some(position)
    }
}

/// The `id:` of a frame: `{epoch}-{position}`, e.g. `9f31c0de-42`.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventId {
    epoch: Epoch,
    position: Position,
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08x}-{}", self.epoch.0, self.position.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_recognises_its_own_ids() {
        let epoch = Epoch(0x00c0_ffee);
        let id = epoch.event_id(Position(42)).to_string();
        assert_eq!(id, "00c0ffee-42");
        assert_eq!(epoch.position(&id), Some(Position(42)));
    }

    #[test]
    fn ids_of_another_process_and_garbage_mean_nothing() {
        let epoch = Epoch(0x00c0_ffee);
        for id in ["9f31c0de-42", "42", "", "-", "00c0ffee-", "00c0ffee--1", "00c0ffee-x", "é-1"] {
            assert_eq!(epoch.position(id), None, "{id}");
        }
    }
}
