//! One test for each transition, then properties of every sequence of inputs.

use super::*;
use proptest::prelude::*;

const HALF: fn() -> f64 = || 0.5;

fn step(machine: &mut Machine, input: Input, now: u64) -> Vec<Effect> {
    machine.step(input, now, &HALF)
}

fn wake(delay_ms: u32) -> Effect {
    Effect::Wake(Some(delay_ms))
}

fn stream(number: u32) -> StreamId {
    StreamId(number)
}

fn connecting() -> Machine {
    let mut machine = Machine::default();
    step(&mut machine, Input::Subscribe, 0);
    machine
}

fn open() -> Machine {
    let mut machine = connecting();
    step(&mut machine, Input::Opened(stream(0)), 0);
    machine
}

/// A machine after one failure to connect.
fn retrying() -> Machine {
    let mut machine = connecting();
    step(&mut machine, Input::Failed(stream(0), Failure::Refused), 0);
    machine
}

fn retrying_by_browser() -> Machine {
    let mut machine = open();
    step(&mut machine, Input::Failed(stream(0), Failure::Dropped), HEALTHY_AFTER_MS);
    machine
}

/// A machine with stream 0 as standby while stream 1 connects.
fn handing_over() -> Machine {
    let mut machine = open();
    step(&mut machine, Input::Online, 0);
    machine
}

fn state_of(machine: &Machine) -> String {
    format!("{:?}", machine.status().state).to_lowercase()
}

#[test]
fn idle_subscribe_opens_a_stream_and_watches_the_time() {
    let mut machine = Machine::default();
    assert_eq!(
        step(&mut machine, Input::Subscribe, 0),
        [Effect::Open(stream(0)), wake(DEFAULT_CONNECTION_TIMEOUT_MS)]
    );
    assert_eq!(state_of(&machine), "connecting");
}

#[test]
fn the_connection_timeout_is_the_configured_one() {
    let mut machine = Machine::default();
    machine.set_connection_timeout_ms(700);
    assert!(step(&mut machine, Input::Subscribe, 0).contains(&wake(700)));
}

#[test]
fn subscribing_again_changes_nothing() {
    for mut machine in [connecting(), open(), retrying(), retrying_by_browser()] {
        let before = machine.status();
        assert_eq!(step(&mut machine, Input::Subscribe, 0), []);
        assert_eq!(machine.status(), before);
    }
}

/// The time limits of `attempts` attempts that all time out.
fn limits_of_attempts(machine: &mut Machine, attempts: usize) -> Vec<u32> {
    let limit_of = |effects: Vec<Effect>| match effects.last() {
        Some(Effect::Wake(Some(limit_ms))) => *limit_ms,
        other => panic!("{other:?}"),
    };
    (0..attempts)
        .map(|_| {
            let effects = match machine.state {
                State::Idle => step(machine, Input::Subscribe, 0),
                _ => step(machine, Input::Woke, 0),
            };
            // The server does not accept the stream in time.
            step(machine, Input::Woke, 0);
            limit_of(effects)
        })
        .collect()
}

#[test]
fn a_server_that_is_slower_than_the_timeout_gets_twice_the_time_at_each_attempt() {
    assert_eq!(
        limits_of_attempts(&mut Machine::default(), 6),
        [2_500, 5_000, 10_000, 20_000, 20_000, 20_000]
    );
}

#[test]
fn a_configured_timeout_grows_to_the_same_limit_and_never_shrinks() {
    let limits_from = |timeout_ms| {
        let mut machine = Machine::default();
        machine.set_connection_timeout_ms(timeout_ms);
        limits_of_attempts(&mut machine, 4)
    };
    assert_eq!(limits_from(8_000), [8_000, 16_000, 20_000, 20_000]);
    assert_eq!(limits_from(60_000), [60_000; 4]);
    assert_eq!(limits_from(u32::MAX), [u32::MAX; 4]);
}

#[test]
fn a_success_brings_the_first_timeout_back() {
    let mut machine = Machine::default();
    limits_of_attempts(&mut machine, 3);
    step(&mut machine, Input::Woke, 0);
    step(&mut machine, Input::Opened(stream(3)), 0);
    let effects = step(&mut machine, Input::Online, 0);
    assert_eq!(effects, [Effect::Open(stream(4)), wake(DEFAULT_CONNECTION_TIMEOUT_MS)]);
}

