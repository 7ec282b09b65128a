//! One test for each transition, then a simulated browser with several tabs and random events.

use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;

const OPEN: Status =
    Status { state: Phase::Open, attempt: 0, next_delay_ms: None, last_problem: None };
const CONNECTING: Status = Status { state: Phase::Connecting, ..OPEN };
const RETRYING: Status =
    Status { state: Phase::Retrying, attempt: 2, next_delay_ms: Some(4_000), ..OPEN };
const ANSWER: Effect = Effect::Wake(Some(ANSWER_WITHIN_MS));
const URGENT: Effect = Effect::Ask { urgent: true };
const NOT_URGENT: Effect = Effect::Ask { urgent: false };
const LEAVE: [Effect; 3] = [Effect::Wake(None), Effect::LetGo, Effect::StopLeading];

fn holder_is(status: Status, missed: Missed) -> Input {
    Input::HolderIs { status, missed }
}

fn caught_up(status: Status) -> Input {
    holder_is(status, Missed::CaughtUp)
}

fn away() -> Election {
    Election::new(true, Absence::default())
}

fn after(inputs: &[Input]) -> Election {
    let mut sharing = away();
    for input in inputs {
        sharing.step(*input, 0);
    }
    sharing
}

fn joining() -> Election {
    after(&[Input::Join])
}

fn following() -> Election {
    after(&[Input::Join, caught_up(OPEN)])
}

fn holding() -> Election {
    after(&[Input::Join, Input::Granted])
}

/// A holder that lost the lock to another tab and still has its stream.
fn ousted() -> Election {
    after(&[Input::Join, Input::Granted, Input::Ousted])
}

fn stealing() -> Election {
    after(&[Input::Join, holder_is(OPEN, Missed::Behind)])
}

fn alone() -> Election {
    after(&[Input::Join, Input::Refused])
}

#[test]
fn away_join_queues_and_asks() {
    let mut sharing = away();
    assert_eq!(sharing.status(OPEN).state, Phase::Idle);
    assert_eq!(sharing.step(Input::Join, 0), [ANSWER, Effect::Queue, URGENT]);
    assert_eq!(sharing.status(OPEN), CONNECTING);
}

#[test]
fn away_join_leads_at_once_where_nothing_is_shared() {
    let mut sharing = Election::new(false, Absence::default());
    assert_eq!(sharing.step(Input::Join, 0), [Effect::Lead]);
    assert_eq!(sharing.status(RETRYING), RETRYING);
    assert!(!sharing.holds());
}

#[test]
fn joining_caught_up_follows_and_shows_the_state_of_the_holder() {
    for status in [OPEN, CONNECTING] {
        let mut sharing = joining();
        assert_eq!(sharing.step(caught_up(status), 0), [Effect::Wake(Some(ASK_AFTER_MS))]);
        assert_eq!(sharing.status(Status::plain(Phase::Idle)), status);
        assert!(sharing.listens(true));
    }
}

#[test]
fn joining_behind_steals_because_only_the_server_can_tell_what_was_missed() {
    let mut sharing = joining();
    assert_eq!(sharing.step(holder_is(OPEN, Missed::Behind), 0), [ANSWER, Effect::Steal]);
    assert!(!sharing.listens(true), "what is relayed now would hide what was missed");
}

#[test]
fn joining_announced_asks_the_new_holder_again() {
    let mut sharing = joining();
    assert_eq!(sharing.step(holder_is(OPEN, Missed::Announced), 0), [ANSWER, URGENT]);
    assert!(!sharing.listens(true));
}

#[test]
fn a_page_that_starts_afresh_listens_from_the_start_because_nobody_can_tell_it_later() {
    let mut sharing = joining();
    assert!(sharing.listens(false));
    sharing.step(holder_is(OPEN, Missed::Announced), 0);
    assert!(sharing.listens(false));
    (0..MAX_QUESTIONS).for_each(|_| drop(sharing.step(Input::Woke, 0)));
    assert!(sharing.listens(false), "as long as there is no stream of its own");
    sharing.step(Input::Granted, 0);
    assert!(!sharing.listens(false), "its own stream tells it");
}

