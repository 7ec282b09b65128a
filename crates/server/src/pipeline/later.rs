use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

/// A queue of work that is done after a delay, in order.
#[derive(Debug)]
pub(super) struct Later<T> {
    delay: Duration,
    /// Also held during the work, so that the order is kept when several tasks do it.
    waiting: Mutex<Waiting<T>>,
}

#[derive(Debug)]
struct Waiting<T> {
    /// Number of the latest piece of work; the first one is 1.
    latest: u64,
    /// Oldest first.
    queue: VecDeque<(u64, T)>,
}

impl<T> Later<T> {
    /// How many pieces wait at most, of up to one mebibyte each. If there are more, the oldest are done early.
    const CAPACITY: usize = 10_000;

    pub(super) fn new(delay: Duration) -> Self {
        Self { delay, waiting: Mutex::new(Waiting { latest: 0, queue: VecDeque::new() }) }
    }

    /// How long work waits.
    pub(super) fn delay(&self) -> Duration {
        self.delay
    }

    /// Queues `piece`, and returns its number for [`Later::do_until`].
    pub(super) fn push(&self, piece: T, mut work: impl FnMut(T)) -> u64 {
        let mut waiting = self.waiting.lock();
        if waiting.queue.len() >= Self::CAPACITY
            && let Some((_, oldest)) = waiting.queue.pop_front()
        {
            work(oldest);
        }
        waiting.latest += 1;
        let number = waiting.latest;
        waiting.queue.push_back((number, piece));
        number
    }

    /// Does the queued work up to this number.
    pub(super) fn do_until(&self, number: u64, mut work: impl FnMut(T)) {
        let mut waiting = self.waiting.lock();
        while let Some((_, piece)) = waiting.queue.pop_front_if(|(waits, _)| *waits <= number) {
            work(piece);
        }
    }

    /// Does all queued work.
    pub(super) fn do_all(&self, work: impl FnMut(T)) {
        self.do_until(u64::MAX, work);
    }

    /// Forgets all queued work.
    pub(super) fn clear(&self) {
        self.waiting.lock().queue.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later() -> Later<&'static str> {
        Later::new(Duration::ZERO)
    }

    fn never(_: &'static str) {
        panic!("it is not time");
    }

    #[test]
    fn what_came_first_is_done_first_also_when_something_later_is_due() {
        let later = later();
        let mut done = Vec::new();
        later.push("first", never);
        let second = later.push("second", never);
        later.push("third", never);
        later.do_until(second, |piece| done.push(piece));
        assert_eq!(done, ["first", "second"]);
        later.do_until(second, never);
        later.do_all(|piece| done.push(piece));
        assert_eq!(done, ["first", "second", "third"]);
    }

    #[test]
    fn what_is_forgotten_is_not_done_and_does_not_hurry_what_comes_after_it() {
        let later = later();
        let forgotten = later.push("forgotten", never);
        later.clear();
        later.push("new", never);
        later.do_until(forgotten, never);
    }

    #[test]
    fn of_too_much_the_oldest_is_done_early() {
        let later = Later::new(Duration::ZERO);
        for number in 0..Later::<usize>::CAPACITY {
            later.push(number, |_| panic!("there is room"));
        }
        let mut done = Vec::new();
        later.push(0, |number| done.push(number));
        assert_eq!(done, [0]);
    }
}