#[test]
fn a_replacement_that_is_slow_to_open_gets_more_time_while_the_standby_receives() {
    let mut machine = handing_over();
    step(&mut machine, Input::Woke, 0);
    assert_eq!(
        step(&mut machine, Input::Woke, 0),
        [Effect::Open(stream(2)), wake(2 * DEFAULT_CONNECTION_TIMEOUT_MS)]
    );
    assert!(matches!(machine.state, State::Connecting { standby: Some(StreamId(0)), .. }));
}

#[test]
fn attempts_that_fail_at_once_do_not_change_the_timeout() {
    let mut machine = retrying();
    assert_eq!(
        step(&mut machine, Input::Woke, 0),
        [Effect::Open(stream(1)), wake(DEFAULT_CONNECTION_TIMEOUT_MS)]
    );
}

#[test]
fn connecting_opened_becomes_open_and_ends_the_timeout() {
    let mut machine = connecting();
    assert_eq!(step(&mut machine, Input::Opened(stream(0)), 0), [Effect::Wake(None)]);
    assert_eq!(state_of(&machine), "open");
}

#[test]
fn connecting_failed_backs_off() {
    let mut machine = connecting();
    assert_eq!(
        step(&mut machine, Input::Failed(stream(0), Failure::Dropped), 0),
        [Effect::Close(stream(0)), wake(500)]
    );
    let status = machine.status();
    assert_eq!(
        (status.state, status.attempt, status.next_delay_ms),
        (Phase::Retrying, 1, Some(500))
    );
    assert_eq!(status.last_problem, Some(Problem::Dropped));
}

#[test]
fn connecting_too_long_is_a_failure_like_any_other() {
    let mut machine = connecting();
    assert_eq!(step(&mut machine, Input::Woke, 2_500), [Effect::Close(stream(0)), wake(500)]);
    assert_eq!(machine.status().last_problem, Some(Problem::TimedOut));
}

#[test]
fn open_hello_starts_the_watchdog_with_three_intervals() {
    let mut machine = open();
    assert_eq!(step(&mut machine, Input::Hello(stream(0), 15_000), 10), [wake(45_000)]);
}

#[test]
fn a_hello_without_an_interval_starts_no_watchdog() {
    let mut machine = open();
    assert_eq!(step(&mut machine, Input::Hello(stream(0), 0), 10), []);
    assert_eq!(step(&mut machine, Input::Woke, 1_000_000), []);
}

#[test]
fn open_heard_in_time_sends_the_watchdog_back_to_sleep_for_the_rest() {
    let mut machine = open();
    step(&mut machine, Input::Hello(stream(0), 1_000), 0);
    assert_eq!(step(&mut machine, Input::Heard(stream(0)), 2_000), []);
    assert_eq!(step(&mut machine, Input::Woke, 3_000), [wake(2_000)]);
    assert_eq!(state_of(&machine), "open");
}

#[test]
fn open_silent_for_three_intervals_reconnects() {
    let mut machine = open();
    step(&mut machine, Input::Hello(stream(0), 1_000), 0);
    assert_eq!(step(&mut machine, Input::Woke, 3_000), [Effect::Close(stream(0)), wake(500)]);
    assert_eq!(machine.status().last_problem, Some(Problem::Silent));
}

#[test]
fn a_healthy_stream_that_drops_is_left_to_the_browser_which_knows_the_retry_field() {
    let mut machine = open();
    assert_eq!(
        step(&mut machine, Input::Failed(stream(0), Failure::Dropped), HEALTHY_AFTER_MS),
        [wake(backoff::MAX_DELAY_MS + DEFAULT_CONNECTION_TIMEOUT_MS)]
    );
    let status = machine.status();
    assert_eq!((status.state, status.attempt, status.next_delay_ms), (Phase::Retrying, 1, None));
}

#[test]
fn a_stream_that_was_refused_while_open_is_retried_by_us() {
    let mut machine = open();
    assert_eq!(
        step(&mut machine, Input::Failed(stream(0), Failure::Refused), HEALTHY_AFTER_MS),
        [Effect::Close(stream(0)), wake(500)]
    );
}