#[test]
fn joining_without_an_answer_asks_three_times_and_then_steals() {
    let mut sharing = joining();
    assert_eq!(sharing.step(Input::Woke, 0), [ANSWER, URGENT]);
    assert_eq!(sharing.step(Input::Woke, 0), [ANSWER, URGENT]);
    assert_eq!(sharing.step(Input::Woke, 0), [ANSWER, Effect::Steal]);
}

#[test]
fn an_ousted_holder_keeps_its_stream_until_the_new_one_is_open() {
    let mut sharing = holding();
    assert_eq!(sharing.step(Input::Ousted, 0), [ANSWER, Effect::Queue, URGENT]);
    assert_eq!(sharing.status(OPEN), OPEN);
    for missed in [Missed::Announced, Missed::CaughtUp, Missed::Behind] {
        assert_eq!(sharing.step(holder_is(CONNECTING, missed), 0), []);
        assert_eq!(sharing.status(OPEN), OPEN);
    }
    let stop = [Effect::Wake(Some(ASK_AFTER_MS)), Effect::StopLeading];
    assert_eq!(sharing.step(holder_is(OPEN, Missed::Announced), 0), stop);
    assert_eq!(sharing.status(Status::plain(Phase::Idle)), OPEN);
}

#[test]
fn an_ousted_holder_never_steals_back_for_what_it_missed() {
    for status in [CONNECTING, OPEN] {
        let effects = ousted().step(holder_is(status, Missed::Behind), 0);
        assert!(!effects.contains(&Effect::Steal));
    }
}

#[test]
fn following_news_of_the_holder_are_shown() {
    let mut sharing = following();
    let wake = [Effect::Wake(Some(4_000 + ANSWER_WITHIN_MS))];
    assert_eq!(sharing.step(holder_is(RETRYING, Missed::Announced), 0), wake);
    assert_eq!(sharing.status(Status::plain(Phase::Idle)), RETRYING);
}

#[test]
fn following_heard_in_time_sleeps_for_the_rest() {
    let mut sharing = following();
    assert_eq!(sharing.step(Input::Heard, 15_000), []);
    assert_eq!(sharing.step(Input::Woke, 20_000), [Effect::Wake(Some(15_000))]);
}

#[test]
fn following_a_silent_holder_asks_three_times_and_then_steals() {
    let mut sharing = following();
    for second in 20..23 {
        assert_eq!(sharing.step(Input::Woke, second * 1_000), [ANSWER, NOT_URGENT]);
    }
    assert_eq!(sharing.step(Input::Woke, 23_000), [ANSWER, Effect::Steal]);
}

#[test]
fn a_holder_that_answers_late_or_by_any_frame_stays_holder() {
    for sign in [Input::Heard, caught_up(OPEN), holder_is(OPEN, Missed::Behind)] {
        let mut sharing = following();
        for second in 20..23 {
            sharing.step(Input::Woke, second * 1_000);
        }
        sharing.step(sign, 22_500);
        let effects = sharing.step(Input::Woke, 23_000);
        assert!(!effects.contains(&Effect::Steal), "{sign:?}");
    }
}

#[test]
fn following_a_holder_that_is_overdue_to_try_again_urges_it() {
    let mut sharing = following();
    sharing.step(holder_is(RETRYING, Missed::Announced), 0);
    assert_eq!(sharing.step(Input::Woke, 5_000), [ANSWER, URGENT]);
}

#[test]
fn following_on_a_page_that_becomes_visible_asks_at_once() {
    let mut sharing = following();
    assert_eq!(sharing.step(Input::PageVisible, 1), [ANSWER, URGENT]);
    assert_eq!(sharing.step(Input::PageVisible, 2), [], "one question at a time");
}

#[test]
fn whoever_is_granted_the_lock_leads() {
    for mut sharing in [joining(), following(), stealing(), ousted()] {
        assert_eq!(sharing.step(Input::Granted, 0), [Effect::Wake(None), Effect::Lead]);
        assert!(sharing.holds());
        assert_eq!(sharing.status(RETRYING), RETRYING);
    }
}

