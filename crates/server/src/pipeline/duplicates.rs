use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher;

use siphasher::sip::SipHasher13;
use uuid::Uuid;

/// Remembers the ids of events, to detect duplicates. The oldest are forgotten first.
#[derive(Debug)]
pub(super) struct SeenEvents {
    /// Trackers choose ids freely, so a keyed hash of each is kept: the size does not depend on the ids. With this many, the
    /// chance that two different ids collide is one in 10^14 per event.
    key: u128,
    known: HashSet<u64>,
    order: VecDeque<u64>,
    /// Number of the first entry of `order`. Entries are numbered in the order of arrival.
    first: u64,
    changes: Changes,
}

#[derive(Debug, Clone, Copy)]
struct Changes {
    /// Number of the first entry that was not in the changes yet.
    from: u64,
    all_forgotten: bool,
}

/// The ids in the data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedSeenEvents {
    /// The key of the hashes.
    pub(crate) key: u128,
    /// Number of the oldest entry that is kept.
    pub(crate) first: u64,
    /// Hashes and their numbers, oldest first.
    pub(crate) entries: Vec<(u64, u64)>,
}

/// The changes since the last time they were taken.
#[derive(Debug)]
pub(crate) struct SeenEventsChanges {
    /// Whether all earlier entries are gone.
    pub(crate) all_forgotten: bool,
    /// The new entries, and the number of the oldest entry that is still kept.
    pub(crate) added: SavedSeenEvents,
}

/// Hashes ids with a key that can be saved, unlike the hashers of the standard library.
#[derive(Clone, Copy)]
struct Keyed(u128);

impl BuildHasher for Keyed {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.0.to_le_bytes())
    }
}

impl Default for SeenEvents {
    fn default() -> Self {
        Self {
            key: Uuid::new_v4().as_u128(),
            known: HashSet::new(),
            order: VecDeque::new(),
            first: 0,
            changes: Changes { from: 0, all_forgotten: true },
        }
    }
}

impl From<SavedSeenEvents> for SeenEvents {
    fn from(saved: SavedSeenEvents) -> Self {
        let SavedSeenEvents { key, first, entries } = saved;
        let order: VecDeque<u64> = entries.into_iter().map(|(_, hash)| hash).collect();
        let from = first + order.len() as u64;
        Self {
            key,
            known: order.iter().copied().collect(),
            order,
            first,
            changes: Changes { from, all_forgotten: false },
        }
    }
}

impl SeenEvents {
    /// How many ids are remembered.
    const CAPACITY: usize = 100_000;

    /// Remembers `id`. Returns whether it is new.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        let hash = Keyed(self.key).hash_one(id);
        if !self.known.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > Self::CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.first += 1;
            self.known.remove(&oldest);
        }
        true
    }

    /// Forgets all ids. Later ids are hashed as before.
    pub(super) fn forget_all(&mut self) {
        *self = Self { key: self.key, ..Self::default() };
    }

    /// The changes since the last call. Applied to what was saved before, they give the whole state.
    pub(super) fn take_changes(&mut self) -> SeenEventsChanges {
        let from = self.changes.from.max(self.first);
        let skipped = usize::try_from(from - self.first).unwrap_or(usize::MAX);
        let entries: Vec<(u64, u64)> =
            (from..).zip(self.order.iter().skip(skipped).copied()).collect();
        let all_forgotten = self.changes.all_forgotten;
        let next = self.first + self.order.len() as u64;
        self.changes = Changes { from: next, all_forgotten: false };
        let added = SavedSeenEvents { key: self.key, first: self.first, entries };
        SeenEventsChanges { all_forgotten, added }
    }

    /// Makes the next [`SeenEvents::take_changes`] return everything, as if all of it were new.
    pub(super) fn mark_all_changed(&mut self) {
        self.changes = Changes { from: self.first, all_forgotten: true };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once() {
        let mut seen = SeenEvents::default();
        assert!(seen.insert("a"));
        assert!(seen.insert("b"));
        assert!(!seen.insert("a"));
    }

    #[test]
    fn the_last_hundred_thousand_ids_are_remembered_and_no_more() {
        let mut seen = SeenEvents::default();
        for number in 0..=100_000 {
            assert!(seen.insert(&number.to_string()));
        }
        assert!(!seen.insert("1"), "still among the last hundred thousand");
        assert!(seen.insert("0"), "forgotten");
        assert_eq!((seen.known.len(), seen.order.len()), (100_000, 100_000));
    }

    #[test]
    fn what_was_saved_piece_by_piece_is_known_again_and_the_oldest_are_forgotten_first() {
        let mut seen = SeenEvents::default();
        let mut saved: Option<SavedSeenEvents> = None;
        for number in 0..100_050 {
            assert!(seen.insert(&number.to_string()));
            if number % 30_000 == 0 || number == 100_049 {
                let SeenEventsChanges { all_forgotten, added } = seen.take_changes();
                let older = saved.take().filter(|_| !all_forgotten);
                let entries = older.into_iter().flat_map(|saved| saved.entries);
                let entries = entries.filter(|(number, _)| *number >= added.first);
                let entries = entries.chain(added.entries).collect();
                saved = Some(SavedSeenEvents { entries, ..added });
            }
        }
        assert!(seen.take_changes().added.entries.is_empty(), "nothing is told twice");
        let mut restored = SeenEvents::from(saved.unwrap());
        assert!(restored.take_changes().added.entries.is_empty());
        assert_eq!(restored.order, seen.order);
        assert!(!restored.insert("50"));
        assert!(restored.insert("49"), "forgotten before it was saved");
    }

    #[test]
    fn everything_is_told_again_on_request() {
        let mut seen = SeenEvents::default();
        seen.insert("a");
        seen.take_changes();
        seen.insert("b");
        seen.mark_all_changed();
        let changes = seen.take_changes();
        assert!(changes.all_forgotten);
        assert_eq!(changes.added.entries.len(), 2);
    }
}