#[test]
fn streams_that_keep_dropping_before_they_are_healthy_back_off_further_and_further() {
    let mut machine = retrying();
    let mut delays = Vec::new();
    for number in 1..=3 {
        step(&mut machine, Input::Woke, 0);
        step(&mut machine, Input::Opened(stream(number)), 0);
        let drop = Input::Failed(stream(number), Failure::Dropped);
        delays.extend(step(&mut machine, drop, HEALTHY_AFTER_MS - 1));
    }
    assert_eq!(
        delays,
        [
            Effect::Close(stream(1)),
            wake(1_000),
            Effect::Close(stream(2)),
            wake(2_000),
            Effect::Close(stream(3)),
            wake(4_000)
        ]
    );
}

#[test]
fn ten_seconds_of_health_make_up_for_earlier_failures() {
    let mut machine = retrying();
    step(&mut machine, Input::Woke, 0);
    step(&mut machine, Input::Opened(stream(1)), 0);
    step(&mut machine, Input::Failed(stream(1), Failure::Refused), HEALTHY_AFTER_MS);
    assert_eq!(machine.status().attempt, 1);
}

#[test]
fn a_hand_over_makes_before_it_breaks() {
    let mut machine = open();
    assert_eq!(
        step(&mut machine, Input::Online, 0),
        [Effect::Open(stream(1)), wake(DEFAULT_CONNECTION_TIMEOUT_MS)]
    );
    assert_eq!(
        step(&mut machine, Input::Opened(stream(1)), 0),
        [Effect::Close(stream(0)), Effect::Wake(None)]
    );
}

#[test]
fn a_network_that_returns_during_a_hand_over_starts_no_third_stream() {
    let mut machine = handing_over();
    assert_eq!(step(&mut machine, Input::Online, 0), []);
}

#[test]
fn the_standby_outlives_failures_of_its_replacement() {
    let mut machine = handing_over();
    assert_eq!(
        step(&mut machine, Input::Failed(stream(1), Failure::Refused), 0),
        [Effect::Close(stream(1)), wake(500)]
    );
    step(&mut machine, Input::Woke, 500);
    assert_eq!(
        step(&mut machine, Input::Opened(stream(2)), 600),
        [Effect::Close(stream(0)), Effect::Wake(None)]
    );
}

#[test]
fn a_standby_that_fails_is_closed_and_not_missed() {
    let mut machine = handing_over();
    assert_eq!(
        step(&mut machine, Input::Failed(stream(0), Failure::Dropped), 0),
        [Effect::Close(stream(0))]
    );
    assert_eq!(state_of(&machine), "connecting");
    assert_eq!(step(&mut machine, Input::Opened(stream(1)), 0), [Effect::Wake(None)]);
}

#[test]
fn open_online_without_watchdog_hands_over_because_the_network_may_have_changed() {
    let mut machine = open();
    assert_eq!(
        step(&mut machine, Input::Online, 0),
        [Effect::Open(stream(1)), wake(DEFAULT_CONNECTION_TIMEOUT_MS)]
    );
}

#[test]
fn open_online_with_watchdog_leaves_the_judgement_to_it() {
    let mut machine = open();
    step(&mut machine, Input::Hello(stream(0), 1_000), 0);
    assert_eq!(step(&mut machine, Input::Online, 0), []);
}

#[test]
fn a_page_that_becomes_visible_after_a_long_silence_hands_over() {
    let mut machine = open();
    assert_eq!(step(&mut machine, Input::PageVisible, STALE_AFTER_MS - 1), []);
    assert_eq!(
        step(&mut machine, Input::PageVisible, STALE_AFTER_MS),
        [Effect::Open(stream(1)), wake(DEFAULT_CONNECTION_TIMEOUT_MS)]
    );
}

#[test]
fn a_page_that_becomes_visible_does_not_wait_for_a_frozen_watchdog() {
    let mut machine = open();
    step(&mut machine, Input::Hello(stream(0), 1_000), 0);
    assert!(step(&mut machine, Input::PageVisible, 3_000).contains(&Effect::Open(stream(1))));
}

#[test]
fn retrying_woke_connects_again() {
    let mut machine = retrying();
    assert_eq!(
        step(&mut machine, Input::Woke, 500),
        [Effect::Open(stream(1)), wake(DEFAULT_CONNECTION_TIMEOUT_MS)]
    );
    assert_eq!(machine.status().attempt, 1);
}

