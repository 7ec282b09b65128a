use std::task::{Context, Poll, Waker};

use super::*;

const EPOCH_PREFIX: &str = "00000000-";

fn user(id: &str) -> TargetAttributeKey {
    TargetAttributeKey { name: "domain_userid".into(), id: id.into() }
}

fn session(id: &str) -> TargetAttributeKey {
    TargetAttributeKey { name: "domain_sessionid".into(), id: id.into() }
}

fn instance(name: &str, targets: &[TargetAttributeKey]) -> Triggered {
    Triggered {
        intervention_id: format!("id of {name}"),
        name: name.into(),
        version: 1,
        attributes: Vec::new(),
        targets: targets.into(),
    }
}

/// A hub with a manual clock.
struct Hub {
    state: HubState,
    now: Timestamp,
}

/// The client's end of a stream.
struct Reader {
    opened: Opened,
}

impl Hub {
    fn new() -> Self {
        Self::with_rules(DeliveryRules::default())
    }

    fn with_rules(rules: DeliveryRules) -> Self {
        let state = HubState::new(rules, Epoch::of_tests());
        Self { state, now: Timestamp::from_millis(1_000_000) }
    }

    fn open(&mut self, targets: &[TargetAttributeKey]) -> Reader {
        self.resume(targets, None)
    }

    fn resume<'a>(
        &mut self,
        targets: &[TargetAttributeKey],
        last_event_id: impl Into<Option<&'a str>>,
    ) -> Reader {
        let last_event_id = last_event_id.into();
        let opened = self.state.open(self.now, targets, Dialect::Standard, last_event_id);
        Reader { opened }
    }

    fn publish(&mut self, name: &str, targets: &[TargetAttributeKey]) -> Published {
        self.state.publish(self.now, &instance(name, targets))
    }

    fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now = self.now.plus_millis(1_000);
            self.state.tick(self.now);
        }
    }
}

impl Reader {
    /// Names of the instances that were replayed.
    fn replayed(&self) -> Vec<String> {
        self.opened.replay.iter().map(|replayed| name(&replayed.frame)).collect()
    }

    /// The names of the queued instances.
    fn live(&self) -> Vec<String> {
        self.frames().iter().map(name).collect()
    }

    fn frames(&self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Poll::Ready(Some(frame)) = self.poll() {
            frames.push(frame);
        }
        frames
    }

    fn is_closed(&self) -> bool {
        self.poll() == Poll::Ready(None)
    }

    fn start(&self) -> String {
        self.opened.start.unwrap().to_string()
    }

    fn poll(&self) -> Poll<Option<Frame>> {
        self.opened.outbox.poll_next(&mut Context::from_waker(Waker::noop()))
    }
}

fn name(frame: &Frame) -> String {
    let text = String::from_utf8(frame.clone().into_bytes().into()).unwrap();
    let (_, data) = text.split_once("data:").unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    data["name"].as_str().unwrap_or("ping").to_owned()
}

fn event_id(position: u64) -> String {
    format!("{EPOCH_PREFIX}{position}")
}

#[test]
fn a_stream_gets_what_is_published_for_its_targets_and_nothing_else() {
    let mut hub = Hub::new();
    let reader = hub.open(&[user("a")]);
    assert_eq!(hub.publish("one", &[user("a")]), Published { delivered: 1, too_slow: 0 });
    assert_eq!(hub.publish("other", &[user("b")]), Published { delivered: 0, too_slow: 0 });
    hub.publish("two", &[user("a")]);
    assert_eq!(reader.live(), ["one", "two"]);
}

#[test]
fn the_same_id_under_another_attribute_key_is_another_target() {
    let mut hub = Hub::new();
    let reader = hub.open(&[user("a")]);
    hub.publish("one", &[session("a")]);
    assert_eq!(reader.live(), [""; 0]);
}

#[test]
fn every_stream_of_a_target_gets_the_instance() {
    let mut hub = Hub::new();
    let readers = [hub.open(&[user("a")]), hub.open(&[user("a"), user("b")])];
    assert_eq!(hub.publish("one", &[user("a")]).delivered, 2);
    for reader in readers {
        assert_eq!(reader.live(), ["one"]);
    }
}

