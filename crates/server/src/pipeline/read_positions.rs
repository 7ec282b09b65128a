//! How far each partition of a log was read. Saved together with the effects of its records, so that each line counts once.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A partition of a Kafka topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partition {
    /// The topic.
    pub topic: Arc<str>,
    /// The number of the partition in its topic.
    pub number: u32,
}

/// The next line to read from a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadPosition {
    /// The offset of the record in its partition.
    pub offset: u64,
    /// The index of the line in the record. A compressed record has many lines.
    pub line: u64,
}

impl ReadPosition {
    /// The first line of the record at `offset`.
    pub fn record(offset: u64) -> Self {
        Self { offset, line: 0 }
    }
}

/// Consecutive lines of a partition.
#[derive(Debug)]
pub(super) struct ReadLines {
    pub(super) partition: Partition,
    /// The first of the lines.
    pub(super) from: ReadPosition,
    /// The line after the last one.
    pub(super) to: ReadPosition,
}

/// For each partition, the next line to read.
#[derive(Debug, Default)]
pub(super) struct ReadPositions {
    next: BTreeMap<Partition, ReadPosition>,
    unsaved: BTreeMap<Partition, ReadPosition>,
}

impl ReadPositions {
    /// How many of `lines` were read before. Marks all of them as read.
    pub(super) fn advance(&mut self, lines: ReadLines) -> usize {
        let ReadLines { partition, from, to } = lines;
        let next = self.next(&partition).unwrap_or(from);
        if next < to {
            self.set(partition, to);
        }
        if next.offset > from.offset {
            return usize::MAX;
        }
        let already_read =
            if next.offset == from.offset { next.line.saturating_sub(from.line) } else { 0 };
        usize::try_from(already_read).unwrap_or(usize::MAX)
    }

    /// Reads a partition from this position on, also if it was read further before.
    pub(super) fn set(&mut self, partition: Partition, position: ReadPosition) {
        self.unsaved.insert(partition.clone(), position);
        self.next.insert(partition, position);
    }

    /// The next line of a partition. `None` if no line of it was read.
    pub(super) fn next(&self, partition: &Partition) -> Option<ReadPosition> {
        self.next.get(partition).copied()
    }

    /// The positions that changed since the last call.
    pub(super) fn take_changes(&mut self) -> Vec<(Partition, ReadPosition)> {
        std::mem::take(&mut self.unsaved).into_iter().collect()
    }

    /// Makes the next [`ReadPositions::take_changes`] return everything.
    pub(super) fn mark_all_changed(&mut self) {
        self.unsaved.clone_from(&self.next);
    }
}

impl From<Vec<(Partition, ReadPosition)>> for ReadPositions {
    fn from(saved: Vec<(Partition, ReadPosition)>) -> Self {
        Self { next: saved.into_iter().collect(), unsaved: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(number: u32) -> Partition {
        Partition { topic: "enriched-good".into(), number }
    }

    fn at(offset: u64, line: u64) -> ReadPosition {
        ReadPosition { offset, line }
    }

    fn lines(from: ReadPosition, to: ReadPosition) -> ReadLines {
        ReadLines { partition: partition(0), from, to }
    }

    #[test]
    fn lines_are_new_once() {
        let mut positions = ReadPositions::default();
        assert_eq!(positions.advance(lines(at(7, 0), at(7, 100))), 0);
        assert_eq!(positions.advance(lines(at(7, 100), at(8, 0))), 0);
        assert_eq!(positions.next(&partition(0)), Some(at(8, 0)));
        assert_eq!(positions.advance(lines(at(7, 0), at(7, 100))), usize::MAX, "all of them");
        assert_eq!(positions.next(&partition(0)), Some(at(8, 0)), "never goes back");
    }

    #[test]
    fn a_record_that_was_read_in_part_goes_on_after_that_part() {
        let mut positions = ReadPositions::default();
        positions.advance(lines(at(7, 0), at(7, 30)));
        assert_eq!(positions.advance(lines(at(7, 0), at(8, 0))), 30);
    }

    #[test]
    fn partitions_have_positions_of_their_own() {
        let mut positions = ReadPositions::default();
        positions.advance(lines(at(7, 0), at(8, 0)));
        assert_eq!(positions.next(&partition(1)), None);
    }

    #[test]
    fn each_change_is_told_once_and_everything_on_request() {
        let mut positions = ReadPositions::default();
        positions.advance(lines(at(7, 0), at(8, 0)));
        assert_eq!(positions.take_changes(), [(partition(0), at(8, 0))]);
        assert_eq!(positions.take_changes(), []);
        positions.mark_all_changed();
        assert_eq!(positions.take_changes(), [(partition(0), at(8, 0))]);
    }
}