#[test]
fn retrying_goes_on_at_once_when_network_or_attention_change() {
    for input in [Input::Online, Input::PageVisible] {
        let mut machine = retrying();
        assert_eq!(
            step(&mut machine, input, 0),
            [Effect::Open(stream(1)), wake(DEFAULT_CONNECTION_TIMEOUT_MS)]
        );
    }
}

#[test]
fn a_reconnect_of_the_browser_that_succeeds_is_open_again() {
    let mut machine = retrying_by_browser();
    assert_eq!(step(&mut machine, Input::Opened(stream(0)), 20_000), [Effect::Wake(None)]);
    assert_eq!(state_of(&machine), "open");
}

#[test]
fn a_reconnect_of_the_browser_that_fails_is_taken_over() {
    let mut machine = retrying_by_browser();
    assert_eq!(
        step(&mut machine, Input::Failed(stream(0), Failure::Dropped), 20_000),
        [Effect::Close(stream(0)), wake(1_000)]
    );
    assert_eq!(machine.status().attempt, 2);
}

#[test]
fn a_reconnect_of_the_browser_that_never_comes_is_taken_over() {
    let mut machine = retrying_by_browser();
    assert_eq!(
        step(&mut machine, Input::Woke, 50_000),
        [Effect::Close(stream(0)), Effect::Open(stream(1)), wake(DEFAULT_CONNECTION_TIMEOUT_MS)]
    );
}

#[test]
fn a_second_refusal_in_a_row_is_looked_into_once() {
    let mut machine = retrying();
    step(&mut machine, Input::Woke, 0);
    let second = step(&mut machine, Input::Failed(stream(1), Failure::Refused), 0);
    assert_eq!(second, [Effect::Close(stream(1)), wake(1_000), Effect::Probe]);
    step(&mut machine, Input::Woke, 0);
    let third = step(&mut machine, Input::Failed(stream(2), Failure::Refused), 0);
    assert_eq!(third, [Effect::Close(stream(2)), wake(2_000)]);
}

fn refused_twice() -> Machine {
    let mut machine = retrying();
    step(&mut machine, Input::Woke, 0);
    step(&mut machine, Input::Failed(stream(1), Failure::Refused), 0);
    machine
}

#[test]
fn a_final_status_waits_the_longest_and_keeps_doing_so() {
    for status in [204, 400, 404, 422] {
        let mut machine = refused_twice();
        assert_eq!(
            step(&mut machine, Input::Answered(status), 0),
            [wake(backoff::MAX_DELAY_MS)],
            "status {status}"
        );
        step(&mut machine, Input::Woke, 0);
        let again = step(&mut machine, Input::Failed(stream(2), Failure::Refused), 0);
        assert_eq!(again, [Effect::Close(stream(2)), wake(backoff::MAX_DELAY_MS)]);
        let problem = machine.status().last_problem;
        assert_eq!(problem, Some(Problem::Refused(Some(status))));
    }
}

#[test]
fn a_final_status_that_is_learnt_during_the_next_attempt_counts_from_its_failure_on() {
    let mut machine = refused_twice();
    step(&mut machine, Input::Woke, 0);
    assert_eq!(step(&mut machine, Input::Answered(422), 0), []);
    let again = step(&mut machine, Input::Failed(stream(2), Failure::Refused), 0);
    assert_eq!(again, [Effect::Close(stream(2)), wake(backoff::MAX_DELAY_MS)]);
    let problem = machine.status().last_problem;
    assert_eq!(problem, Some(Problem::Refused(Some(422))));
}

#[test]
fn a_passing_status_changes_no_delay() {
    for status in [200, 408, 425, 429, 500, 503] {
        let mut machine = refused_twice();
        assert_eq!(step(&mut machine, Input::Answered(status), 0), [], "status {status}");
        assert_eq!(machine.status().next_delay_ms, Some(1_000));
    }
}

#[test]
fn unsubscribe_closes_everything_and_allows_another_subscription() {
    for mut machine in [connecting(), open(), retrying_by_browser()] {
        assert_eq!(
            step(&mut machine, Input::Unsubscribe, 0),
            [Effect::Close(stream(0)), Effect::Wake(None)]
        );
        assert_eq!(state_of(&machine), "idle");
        assert!(step(&mut machine, Input::Subscribe, 0).contains(&Effect::Open(stream(1))));
    }
}

#[test]
fn close_is_the_end() {
    let mut machine = open();
    assert_eq!(step(&mut machine, Input::Close, 0), [Effect::Close(stream(0)), Effect::Wake(None)]);
    assert_eq!(step(&mut machine, Input::Subscribe, 0), []);
    assert_eq!(state_of(&machine), "closed");
}

