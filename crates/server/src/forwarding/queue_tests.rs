use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_millis(1_795_333_700_000);
const RULES: QueueRules = QueueRules {
    max_waiting: 4,
    max_bytes: 1_000,
    max_at_once: 2,
    retry_for: Duration::from_secs(3600),
};

/// A queue with a manual clock, and no randomness: all delays are full.
struct Line {
    queue: Queue,
    now: Timestamp,
}

impl Line {
    fn new() -> Self {
        Self { queue: Queue::new(RULES), now: START }
    }

    /// A queue with the messages 1 to `count`, which are saved.
    fn with(count: u64) -> Self {
        let mut line = Self::new();
        (1..=count).for_each(|number| assert!(line.push(number).is_empty()));
        line
    }

    fn message(&self, number: u64) -> Arc<Message> {
        self.message_of(number, 2)
    }

    fn message_of(&self, number: u64, bytes: usize) -> Arc<Message> {
        Arc::new(Message {
            id: format!("message {number}"),
            target_id: "ada".into(),
            triggered_at: self.now,
            body: vec![b' '; bytes].into(),
        })
    }

    /// Returns the numbers of the messages that were dropped for it.
    fn push(&mut self, number: u64) -> Vec<u64> {
        self.push_of(number, 2)
    }

    /// The same, with a body of so many bytes.
    fn push_of(&mut self, number: u64, bytes: usize) -> Vec<u64> {
        let message = self.message_of(number, bytes);
        let dropped = self.queue.push(number, message, true);
        dropped.into_iter().map(|(number, _)| number).collect()
    }

    fn push_unsaved(&mut self, number: u64) {
        let message = self.message(number);
        assert!(self.queue.push(number, message, false).is_empty());
    }

    fn pass(&mut self, seconds: u64) {
        self.now = later(self.now, Duration::from_secs(seconds));
    }

    /// The messages that are sent now.
    fn sends(&mut self) -> Vec<u64> {
        let queue = &mut self.queue;
        std::iter::from_fn(|| match queue.next(self.now) {
            Next::Send { number, .. } => Some(number),
            _ => None,
        })
        .collect()
    }

    /// In how many seconds something is to do. `None` if only a change helps.
    fn waits(&mut self) -> Option<u64> {
        match self.queue.next(self.now) {
            Next::WaitUntil(at) => Some(at.millis_since(self.now) as u64 / 1000),
            Next::WaitForChange => None,
            Next::Send { number, .. } => panic!("sends {number}"),
        }
    }

    fn settle(&mut self, number: u64, outcome: &Outcome) -> Option<Fate> {
        self.queue.settle(number, outcome, self.now, 1.0).map(|settled| settled.fate)
    }

    fn accept(&mut self, number: u64) {
        assert_eq!(self.settle(number, &Outcome::Accepted), Some(Fate::Sent));
    }

    fn fail(&mut self, number: u64) {
        assert_eq!(self.settle(number, &failed(None)), Some(Fate::Retried));
    }
}

fn failed(retry_after: Option<u64>) -> Outcome {
    let retry_after = retry_after.map(Duration::from_secs);
    Outcome::Failed { reason: "it answered 503".into(), retry_after }
}

fn refused() -> Outcome {
    Outcome::Refused { reason: "it answered 400".into() }
}

#[test]
fn messages_are_sent_in_order_and_a_few_at_the_same_time() {
    let mut line = Line::with(3);
    assert_eq!(line.sends(), [1, 2]);
    assert_eq!(line.waits(), None);
    line.accept(2);
    assert_eq!(line.sends(), [3]);
    line.accept(1);
    line.accept(3);
    assert_eq!((line.sends(), line.queue.len()), (vec![], 0));
}

#[test]
fn a_message_is_sent_only_after_it_is_saved() {
    let mut line = Line::new();
    line.push_unsaved(1);
    line.push_unsaved(2);
    assert_eq!(line.waits(), None);
    line.queue.release(1);
    assert_eq!(line.sends(), [1]);
    line.queue.release(2);
    assert_eq!(line.sends(), [2]);
}