#[test]
fn an_instance_with_several_targets_goes_out_once_per_stream() {
    let mut hub = Hub::new();
    let both = hub.open(&[user("a"), session("s")]);
    let second = hub.open(&[session("s")]);
    assert_eq!(hub.publish("one", &[user("a"), session("s")]).delivered, 2);
    assert_eq!(both.live(), ["one"]);
    assert_eq!(second.live(), ["one"]);
}

#[test]
fn an_instance_with_several_targets_is_replayed_once_per_stream() {
    let mut hub = Hub::new();
    hub.open(&[user("a")]);
    hub.publish("one", &[user("a"), session("s")]);
    assert_eq!(hub.resume(&[user("a"), session("s")], "unknown").replayed(), ["one"]);
}

#[test]
fn a_stream_without_a_last_id_gets_no_replay_of_what_others_had() {
    let mut hub = Hub::new();
    let _first = hub.open(&[user("a")]);
    hub.publish("one", &[user("a")]);
    assert_eq!(hub.open(&[user("a")]).replayed(), [""; 0]);
}

#[test]
fn resuming_replays_what_came_after_the_last_id_in_order() {
    let mut hub = Hub::new();
    let _open = hub.open(&[user("a"), session("s")]);
    hub.publish("one", &[user("a")]);
    hub.publish("two", &[session("s")]);
    hub.publish("three", &[user("a")]);
    hub.publish("four", &[session("s")]);
    let resumed = hub.resume(&[user("a"), session("s")], event_id(2).as_str());
    assert_eq!(resumed.replayed(), ["three", "four"]);
}

#[test]
fn an_unknown_or_future_id_replays_all_that_is_kept() {
    let mut hub = Hub::new();
    let _open = hub.open(&[user("a")]);
    hub.publish("one", &[user("a")]);
    hub.publish("two", &[user("a")]);
    for id in ["41", "garbage", "deadbeef-2", event_id(3).as_str()] {
        assert_eq!(hub.resume(&[user("a")], id).replayed(), ["one", "two"], "{id}");
    }
}

#[test]
fn an_id_older_than_what_is_kept_replays_all_that_is_kept() {
    let rules = DeliveryRules { replay_instances: 2, ..DeliveryRules::default() };
    let mut hub = Hub::with_rules(rules);
    let _open = hub.open(&[user("a")]);
    for name in ["one", "two", "three", "four"] {
        hub.publish(name, &[user("a")]);
    }
    assert_eq!(hub.resume(&[user("a")], event_id(1).as_str()).replayed(), ["three", "four"]);
}

#[test]
fn each_target_keeps_its_latest_hundred_instances() {
    let mut hub = Hub::new();
    let _open = hub.open(&[user("a"), user("b")]);
    hub.publish("of b", &[user("b")]);
    for number in 0..101 {
        hub.publish(&number.to_string(), &[user("a")]);
    }
    let replayed = hub.resume(&[user("a"), user("b")], "unknown").replayed();
    assert_eq!(replayed.len(), 101);
    assert_eq!(replayed[..2], ["of b", "1"]);
}

#[test]
fn an_instance_is_replayed_for_ten_minutes() {
    let mut hub = Hub::new();
    let _open = hub.open(&[user("a")]);
    hub.publish("one", &[user("a")]);
    hub.pass(599);
    assert_eq!(hub.resume(&[user("a")], "unknown").replayed(), ["one"]);
    hub.pass(1);
    assert_eq!(hub.resume(&[user("a")], "unknown").replayed(), [""; 0]);
}

#[test]
fn nothing_is_lost_or_doubled_between_replay_and_live() {
    let mut hub = Hub::new();
    let _open = hub.open(&[user("a")]);
    hub.publish("one", &[user("a")]);
    let resumed = hub.resume(&[user("a")], event_id(0).as_str());
    hub.publish("two", &[user("a")]);
    assert_eq!((resumed.replayed(), resumed.live()), (vec!["one".into()], vec!["two".into()]));
}

#[test]
fn hello_carries_the_latest_position_when_nothing_was_missed() {
    let mut hub = Hub::new();
    assert_eq!(hub.open(&[user("a")]).start(), event_id(0));
    hub.publish("one", &[user("b")]);
    assert_eq!(hub.open(&[user("a")]).start(), event_id(1));
}

#[test]
fn a_connection_lost_right_after_hello_resumes_without_a_gap() {
    let mut hub = Hub::new();
    let _open = hub.open(&[user("a")]);
    for name in ["one", "two", "three"] {
        hub.publish(name, &[user("a")]);
    }
    let lost = hub.resume(&[user("a")], event_id(1).as_str());
    assert_eq!(lost.start(), event_id(1));
    let resumed = hub.resume(&[user("a")], lost.start().as_str());
    assert_eq!(resumed.replayed(), ["two", "three"]);
}