#[test]
fn whoever_is_refused_the_lock_leads_alone() {
    for mut sharing in [joining(), following(), stealing(), ousted()] {
        let effects = [Effect::Wake(None), Effect::LetGo, Effect::Lead];
        assert_eq!(sharing.step(Input::Refused, 0), effects);
        assert!(!sharing.holds());
        assert_eq!(sharing.status(RETRYING), RETRYING);
    }
}

#[test]
fn a_theft_that_does_not_succeed_ends_alone() {
    let effects = [Effect::Wake(None), Effect::LetGo, Effect::Lead];
    assert_eq!(stealing().step(Input::Woke, 0), effects);
}

#[test]
fn an_absent_page_lets_go_of_everything() {
    for input in [Input::Offline, Input::PageHidden] {
        for mut sharing in [joining(), following(), stealing(), holding(), ousted(), alone()] {
            assert_eq!(sharing.step(input, 0), LEAVE);
            assert_eq!(sharing.status(OPEN).state, Phase::Paused);
        }
    }
}

#[test]
fn a_page_joins_again_when_neither_reason_for_its_absence_holds_any_more() {
    let mut sharing = following();
    sharing.step(Input::Offline, 0);
    sharing.step(Input::PageHidden, 0);
    assert_eq!(sharing.step(Input::Online, 0), []);
    assert_eq!(sharing.step(Input::PageShown, 0), [ANSWER, Effect::Queue, URGENT]);
}

#[test]
fn absence_before_joining_is_remembered() {
    let mut absence = Absence::default();
    absence.note(Input::Offline);
    let mut sharing = Election::new(true, absence);
    assert_eq!(sharing.step(Input::Join, 0), []);
    assert_eq!(sharing.status(OPEN).state, Phase::Paused);
    assert_eq!(sharing.step(Input::Online, 0), [ANSWER, Effect::Queue, URGENT]);
}

#[test]
fn a_page_that_never_joined_does_not_join_because_it_is_shown() {
    for input in [Input::Online, Input::PageShown] {
        assert_eq!(away().step(input, 0), []);
    }
}

/// A state, and inputs that it ignores.
type Case = (fn() -> Election, Vec<Input>);

#[test]
fn what_is_not_in_the_table_changes_nothing() {
    let cases: [Case; 5] = [
        (away, vec![Input::Granted, Input::Refused, Input::Ousted, Input::Heard, Input::Woke]),
        (
            joining,
            vec![Input::Join, Input::Ousted, Input::Heard, Input::Online, Input::PageVisible],
        ),
        (following, vec![Input::Join, Input::Ousted, Input::Online]),
        (
            holding,
            vec![
                Input::Join,
                Input::Granted,
                Input::Refused,
                Input::Heard,
                Input::Woke,
                caught_up(OPEN),
                Input::PageVisible,
            ],
        ),
        (alone, vec![Input::Join, Input::Granted, Input::Ousted, Input::Woke, caught_up(OPEN)]),
    ];
    for (make, inputs) in cases {
        for input in inputs {
            let mut sharing = make();
            let before = sharing.state;
            assert_eq!(sharing.step(input, 0), [], "{input:?} in {before:?}");
            assert_eq!(sharing.state, before);
        }
    }
}

/// A tab, and its part of the simulated browser.
#[derive(Debug)]
struct Tab {
    sharing: Election,
    /// Events that the tab has not handled yet, in order.
    inbox: VecDeque<Input>,
    wake_at: Option<u64>,
    /// `None` without a stream, `Some(true)` if it is open.
    stream: Option<bool>,
    on_channel: bool,
    hung: bool,
    crashed: bool,
    /// Whether holders know this tab's position.
    known: bool,
}

/// The tabs of one browser, which share one lock.
#[derive(Debug)]
struct World {
    tabs: Vec<Tab>,
    now: u64,
    lock: Option<usize>,
    queue: VecDeque<usize>,
}

