//! Keeps interventions until the page registers a handler.
use std::collections::VecDeque;
use std::mem;

/// The maximum number of waiting interventions. A new one replaces the oldest.
pub(crate) const MAX_WAITING: usize = 50;

/// The maximum time that an intervention waits, in milliseconds.
pub(crate) const MAX_WAIT_MS: u64 = 60_000;

/// A bounded queue that drops old entries and counts the dropped ones.
#[derive(Debug)]
pub(crate) struct WaitingRoom<T> {
    waiting: VecDeque<(u64, T)>,
    lost: u32,
}

impl<T> Default for WaitingRoom<T> {
    fn default() -> Self {
        WaitingRoom { waiting: VecDeque::new(), lost: 0 }
    }
}

impl<T> WaitingRoom<T> {
    /// Adds an intervention that arrived at `now`.
    pub(crate) fn push(&mut self, intervention: T, now: u64) {
        if self.waiting.len() == MAX_WAITING {
            self.waiting.pop_front();
            self.lost += 1;
        }
        self.waiting.push_back((now, intervention));
    }

    /// Drops interventions that have waited too long.
    pub(crate) fn expire(&mut self, now: u64) {
        while self
            .waiting
            .front()
            .is_some_and(|(since, _)| now.saturating_sub(*since) > MAX_WAIT_MS)
        {
            self.waiting.pop_front();
            self.lost += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The waiting interventions, in order of arrival.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter().map(|(_, intervention)| intervention)
    }

    /// Empties the queue. Returns the interventions that have not expired, in order of arrival.
    pub(crate) fn take(&mut self, now: u64) -> impl Iterator<Item = T> + use<T> {
        self.expire(now);
        mem::take(&mut self.waiting).into_iter().map(|(_, intervention)| intervention)
    }

    /// The number of dropped interventions since the last call.
    pub(crate) fn take_lost(&mut self) -> u32 {
        mem::take(&mut self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interventions_come_out_in_order_of_arrival() {
        let mut room = WaitingRoom::default();
        room.push("a", 0);
        room.push("b", 1);
        assert!(room.take(2).eq(["a", "b"]));
        assert!(room.is_empty());
    }

    #[test]
    fn an_intervention_waits_sixty_seconds_and_no_longer() {
        let mut room = WaitingRoom::default();
        room.push("stale", 0);
        room.push("fresh", 1);
        assert!(room.take(MAX_WAIT_MS + 1).eq(["fresh"]));
        assert_eq!(room.take_lost(), 1);
    }

    #[test]
    fn the_oldest_makes_room_for_the_fifty_first() {
        let mut room = WaitingRoom::default();
        for index in 0..=MAX_WAITING {
            room.push(index, 0);
        }
        let waiting: Vec<usize> = room.take(0).collect();
        assert_eq!(waiting.len(), MAX_WAITING);
        assert_eq!(waiting.first(), Some(&1));
        assert_eq!(room.take_lost(), 1);
        assert_eq!(room.take_lost(), 0, "each loss is reported once");
    }
}