#[test]
fn an_instance_without_a_stream_waits_for_the_first_one() {
    let mut hub = Hub::new();
    hub.publish("one", &[user("a")]);
    hub.pass(59);
    let first = hub.open(&[user("a")]);
    assert_eq!(first.replayed(), ["one"]);
    assert_eq!(hub.open(&[user("a")]).replayed(), [""; 0], "the second stream came too late");
}

#[test]
fn an_instance_waits_for_the_first_stream_of_any_of_its_targets() {
    let mut hub = Hub::new();
    hub.publish("one", &[user("a"), session("s")]);
    assert_eq!(hub.open(&[session("s")]).replayed(), ["one"]);
    assert_eq!(hub.open(&[user("a")]).replayed(), [""; 0]);
}

#[test]
fn an_instance_waits_for_a_resuming_stream_too() {
    let mut hub = Hub::new();
    hub.publish("of a", &[user("a")]);
    hub.publish("of b", &[user("b")]);
    let resumed = hub.resume(&[user("a")], event_id(2).as_str());
    assert_eq!(resumed.replayed(), ["of a"]);
}

#[test]
fn an_instance_stops_waiting_after_a_minute() {
    let mut hub = Hub::new();
    hub.publish("one", &[user("a")]);
    hub.pass(60);
    assert_eq!(hub.open(&[user("a")]).replayed(), [""; 0]);
    assert_eq!(hub.resume(&[user("a")], "unknown").replayed(), ["one"], "it can be replayed still");
}

#[test]
fn a_slow_reader_is_disconnected_and_does_not_disturb_another() {
    let rules = DeliveryRules { queue_bytes: 1_000, ..DeliveryRules::default() };
    let mut hub = Hub::with_rules(rules);
    let slow = hub.open(&[user("a")]);
    let quick = hub.open(&[user("a")]);
    let mut received = Vec::new();
    for number in 0..20 {
        hub.publish(&number.to_string(), &[user("a")]);
        received.extend(quick.live());
    }
    assert!(slow.is_closed());
    assert_eq!(received.len(), 20);
    assert_eq!(hub.state.open_streams(), 1);
    assert_eq!(hub.resume(&[user("a")], slow.start().as_str()).replayed().len(), 20);
}

#[test]
fn streams_are_kept_alive_every_fifteen_seconds_from_when_they_opened() {
    let mut hub = Hub::new();
    let early = hub.open(&[user("a")]);
    hub.pass(5);
    let late = hub.open(&[user("a")]);
    hub.pass(10);
    assert_eq!((early.frames(), late.frames()), (vec![Frame::ping()], vec![]));
    hub.pass(5);
    assert_eq!((early.frames(), late.frames()), (vec![], vec![Frame::ping()]));
    hub.pass(10);
    assert_eq!((early.frames(), late.frames()), (vec![Frame::ping()], vec![]));
}

#[test]
fn a_closed_stream_gets_nothing_more_and_leaves_nothing_behind() {
    let mut hub = Hub::new();
    let reader = hub.open(&[user("a"), session("s")]);
    hub.state.close(reader.opened.key);
    assert_eq!(hub.publish("one", &[user("a")]).delivered, 0);
    assert!(reader.is_closed());
    hub.pass(1_200);
    assert!(hub.state.targets.is_empty());
    assert!(hub.state.aging.is_empty());
}

#[test]
fn closing_a_stream_leaves_the_others_of_its_target_open() {
    let mut hub = Hub::new();
    let [first, second, third] = [(); 3].map(|()| hub.open(&[user("a")]));
    hub.state.close(first.opened.key);
    hub.state.close(first.opened.key);
    hub.publish("one", &[user("a")]);
    assert_eq!((second.live(), third.live()), (vec!["one".into()], vec!["one".into()]));
}

#[test]
fn what_is_too_old_to_replay_is_freed_while_streams_stay_open() {
    let mut hub = Hub::new();
    let reader = hub.open(&[user("a")]);
    hub.publish("old", &[user("a")]);
    hub.pass(500);
    hub.publish("new", &[user("a")]);
    hub.pass(600);
    hub.pass(600);
    assert!(hub.state.aging.is_empty());
    assert!(hub.state.targets.values().all(|state| state.replay.is_empty()));
    hub.publish("live", &[user("a")]);
    assert_eq!(reader.live().last().map(String::as_str), Some("live"));
}