#[test]
fn late_reports_of_closed_streams_are_ignored() {
    let mut machine = handing_over();
    step(&mut machine, Input::Opened(stream(1)), 0);
    let before = machine.status();
    for input in [
        Input::Opened(stream(0)),
        Input::Heard(stream(0)),
        Input::Hello(stream(0), 1_000),
        Input::Failed(stream(0), Failure::Dropped),
    ] {
        assert_eq!(step(&mut machine, input, 0), []);
    }
    assert_eq!(machine.status(), before);
}

/// The streams and timer that a browser would have after the effects so far.
#[derive(Default)]
struct Browser {
    streams: Vec<StreamId>,
    opened: Vec<StreamId>,
    wake: Option<u32>,
}

impl Browser {
    fn perform(&mut self, effects: &[Effect]) {
        for effect in effects {
            match *effect {
                Effect::Open(stream) => {
                    assert!(!self.streams.contains(&stream), "streams are opened once");
                    self.streams.push(stream);
                }
                Effect::Close(stream) => {
                    assert!(self.streams.contains(&stream), "only what is there is closed");
                    self.streams.retain(|known| *known != stream);
                    self.opened.retain(|known| *known != stream);
                }
                Effect::Wake(delay_ms) => self.wake = delay_ms,
                Effect::Probe => {}
            }
        }
    }
}

fn any_input() -> impl Strategy<Value = Input> {
    let any_stream = || (0u32..12).prop_map(StreamId);
    prop_oneof![
        Just(Input::Subscribe),
        any_stream().prop_map(Input::Opened),
        any_stream().prop_map(Input::Opened),
        (any_stream(), 0u64..20_000).prop_map(|(stream, interval)| Input::Hello(stream, interval)),
        any_stream().prop_map(Input::Heard),
        (any_stream(), prop_oneof![Just(Failure::Dropped), Just(Failure::Refused)])
            .prop_map(|(stream, failure)| Input::Failed(stream, failure)),
        (200u16..600).prop_map(Input::Answered),
        Just(Input::Woke),
        Just(Input::Woke),
        Just(Input::Online),
        Just(Input::PageVisible),
        Just(Input::Unsubscribe),
    ]
}

proptest! {
    #[test]
    fn no_sequence_leaks_a_stream_or_stops_trying(
        inputs in proptest::collection::vec((any_input(), 0u64..30_000), 1..80)
    ) {
        let (mut machine, mut browser, mut now) = (Machine::default(), Browser::default(), 0);
        let mut subscribed = false;
        for (input, elapsed) in inputs {
            now += elapsed;
            match input {
                // A browser reports only on existing streams, and fires only requested timers.
                Input::Opened(stream) | Input::Hello(stream, _) | Input::Heard(stream) | Input::Failed(stream, _)
                    if !browser.streams.contains(&stream) => continue,
                Input::Woke if browser.wake.take().is_none() => continue,
                Input::Opened(stream) => browser.opened.push(stream),
                Input::Subscribe => subscribed = true,
                Input::Unsubscribe => subscribed = false,
                _ => {}
            }
            browser.perform(&step(&mut machine, input, now));

            let state = machine.status().state;
            prop_assert!(browser.streams.len() <= 2);
            if browser.streams.len() == 2 {
                prop_assert!(browser.wake.is_some(), "a hand-over ends");
                prop_assert!(browser.opened.len() <= 1 || state == Phase::Connecting);
            }
            match state {
                Phase::Open => prop_assert_eq!(browser.streams.len(), 1),
                Phase::Connecting | Phase::Retrying => prop_assert!(browser.wake.is_some(), "the next step is certain"),
                Phase::Idle => prop_assert!(browser.streams.is_empty() && browser.wake.is_none()),
                other => prop_assert!(false, "unexpected state {:?}", other),
            }
            prop_assert_eq!(subscribed, state != Phase::Idle);
        }
        browser.perform(&step(&mut machine, Input::Close, now));
        prop_assert!(browser.streams.is_empty() && browser.wake.is_none());
        for input in [Input::Subscribe, Input::Woke, Input::Online, Input::PageVisible] {
            prop_assert_eq!(step(&mut machine, input, now), []);
        }
    }
}
