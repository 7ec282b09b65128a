//! Whole histories of events: the outcome is the same however they are split, saved and restored.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use signals_engine::{Event, Outcome, ProfileChanges, Snapshot, Timestamp};
use signals_wire::TargetAttributeKey;
use support::everything::*;
use support::*;

/// Saved profiles as text, by key and id.
#[derive(Default)]
struct Shelf(BTreeMap<(String, String), String>);

impl Shelf {
    /// Applies changes.
    fn take(&mut self, changes: ProfileChanges) {
        if changes.all_forgotten {
            self.0.clear();
        }
        for (owner, saved) in changes.profiles {
            let key = (owner.name, owner.id);
            match saved {
                Some(saved) => self.0.insert(key, serde_json::to_string(&saved).unwrap()),
                None => self.0.remove(&key),
            };
        }
    }

    fn snapshot(&self) -> Snapshot {
        let profiles = self.0.iter().map(|((name, id), text)| {
            let owner = TargetAttributeKey { name: name.clone(), id: id.clone() };
            (owner, serde_json::from_str(text).unwrap())
        });
        profiles.collect()
    }
}

/// One step: the visitor, the event, the time since the previous event, and how long the event waited on the device.
fn event() -> impl Strategy<Value = (usize, usize, bool, i64, u32, u32)> {
    (0..3_usize, 0..2_usize, any::<bool>(), -3..10_i64, 0..15_000_u32, 0..40_000_u32)
}

fn history() -> impl Strategy<Value = Vec<Event>> {
    proptest::collection::vec(event(), 1..60).prop_map(|steps| {
        let mut now = START;
        steps
            .into_iter()
            .map(|(user, session, is_a, tenths, pause, waited)| {
                now += i64::from(pause);
                happening(Step { user, session, is_a, tenths, waited }, now)
            })
            .collect()
    })
}