#[test]
fn shutting_down_closes_open_streams_and_those_that_come_later() {
    let mut hub = Hub::new();
    let open = hub.open(&[user("a")]);
    hub.state.shut_down();
    let late = hub.open(&[user("a")]);
    assert!(open.is_closed() && late.is_closed());
    assert_eq!(hub.state.open_streams(), 0);
}

#[test]
fn forgetting_instances_keeps_streams_and_positions() {
    let mut hub = Hub::new();
    let reader = hub.open(&[user("a")]);
    hub.publish("forgotten", &[user("b")]);
    hub.state.forget_instances();
    assert_eq!(hub.resume(&[user("b")], "unknown").replayed(), [""; 0]);
    hub.publish("two", &[user("a")]);
    assert_eq!(reader.live(), ["two"]);
    assert_eq!(hub.open(&[user("a")]).start(), event_id(2));
}

#[test]
fn a_clock_that_is_set_back_changes_nothing() {
    let mut hub = Hub::new();
    hub.publish("one", &[user("a")]);
    hub.now = hub.now.plus_millis(-3_600_000);
    hub.publish("two", &[user("a")]);
    assert_eq!(hub.open(&[user("a")]).replayed(), ["one", "two"]);
}

#[test]
fn the_instances_of_a_target_can_be_looked_up() {
    let mut hub = Hub::new();
    hub.publish("one", &[user("a"), session("s")]);
    let instances = hub.state.instances(hub.now, &session("s"));
    assert_eq!(instances.len(), 1);
    assert_eq!(instances[0].0, hub.now);
    assert_eq!(instances[0].1.name, "one");
    assert_eq!(instances[0].1.target_attribute_key, Some(session("s")));
}

#[test]
fn an_instance_waits_again_when_its_first_stream_ends_before_it_is_written() {
    let mut hub = Hub::new();
    hub.publish("one", &[user("a"), session("s")]);
    hub.pass(30);
    let reader = hub.open(&[user("a"), session("s")]);
    assert_eq!(hub.open(&[user("a")]).replayed(), [""; 0], "the first stream has it");
    hub.state.close(reader.opened.key);
    hub.state.wait_again(reader.opened.replay.into_iter().filter_map(|it| it.waiting));
    assert_eq!(hub.open(&[session("s")]).replayed(), ["one"]);
}

#[test]
fn an_instance_that_waits_again_does_not_wait_longer() {
    let mut hub = Hub::new();
    hub.publish("one", &[user("a")]);
    hub.pass(30);
    let reader = hub.open(&[user("a")]);
    hub.state.wait_again(reader.opened.replay.into_iter().filter_map(|it| it.waiting));
    hub.pass(30);
    assert_eq!(hub.open(&[user("a")]).replayed(), [""; 0]);
}

#[test]
fn all_targets_together_keep_no_more_than_fits_the_oldest_leaving_first() {
    let rules = DeliveryRules { replay_bytes: 20_000, ..DeliveryRules::default() };
    let mut hub = Hub::with_rules(rules);
    let users: Vec<TargetAttributeKey> =
        (0..1_000).map(|number| user(&number.to_string())).collect();
    for user in &users {
        hub.publish("one", std::slice::from_ref(user));
        assert!(hub.state.kept.bytes <= 20_000);
    }
    let kept = hub.state.kept.instances;
    assert!((30..100).contains(&kept), "{kept}");
    let replayed = |hub: &mut Hub, user: &TargetAttributeKey| {
        let reader = hub.resume(std::slice::from_ref(user), "unknown");
        hub.state.close(reader.opened.key);
        reader.replayed().len()
    };
    assert_eq!(replayed(&mut hub, &users[1_000 - kept - 1]), 0);
    assert_eq!(replayed(&mut hub, &users[1_000 - kept]), 1);
    hub.pass(11 * 60);
    assert_eq!(hub.state.kept, KeptInAll::default());
    assert!(hub.state.targets.is_empty() && hub.state.aging.is_empty());
}

