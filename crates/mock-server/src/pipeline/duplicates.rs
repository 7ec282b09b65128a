use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// Remembers which events were seen, by their ids; the oldest are forgotten first.
#[derive(Debug, Default)]
pub(super) struct SeenEvents {
    // Trackers choose ids freely, so what is kept is a keyed hash of each: the size of the memory does not depend on them,
    // and with this many the odds of two different ids meeting are one in 10^14 per event.
    hasher: RandomState,
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl SeenEvents {
    /// How many ids are remembered.
    const CAPACITY: usize = 100_000;

    /// Remembers `id` and says whether it is new.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        let hash = self.hasher.hash_one(id);
        if !self.known.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > Self::CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
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
}