fn process_all(run: &mut Run, events: &[Event]) -> Vec<Outcome> {
    events.iter().map(|event| run.process(event)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn saving_and_restoring_at_any_moment_changes_nothing(events in history(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(events.len());
        let mut uninterrupted = Run::new(all_kinds_of_definitions());
        let expected = process_all(&mut uninterrupted, &events);

        let mut before = Run::new(all_kinds_of_definitions());
        let mut outcomes = process_all(&mut before, &events[..cut]);
        let saved = serde_json::to_string(&before.engine.snapshot()).unwrap();
        before.engine.restore(serde_json::from_str::<Snapshot>(&saved).unwrap());
        outcomes.extend(process_all(&mut before, &events[cut..]));

        prop_assert_eq!(outcomes, expected);
        prop_assert_eq!(before.engine.snapshot(), uninterrupted.engine.snapshot());
    }

    #[test]
    fn profiles_saved_one_by_one_when_they_changed_are_all_there_is(
        events in history(),
        saved_after in proptest::collection::vec(any::<bool>(), 60),
        forgets in any::<bool>(),
    ) {
        let mut run = Run::new(all_kinds_of_definitions());
        run.engine.track_changes();
        let mut shelf = Shelf::default();
        for (event, is_saved) in events.iter().zip(saved_after) {
            if forgets {
                run.engine.forget_expired(event.collector_tstamp());
            }
            run.process(event);
            if is_saved {
                shelf.take(run.engine.take_changes());
            }
        }
        shelf.take(run.engine.take_changes());
        let mut restored = Run::new(all_kinds_of_definitions());
        restored.engine.restore(shelf.snapshot());
        prop_assert_eq!(restored.engine.snapshot(), run.engine.snapshot());
        prop_assert_eq!(run.engine.take_changes(), ProfileChanges::default());
    }

    #[test]
    fn replacing_definitions_by_the_same_changes_nothing(events in history(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(events.len());
        let mut left_alone = Run::new(all_kinds_of_definitions());
        let expected = process_all(&mut left_alone, &events);

        let mut replaced = Run::new(all_kinds_of_definitions());
        let mut outcomes = process_all(&mut replaced, &events[..cut]);
        replaced.engine.replace_definitions(&definitions(all_kinds_of_definitions())).unwrap();
        outcomes.extend(process_all(&mut replaced, &events[cut..]));
        prop_assert_eq!(outcomes, expected);
    }

    #[test]
    fn forgetting_what_has_expired_changes_nothing(events in history()) {
        let mut hoarding = Run::new(all_kinds_of_definitions());
        let expected = process_all(&mut hoarding, &events);

        let mut forgetting = Run::new(all_kinds_of_definitions());
        let mut outcomes = Vec::new();
        for event in &events {
            forgetting.engine.forget_expired(event.collector_tstamp());
            outcomes.push(forgetting.process(event));
        }
        prop_assert_eq!(outcomes, expected);
        let now = events[events.len() - 1].collector_tstamp();
        prop_assert_eq!(readings(&forgetting.engine, now), readings(&hoarding.engine, now));
    }

    #[test]
    fn events_of_one_profile_are_counted_alike_whatever_others_do_in_between(events in history()) {
        let of_user = |event: &&Event| event.atomic("domain_userid") == json!(USER);
        let mut together = Run::new(all_kinds_of_definitions());
        process_all(&mut together, &events);

        let alone: Vec<Event> = events.iter().filter(of_user).cloned().collect();
        let mut separate = Run::new(all_kinds_of_definitions());
        process_all(&mut separate, &alone);

        let now = events[events.len() - 1].collector_tstamp();
        let user = |run: &Run| run.engine.attributes("domain_userid", USER, now);
        prop_assert_eq!(user(&together), user(&separate));
    }
}

#[test]
fn a_snapshot_under_other_definitions_keeps_what_is_still_defined() {
    let mut run = Run::new(user_group(
        json!([counter("a"), counter("b"), counter("c")]),
        json!([rule("gone", test("b", ">", json!(0))), rule("kept", test("a", ">", json!(0)))]),
    ));
    for name in ["a", "b", "c", "c"] {
        run.acme(name, json!({}));
    }
    let saved = run.engine.snapshot();

    let mut sum_of_b = sum("b");
    sum_of_b["type"] = json!("int32");
    let mut other = Run::new(user_group(
        json!([counter("c"), sum_of_b, counter("a")]),
        json!([rule("kept", test("a", ">", json!(0))), rule("new", test("c", "=", json!(3)))]),
    ));
    other.engine.restore(saved);
    assert_eq!((other.read("c"), other.read("a")), (json!(2), json!(1)));
    assert!(!other.is_set("b"), "a count is no sum");
    assert!(other.acme("a", json!({})).is_empty(), "kept was delivered before");
    assert_eq!(other.acme("c", json!({})), ["new"]);
}

#[test]
fn what_a_change_of_definitions_takes_away_stays_away_when_the_names_come_back() {
    let with =
        |names: &[&str]| user_group(names.iter().map(|name| counter(name)).collect(), json!([]));
    let mut run = Run::new(with(&["a", "b"]));
    run.engine.track_changes();
    let mut shelf = Shelf::default();
    run.acme("a", json!({}));
    run.acme("b", json!({}));
    shelf.take(run.engine.take_changes());
    run.engine.replace_definitions(&definitions(with(&["a"]))).unwrap();
    run.engine.replace_definitions(&definitions(with(&["a", "b"]))).unwrap();
    shelf.take(run.engine.take_changes());

    let mut restored = Run::new(with(&["a", "b"]));
    restored.engine.restore(shelf.snapshot());
    assert_eq!((restored.read("a"), restored.is_set("b")), (json!(1), false));
}

#[test]
fn forgotten_profiles_are_told_as_changes() {
    let mut run = Run::new(user_group(json!([counter("a")]), json!([])));
    run.engine.track_changes();
    run.acme("a", json!({}));
    let changes = run.engine.take_changes();
    assert!(matches!(&changes.profiles[..], [(owner, Some(_))] if owner.id == USER));
    run.engine.forget_expired(Timestamp::from_millis(i64::MAX));
    let changes = run.engine.take_changes();
    assert!(matches!(&changes.profiles[..], [(owner, None)] if owner.id == USER));
    run.acme("a", json!({}));
    run.engine.reset_profiles();
    assert!(run.engine.take_changes().all_forgotten);
    run.acme("a", json!({}));
    run.engine.take_changes();
    run.engine.mark_all_changed();
    let changes = run.engine.take_changes();
    assert!(changes.all_forgotten && changes.profiles.len() == 1);
}

#[test]
fn of_too_many_profiles_those_longest_without_an_event_are_forgotten() {
    let mut run = Run::new(user_group(json!([counter("a")]), json!([])));
    run.engine.track_changes();
    let user = |number: usize| format!("user-{number}");
    for number in (0..10).chain([0]) {
        let event = identified(acme("a", json!({})), &user(number), "");
        run.now += 1;
        run.process(&event_at(event, run.now));
    }
    run.engine.take_changes();
    run.engine.forget_least_active(4);
    assert_eq!(run.engine.profile_count(), 4);
    let mut gone: Vec<String> =
        run.engine.take_changes().profiles.into_iter().map(|(owner, _)| owner.id).collect();
    gone.sort();
    assert_eq!(gone, (1..=6).map(user).collect::<Vec<_>>());
    run.engine.forget_least_active(4);
    assert_eq!(run.engine.profile_count(), 4);
}