#[test]
fn no_more_than_so_many_instances_wait_for_their_first_stream() {
    let rules = DeliveryRules { waiting_instances: 10, ..DeliveryRules::default() };
    let mut hub = Hub::with_rules(rules);
    for name in 0..15 {
        hub.publish(&name.to_string(), &[user("a")]);
    }
    assert_eq!(
        hub.open(&[user("a")]).replayed(),
        ["5", "6", "7", "8", "9", "10", "11", "12", "13", "14"]
    );
}

#[test]
fn what_is_kept_is_counted_rightly_however_it_leaves() {
    let rules =
        DeliveryRules { replay_instances: 3, replay_bytes: 3_000, ..DeliveryRules::default() };
    let mut hub = Hub::with_rules(rules);
    for round in 0_usize..200 {
        hub.publish("one", &[user(&(round % 7).to_string()), session(&(round % 3).to_string())]);
        if round % 5 == 0 {
            hub.pass(61);
        }
        if round == 150 {
            hub.state.forget_instances();
        }
        let mut counted = KeptInAll::default();
        for kept in hub.state.targets.values().flat_map(|state| state.replay.iter()) {
            counted.add(kept);
        }
        assert_eq!(hub.state.kept, counted, "{round}");
    }
}

/// Collects saved changes, like a data file.
#[derive(Default)]
struct Shelf {
    instances: BTreeMap<(Position, String), SavedInstance>,
    waiting: BTreeMap<Position, Timestamp>,
}

impl Shelf {
    fn take(&mut self, changes: HubChanges) -> SavedHub {
        let HubChanges { epoch, latest, replayed_after, waiting_after, unsaved } = changes;
        if unsaved.all_forgotten {
            *self = Self::default();
        }
        for instance in unsaved.published {
            self.instances.insert((instance.position, instance.target.id.clone()), instance);
        }
        for (position, target) in unsaved.dropped {
            self.instances.remove(&(position, target.id.clone()));
        }
        for (position, since) in unsaved.waiting {
            match since {
                Some(since) => self.waiting.insert(position, since),
                None => self.waiting.remove(&position),
            };
        }
        self.instances.retain(|_, instance| instance.at > replayed_after);
        self.waiting.retain(|_, since| *since > waiting_after);
        let instances = self.instances.values().cloned().collect();
        let waiting = self.waiting.iter().map(|(position, since)| (*position, *since));
        SavedHub { epoch, latest, instances, waiting: waiting.collect() }
    }
}

#[test]
fn a_hub_that_goes_on_from_what_was_saved_replays_as_if_nothing_had_happened() {
    let rules =
        DeliveryRules { replay_instances: 3, replay_bytes: 4_000, ..DeliveryRules::default() };
    let mut hub = Hub::with_rules(rules);
    hub.state.track_changes();
    let mut shelf = Shelf::default();
    let users: Vec<TargetAttributeKey> = (0..7).map(|number| user(&number.to_string())).collect();
    let everybody: Vec<TargetAttributeKey> = users.iter().cloned().chain([session("s")]).collect();
    for round in 0_usize..100 {
        hub.publish(&round.to_string(), &[users[round % 7].clone(), session("s")]);
        if round % 4 == 0 {
            let reader = hub.open(&[users[round % 5].clone()]);
            hub.state.close(reader.opened.key);
        }
        if round % 9 == 0 {
            hub.pass(40);
        }
        if round == 60 {
            hub.state.mark_all_changed();
        }
        let saved = shelf.take(hub.state.take_changes(hub.now));
        let mut restored = Hub { state: HubState::new(rules, Epoch::random()), now: hub.now };
        restored.state.restore(saved);
        for user in &everybody {
            let expected = hub.state.instances(hub.now, user);
            assert_eq!(restored.state.instances(hub.now, user), expected, "{round}");
        }
        let waiting: Vec<(Position, Timestamp)> = restored.state.waiting.iter().collect();
        let oldest = hub.state.ago(rules.waiting_time);
        let expected = hub.state.waiting.iter().filter(|(_, since)| *since > oldest);
        assert_eq!(waiting, expected.collect::<Vec<_>>(), "{round}");
        restored.publish("new", &[users[0].clone()]);
        let start = event_id(hub.state.latest.get());
        let after = restored.resume(std::slice::from_ref(&users[0]), start.as_str());
        assert_eq!(after.replayed().last().map(String::as_str), Some("new"));
        hub.state.release(hub.state.latest());
    }
}

/// A hub whose instances are saved.
fn saved_hub() -> Hub {
    let mut hub = Hub::new();
    hub.state.track_changes();
    hub
}

