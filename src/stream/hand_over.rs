//! Make before break: when a subscription changes, the previous one stays until the next one receives.

/// A subscription that can tell whether it receives.
pub(crate) trait Receiving {
    /// Whether it receives now.
    fn is_open(&self) -> bool;
}

/// The present subscription and, until the present one opens, the previous one.
///
/// Methods that end a subscription return it. The caller must drop it, because dropping it calls page code, which may call back.
#[derive(Debug)]
pub(crate) struct HandOver<M> {
    current: Option<M>,
    previous: Option<M>,
}

impl<M> Default for HandOver<M> {
    fn default() -> Self {
        HandOver { current: None, previous: None }
    }
}

impl<M: Receiving> HandOver<M> {
    pub(crate) fn current(&self) -> Option<&M> {
        self.current.as_ref()
    }

    /// The present subscription, then the previous one.
    pub(crate) fn both(&self) -> [Option<M>; 2]
    where
        M: Clone,
    {
        [self.current.clone(), self.previous.clone()]
    }

    /// Replaces the present subscription. Keeps the replaced one if it receives, otherwise the previous one. Returns the other one.
    #[must_use = "what is over has to be dropped"]
    pub(crate) fn replace(&mut self, next: M) -> Option<M> {
        let replaced = self.current.replace(next);
        if replaced.as_ref().is_some_and(Receiving::is_open) {
            std::mem::replace(&mut self.previous, replaced)
        } else {
            replaced
        }
    }

    /// Removes the previous subscription if the present one receives, or if the previous one no longer does.
    #[must_use = "what is over has to be dropped"]
    pub(crate) fn settle(&mut self) -> Option<M> {
        let over = self.current.as_ref().is_none_or(Receiving::is_open);
        self.previous.take_if(|previous| over || !previous.is_open())
    }

    /// Removes both subscriptions.
    #[must_use = "what is over has to be dropped"]
    pub(crate) fn clear(&mut self) -> [Option<M>; 2] {
        [self.current.take(), self.previous.take()]
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;
    use std::rc::Rc;

    #[derive(Debug, Clone, PartialEq)]
    struct Stream(u32, Rc<Cell<bool>>);

    impl Receiving for Stream {
        fn is_open(&self) -> bool {
            self.1.get()
        }
    }

    fn connecting(number: u32) -> Stream {
        Stream(number, Rc::new(Cell::new(false)))
    }

    fn open(number: u32) -> Stream {
        Stream(number, Rc::new(Cell::new(true)))
    }

    fn numbers(hand_over: &HandOver<Stream>) -> Vec<u32> {
        hand_over.both().iter().flatten().map(|stream| stream.0).collect()
    }

    fn after(streams: &[&Stream]) -> HandOver<Stream> {
        let mut hand_over = HandOver::default();
        for stream in streams {
            drop(hand_over.replace((*stream).clone()));
        }
        hand_over
    }

    #[test]
    fn an_open_stream_stays_until_its_replacement_is_open() {
        let replacement = connecting(2);
        let mut hand_over = after(&[&open(1), &replacement]);
        assert_eq!(hand_over.settle(), None);
        assert_eq!(numbers(&hand_over), [2, 1]);
        replacement.1.set(true);
        assert_eq!(hand_over.settle().map(|stream| stream.0), Some(1));
        assert_eq!(numbers(&hand_over), [2]);
    }

    #[test]
    fn a_stream_that_never_opened_is_not_kept() {
        let mut hand_over = after(&[&connecting(1)]);
        assert_eq!(hand_over.replace(connecting(2)).map(|stream| stream.0), Some(1));
        assert_eq!(numbers(&hand_over), [2]);
    }

    #[test]
    fn a_third_change_during_a_hand_over_keeps_the_open_stream() {
        let mut hand_over = after(&[&open(1), &connecting(2)]);
        assert_eq!(hand_over.replace(connecting(3)).map(|stream| stream.0), Some(2));
        assert_eq!(numbers(&hand_over), [3, 1]);
    }

    #[test]
    fn a_previous_stream_that_fails_is_not_missed() {
        let previous = open(1);
        let mut hand_over = after(&[&previous, &connecting(2)]);
        previous.1.set(false);
        assert_eq!(hand_over.settle(), Some(previous));
        assert_eq!(numbers(&hand_over), [2]);
    }

    #[test]
    fn nothing_stays_when_nothing_is_wanted() {
        let mut hand_over = after(&[&open(1), &connecting(2)]);
        assert_eq!(hand_over.clear().iter().flatten().count(), 2);
        assert!(hand_over.current().is_none() && numbers(&hand_over).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_changes_at_most_two_are_held_and_a_second_one_only_while_the_first_is_not_open(
            steps in proptest::collection::vec((0u8..4, 0usize..40), 1..80)
        ) {
            let mut hand_over = HandOver::default();
            let mut known: Vec<Stream> = Vec::new();
            for (step, index) in steps {
                let receiving_before = hand_over.both().iter().flatten().any(Stream::is_open);
                match step {
                    0 => {
                        let next = connecting(known.len() as u32);
                        known.push(next.clone());
                        drop(hand_over.replace(next));
                        // A hand-over keeps a subscription that received before.
                        prop_assert_eq!(hand_over.both().iter().flatten().any(Stream::is_open), receiving_before);
                    }
                    1 | 2 => {
                        if let Some(stream) = known.get(index) {
                            stream.1.set(step == 1);
                        }
                    }
                    _ => {
                        drop(hand_over.settle());
                        prop_assert_eq!(hand_over.both().iter().flatten().any(Stream::is_open), receiving_before);
                        if hand_over.both().iter().flatten().count() == 2 {
                            prop_assert!(!hand_over.current().is_some_and(Stream::is_open));
                        }
                    }
                }
                prop_assert!(hand_over.both().iter().flatten().count() <= 2);
            }
        }
    }
}