impl World {
    fn new(known: &[bool]) -> World {
        let tab = |known: &bool| Tab {
            sharing: away(),
            inbox: VecDeque::new(),
            wake_at: None,
            stream: None,
            on_channel: false,
            hung: false,
            crashed: false,
            known: *known,
        };
        let tabs = known.iter().map(tab).collect();
        World { tabs, now: 0, lock: None, queue: VecDeque::new() }
    }

    fn own_status(&self, tab: usize) -> Status {
        match self.tabs[tab].stream {
            None => Status::plain(Phase::Idle),
            Some(false) => CONNECTING,
            Some(true) => OPEN,
        }
    }

    fn feed(&mut self, tab: usize, input: Input) {
        for effect in self.tabs[tab].sharing.step(input, self.now) {
            match effect {
                Effect::Queue => {
                    self.leave_lock(tab);
                    self.tabs[tab].on_channel = true;
                    self.queue.push_back(tab);
                }
                Effect::Steal => {
                    self.leave_lock(tab);
                    if let Some(robbed) = self.lock.replace(tab) {
                        self.tabs[robbed].inbox.push_back(Input::Ousted);
                    }
                    self.tabs[tab].inbox.push_back(Input::Granted);
                }
                Effect::LetGo => {
                    self.leave_lock(tab);
                    self.tabs[tab].on_channel = false;
                }
                Effect::Ask { .. } => self.ask(tab),
                Effect::Lead => {
                    self.tabs[tab].stream.get_or_insert(false);
                }
                Effect::StopLeading => self.tabs[tab].stream = None,
                Effect::Wake(delay_ms) => {
                    self.tabs[tab].wake_at = delay_ms.map(|delay_ms| self.now + u64::from(delay_ms))
                }
            }
        }
        if input == Input::Granted {
            self.announce(tab);
        }
        self.grant();
    }

    fn leave_lock(&mut self, tab: usize) {
        // The browser reports no events of a dropped lock.
        self.tabs[tab].inbox.retain(|input| !matches!(input, Input::Granted | Input::Ousted));
        self.queue.retain(|waiting| *waiting != tab);
        if self.lock == Some(tab) {
            self.lock = None;
        }
    }

    fn grant(&mut self) {
        if self.lock.is_none()
            && let Some(next) = self.queue.pop_front()
        {
            self.lock = Some(next);
            self.tabs[next].inbox.push_back(Input::Granted);
        }
    }

    /// The holder answers. The answer arrives after the events that already wait.
    fn ask(&mut self, asker: usize) {
        for tab in 0..self.tabs.len() {
            if tab == asker || !self.tabs[tab].sharing.holds() || !self.hears(tab) {
                continue;
            }
            let missed = if self.tabs[asker].known { Missed::CaughtUp } else { Missed::Behind };
            let input = holder_is(self.own_status(tab), missed);
            self.tabs[asker].inbox.push_back(input);
        }
    }

    fn announce(&mut self, from: usize) {
        if !self.tabs[from].sharing.holds() {
            return;
        }
        let input = holder_is(self.own_status(from), Missed::Announced);
        for tab in (0..self.tabs.len()).filter(|tab| *tab != from) {
            if self.tabs[tab].on_channel {
                self.tabs[tab].inbox.push_back(input);
            }
        }
    }

    fn hears(&self, tab: usize) -> bool {
        self.tabs[tab].on_channel && self.lives(tab)
    }

    fn lives(&self, tab: usize) -> bool {
        !self.tabs[tab].crashed && !self.tabs[tab].hung
    }

    fn deliver_one(&mut self, tab: usize) {
        if self.lives(tab)
            && let Some(input) = self.tabs[tab].inbox.pop_front()
        {
            self.feed(tab, input);
        }
    }

    fn deliver_all(&mut self) {
        while let Some(tab) =
            (0..self.tabs.len()).find(|tab| self.lives(*tab) && !self.tabs[*tab].inbox.is_empty())
        {
            self.deliver_one(tab);
        }
    }

    /// The server accepts the tab's stream.
    fn open_stream(&mut self, tab: usize) {
        if self.lives(tab) && self.tabs[tab].stream == Some(false) {
            self.tabs[tab].stream = Some(true);
            self.announce(tab);
        }
    }