#[test]
fn an_instance_is_held_back_until_it_is_saved_and_then_given_once() {
    let mut hub = saved_hub();
    let reader = hub.open(&[user("ada"), session("s")]);
    let published = hub.publish("saved", &[user("ada"), session("s")]);
    assert_eq!(published, Published { delivered: 1, too_slow: 0 });
    let saved = hub.state.latest();
    hub.publish("not saved yet", &[user("ada")]);
    assert_eq!(reader.live(), [""; 0]);
    hub.state.release(saved);
    assert_eq!(reader.live(), ["saved"]);
    hub.state.release(hub.state.latest());
    assert_eq!(reader.live(), ["not saved yet"]);
}

#[test]
fn a_stream_that_opens_or_resumes_meanwhile_sees_nothing_before_it_is_saved() {
    let mut hub = saved_hub();
    let _first = hub.open(&[user("ada")]);
    hub.publish("before", &[user("ada")]);
    hub.state.release(hub.state.latest());
    let before = event_id(hub.state.latest().get());
    hub.publish("held", &[user("ada")]);

    let new = hub.open(&[user("ada")]);
    let resumed = hub.resume(&[user("ada")], before.as_str());
    assert_eq!(new.start(), before);
    assert_eq!((new.replayed(), resumed.replayed()), (vec![], vec![]));
    hub.state.release(hub.state.latest());
    assert_eq!((new.live(), resumed.live()), (vec!["held".to_owned()], vec!["held".to_owned()]));
    assert_eq!(hub.state.waiting(), 0);
}

#[test]
fn an_instance_whose_stream_ends_before_it_is_saved_waits_for_the_next_one() {
    let mut hub = saved_hub();
    let reader = hub.open(&[user("ada")]);
    hub.publish("held", &[user("ada")]);
    hub.state.close(reader.opened.key);
    hub.state.release(hub.state.latest());
    assert_eq!(hub.open(&[user("ada")]).replayed(), ["held"]);
}

#[test]
fn an_id_that_was_given_out_and_never_saved_hides_nothing_that_comes_after_a_crash() {
    let mut hub = saved_hub();
    let mut shelf = Shelf::default();
    hub.publish("saved", &[user("ada")]);
    let saved = shelf.take(hub.state.take_changes(hub.now));
    hub.publish("delivered all the same, as when the disk is full", &[user("ada")]);
    let given_out = event_id(hub.state.latest().get());

    let mut restored = Hub::new();
    restored.state.restore(saved);
    restored.publish("after the crash", &[user("ada")]);
    let resumed = restored.resume(&[user("ada")], given_out.as_str());
    assert_eq!(resumed.replayed(), ["saved", "after the crash"]);
}

fn live_only() -> Hub {
    Hub::with_rules(DeliveryRules { live_only: true, ..DeliveryRules::default() })
}

#[test]
fn where_only_open_streams_count_nothing_waits_is_replayed_or_has_an_id() {
    let mut hub = live_only();
    hub.publish("nobody was there", &[user("ada")]);
    assert_eq!(hub.state.waiting(), 0);
    let reader = hub.resume(&[user("ada")], event_id(0).as_str());
    assert_eq!(reader.replayed(), [""; 0]);
    assert!(reader.opened.start.is_none());
    hub.publish("live", &[user("ada")]);
    let frames = reader.frames();
    assert!(
        matches!(&frames[..], [Frame::Instance(bytes)] if bytes.starts_with(b"data: ")),
        "{frames:?}"
    );
    assert_eq!(hub.state.instances(hub.now, &user("ada")).len(), 2, "testers can still look");
}

#[test]
fn where_only_open_streams_count_one_that_opens_before_an_instance_is_saved_does_not_get_it() {
    let mut hub = live_only();
    hub.state.track_changes();
    let early = hub.open(&[user("ada")]);
    hub.publish("held", &[user("ada")]);
    let late = hub.open(&[user("ada")]);
    hub.state.release(hub.state.latest());
    assert_eq!((early.live(), late.live()), (vec!["held".to_owned()], vec![]));
    assert_eq!(hub.state.waiting(), 0);
}

#[test]
fn where_only_open_streams_count_comments_keep_them_alive() {
    let mut hub = live_only();
    let reader = hub.open(&[user("ada")]);
    hub.pass(KEEP_ALIVE_MS / 1_000);
    assert_eq!(reader.frames(), [Frame::comment()]);
}