#[test]
fn a_message_that_failed_is_sent_again_after_1_2_4_and_at_most_60_seconds() {
    let mut line = Line::with(1);
    let mut delays = Vec::new();
    for _ in 0..9 {
        assert_eq!(line.sends(), [1]);
        line.fail(1);
        let delay = line.waits().unwrap();
        delays.push(delay);
        line.pass(delay - 1);
        assert!(line.sends().is_empty(), "too early");
        line.pass(1);
    }
    assert_eq!(delays, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(line.sends(), [1]);
    let settled = line.queue.settle(1, &Outcome::Accepted, line.now, 1.0).unwrap();
    assert_eq!((settled.fate, settled.attempts), (Fate::Sent, 10));
}

#[test]
fn half_of_a_delay_is_random() {
    let seconds = |jitter| delay(3, MAX_DELAY, jitter).as_secs_f64();
    assert_eq!([seconds(0.0), seconds(0.5), seconds(1.0)], [2.0, 3.0, 4.0]);
}

#[test]
fn a_receiver_that_is_down_is_tried_with_one_message_at_a_time() {
    let mut line = Line::with(4);
    assert_eq!(line.sends(), [1, 2]);
    line.fail(1);
    line.fail(2);
    assert_eq!(line.waits(), Some(1), "two messages that fail together are one failure");
    line.pass(1);
    assert_eq!(line.sends(), [3]);
    line.fail(3);
    assert_eq!(line.waits(), Some(2));
    line.pass(2);
    assert_eq!(line.sends(), [4]);
    line.accept(4);
    assert_eq!(line.sends(), [1, 2], "as many as ever, once it is back");
}

#[test]
fn a_message_that_always_fails_does_not_hold_up_the_others() {
    let mut line = Line::with(2);
    assert_eq!(line.sends(), [1, 2]);
    line.accept(2);
    line.fail(1);
    for number in 3..20 {
        line.push(number);
        line.pass(60);
        assert_eq!(line.sends(), [number], "before the message that failed");
        line.accept(number);
        assert_eq!(line.sends(), [1]);
        line.fail(1);
    }
}

#[test]
fn a_refused_message_is_not_sent_again_and_the_receiver_counts_as_working() {
    let mut line = Line::with(3);
    assert_eq!(line.sends(), [1, 2]);
    line.fail(1);
    assert_eq!(line.settle(2, &refused()), Some(Fate::Refused));
    assert_eq!(line.sends(), [3]);
    line.pass(1);
    assert_eq!(line.sends(), [1]);
}

#[test]
fn the_receiver_can_ask_for_a_longer_pause() {
    let mut line = Line::with(3);
    assert_eq!(line.sends(), [1, 2]);
    line.fail(1);
    assert_eq!(line.settle(2, &failed(Some(90))), Some(Fate::Retried));
    assert_eq!(line.waits(), Some(90), "for all messages");
    line.pass(90);
    assert_eq!(line.sends(), [3]);
}

#[test]
fn a_pause_that_the_receiver_asked_for_lasts_although_it_accepts_another_message() {
    let mut line = Line::with(3);
    assert_eq!(line.sends(), [1, 2]);
    assert_eq!(line.settle(1, &failed(Some(90))), Some(Fate::Retried));
    line.accept(2);
    assert_eq!(line.waits(), Some(90));
}

#[test]
fn a_receiver_cannot_ask_for_a_pause_of_more_than_five_minutes() {
    for seconds in [3_600, u64::MAX] {
        let mut line = Line::with(1);
        assert_eq!(line.sends(), [1]);
        assert_eq!(line.settle(1, &failed(Some(seconds))), Some(Fate::Retried));
        assert_eq!(line.waits(), Some(300));
        line.pass(300);
        assert_eq!(line.sends(), [1]);
    }
}

#[test]
fn a_hundred_messages_that_always_fail_delay_another_one_by_minutes_at_most() {
    let rules = QueueRules { max_waiting: 200, ..RULES };
    let mut line = Line { queue: Queue::new(rules), now: START };
    (1..=101).for_each(|number| assert!(line.push(number).is_empty()));
    let mut seconds = 0;
    loop {
        let sent = line.sends();
        if sent.contains(&101) {
            break;
        }
        sent.into_iter().for_each(|number| line.fail(number));
        line.pass(1);
        seconds += 1;
        assert!(seconds < 1_800, "the last message starves");
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_stop_the_queue() {
    let mut line = Line::with(1);
    line.pass(86_400);
    assert_eq!(line.sends(), [1]);
    line.push(2);
    assert_eq!(line.sends(), [2]);
    line.fail(2);
    line.now = START;
    assert_eq!(line.settle(1, &Outcome::Accepted), Some(Fate::Sent));
    assert_eq!(line.sends(), [2]);
}

#[test]
fn after_an_hour_a_message_expires() {
    let mut line = Line::with(1);
    line.pass(3_590);
    line.push(2);
    assert_eq!(line.sends(), [1, 2]);
    line.pass(9);
    assert!(line.queue.expire(line.now).is_empty());
    assert_eq!(line.settle(1, &failed(None)), Some(Fate::Expired), "there is no time for another");
    line.fail(2);
    line.pass(3_600);
    let expired = line.queue.expire(line.now);
    let numbers: Vec<_> =
        expired.iter().map(|(number, settled)| (*number, settled.attempts)).collect();
    assert_eq!((numbers, line.queue.len(), line.waits()), (vec![(2, 1)], 0, None));
}

#[test]
fn a_message_that_is_being_sent_does_not_expire() {
    let mut line = Line::with(2);
    assert_eq!(line.sends(), [1, 2]);
    line.pass(3_600);
    assert!(line.queue.expire(line.now).is_empty());
    line.accept(1);
}

#[test]
fn beyond_the_limit_the_oldest_message_that_waits_is_dropped() {
    let mut line = Line::with(4);
    assert_eq!(line.sends(), [1, 2]);
    assert_eq!(line.push(5), [3]);
    assert_eq!(line.push(6), [4]);
    line.accept(1);
    line.accept(2);
    assert_eq!(line.sends(), [5, 6]);
}

#[test]
fn beyond_a_number_of_bytes_the_oldest_messages_are_dropped() {
    let mut line = Line::new();
    assert!(line.push_of(1, 400).is_empty());
    assert!(line.push_of(2, 400).is_empty());
    assert_eq!(line.push_of(3, 900), [1, 2]);
    assert_eq!(line.sends(), [3]);
    line.accept(3);
    assert!(line.push_of(4, 1_000).is_empty(), "what was sent takes no space");
}

#[test]
fn outcomes_of_forgotten_messages_change_nothing() {
    let mut line = Line::with(2);
    assert_eq!(line.sends(), [1, 2]);
    line.queue.forget_all();
    assert_eq!(line.settle(1, &Outcome::Accepted), None);
    assert_eq!(line.settle(2, &failed(Some(90))), None);
    line.push(3);
    line.push(4);
    assert_eq!(line.sends(), [3, 4], "both may be sent at the same time");
}

/// Something that happens to a queue.
#[derive(Debug, Clone, Copy)]
enum Step {
    Push {
        is_saved: bool,
    },
    Save,
    Send,
    /// The outcome of the attempt at this place of those under way.
    Settle(usize, u8),
    Pass(u64),
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(|is_saved| Step::Push { is_saved }),
        2 => Just(Step::Save),
        6 => Just(Step::Send),
        6 => (any::<usize>(), 0_u8..4).prop_map(|(place, outcome)| Step::Settle(place, outcome)),
        3 => (0_u64..900).prop_map(Step::Pass),
        1 => Just(Step::Forget),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_each_message_ends_once_and_none_is_stuck(
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let mut line = Line::new();
        let (mut latest, mut saved) = (0, 0);
        let mut sending: Vec<u64> = Vec::new();
        let (mut waiting, mut over) = (BTreeSet::new(), BTreeSet::new());
        for step in steps {
            match step {
                Step::Push { is_saved } => {
                    latest += 1;
                    // Once messages wait to be saved, later ones do too.
                    let is_saved = is_saved && saved == latest - 1;
                    if is_saved {
                        saved = latest;
                    }
                    let message = line.message(latest);
                    waiting.insert(latest);
                    for (dropped, _) in line.queue.push(latest, message, is_saved) {
                        prop_assert!(waiting.remove(&dropped) && over.insert(dropped));
                    }
                }
                Step::Save => {
                    saved = latest;
                    line.queue.release(saved);
                }
                Step::Send => {
                    for number in line.sends() {
                        prop_assert!(number <= saved && waiting.contains(&number));
                        prop_assert!(!sending.contains(&number), "sent twice at the same time");
                        sending.push(number);
                    }
                    prop_assert!(sending.len() <= RULES.max_at_once);
                }
                Step::Settle(place, outcome) => {
                    if sending.is_empty() {
                        continue;
                    }
                    let number = sending.remove(place % sending.len());
                    let outcome = [Outcome::Accepted, refused(), failed(None), failed(Some(90))]
                        [usize::from(outcome)]
                    .clone();
                    let fate = line.settle(number, &outcome);
                    prop_assert_eq!(fate.is_some(), waiting.contains(&number));
                    if fate.is_some_and(|fate| fate != Fate::Retried) {
                        prop_assert!(waiting.remove(&number) && over.insert(number));
                    }
                }
                Step::Pass(seconds) => {
                    line.pass(seconds);
                    for (number, _) in line.queue.expire(line.now) {
                        prop_assert!(!sending.contains(&number));
                        prop_assert!(waiting.remove(&number) && over.insert(number));
                    }
                }
                Step::Forget => {
                    line.queue.forget_all();
                    over.append(&mut waiting);
                }
            }
            prop_assert_eq!(line.queue.len(), waiting.len());
        }

        // The receiver works from now on, and the hour is long enough.
        for number in sending {
            line.settle(number, &Outcome::Accepted);
        }
        line.queue.release(latest);
        for _ in 0..RULES.max_waiting {
            line.pass(60);
            for number in line.sends() {
                line.accept(number);
            }
        }
        prop_assert_eq!(line.queue.len(), 0);
    }
}