    /// Advances the clock to the next wake-up.
    fn pass_time(&mut self) {
        self.deliver_all();
        let next = |tab: &usize| self.tabs[*tab].wake_at.filter(|_| self.lives(*tab));
        let Some(tab) = (0..self.tabs.len()).filter(|tab| next(tab).is_some()).min_by_key(next)
        else {
            return;
        };
        self.now = self.now.max(self.tabs[tab].wake_at.take().unwrap_or(self.now));
        self.feed(tab, Input::Woke);
    }

    fn crash(&mut self, tab: usize) {
        self.tabs[tab].crashed = true;
        self.tabs[tab].stream = None;
        self.leave_lock(tab);
        self.grant();
    }

    fn settle(&mut self) {
        for _ in 0..200 {
            self.deliver_all();
            (0..self.tabs.len()).for_each(|tab| self.open_stream(tab));
            self.deliver_all();
            self.pass_time();
        }
        self.deliver_all();
    }

    /// A tab without the lock may have a stream in two cases: the new holder has not opened its own yet, or the tab has not handled the
    /// event yet.
    fn check_streams(&self) -> Result<(), TestCaseError> {
        for (index, tab) in self.tabs.iter().enumerate() {
            let is_told = tab.inbox.contains(&Input::Ousted);
            let hands_over = matches!(
                tab.sharing.state,
                State::Joining { leads: true, .. } | State::Stealing { leads: true }
            );
            if tab.stream.is_some() && self.lock != Some(index) {
                prop_assert!(is_told || hands_over, "a stream of its own: {tab:?}");
            }
            if tab.sharing.holds() && !tab.crashed {
                prop_assert!(is_told || self.lock == Some(index), "two holders: {tab:?}");
            }
        }
        Ok(())
    }

    fn check_settled(&self) -> Result<(), TestCaseError> {
        let living: Vec<usize> = (0..self.tabs.len()).filter(|tab| self.lives(*tab)).collect();
        let leading: Vec<usize> =
            living.iter().copied().filter(|tab| self.tabs[*tab].stream.is_some()).collect();
        prop_assert_eq!(leading.len(), usize::from(!living.is_empty()), "{:?}", self);
        for tab in living {
            let status = self.tabs[tab].sharing.status(self.own_status(tab));
            prop_assert_eq!(status.state, Phase::Open, "{:?}", self);
        }
        Ok(())
    }
}

fn any_step() -> impl Strategy<Value = (u8, usize)> {
    (0u8..14, 0usize..4)
}

proptest! {
    #[test]
    fn whatever_happens_to_tabs_one_of_those_that_live_has_the_stream_and_all_receive(
        known in proptest::collection::vec(any::<bool>(), 4),
        steps in proptest::collection::vec(any_step(), 1..120),
    ) {
        let mut world = World::new(&known);
        for (step, tab) in steps {
            match step {
                _ if world.tabs[tab].crashed => {}
                0 | 1 if world.lives(tab) => world.feed(tab, Input::Join),
                2..=5 => world.deliver_one(tab),
                6 | 7 => world.open_stream(tab),
                8 => world.pass_time(),
                9 if world.lives(tab) => world.feed(tab, Input::Offline),
                10 if world.lives(tab) => world.feed(tab, Input::Online),
                11 if world.lives(tab) => world.feed(tab, Input::PageVisible),
                12 => world.tabs[tab].hung = !world.tabs[tab].hung,
                13 if tab > 0 => world.crash(tab),
                _ => {}
            }
            world.check_streams()?;
        }
        for tab in 0..world.tabs.len() {
            if world.lives(tab) {
                world.feed(tab, Input::Online);
                world.feed(tab, Input::Join);
            }
        }
        world.settle();
        world.check_settled()?;

        // The hung tabs continue and find out what happened.
        for tab in 0..world.tabs.len() {
            if !world.tabs[tab].crashed {
                world.tabs[tab].hung = false;
                world.feed(tab, Input::Online);
                world.feed(tab, Input::Join);
            }
        }
        world.settle();
        world.check_settled()?;
    }
}
