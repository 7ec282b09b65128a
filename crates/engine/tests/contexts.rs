//! Agentic contexts: which events they keep, and for how long.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Map, Value, json};
use signals_engine::{ContextReading, Definitions, SavedProfile, Snapshot, Timestamp};
use signals_wire::TargetAttributeKey;
use support::*;

/// A property of `com.acme` events.
fn of_event(name: &str, path: &str) -> Value {
    json!({"type": "event", "vendor": "com.acme", "name": name, "major_version": 1, "path": path})
}

/// Keeps the amounts of `com.acme` events `add` and `pay`.
fn cart() -> Value {
    let kept = |name: &str| json!({"event": {"name": name, "vendor": "com.acme"}, "properties": [of_event(name, "$.amount")]});
    json!({
        "name": "cart", "attribute_key": {"name": "domain_sessionid"}, "max_events": 3, "max_age_seconds": 60,
        "events": [kept("add"), kept("pay")],
    })
}

fn only(log: Value) -> Value {
    json!({"event_logs": [log]})
}

/// [`cart`] with another value at a JSON Pointer.
fn cart_with(pointer: &str, value: Value) -> Value {
    let mut log = cart();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = log.pointer_mut(parent).unwrap_or_else(|| panic!("no {pointer}"));
    match parent {
        Value::Array(elements) => elements[field.parse::<usize>().unwrap()] = value,
        parent => parent[field] = value,
    }
    log
}

impl Run {
    /// The context `cart` of [`SESSION`].
    fn cart(&self) -> ContextReading {
        self.engine.context("cart", SESSION, Timestamp::from_millis(self.now)).unwrap()
    }

    /// The amounts in [`Run::cart`].
    fn amounts(&self) -> Vec<Value> {
        self.cart().events.iter().map(|event| event.properties["amount"].clone()).collect()
    }

    fn adds(&mut self, amount: u32) {
        self.acme("add", json!({"amount": amount}));
    }

    /// Moves the clock by `millis`.
    fn wait(&mut self, millis: i64) {
        self.now += millis;
    }

    fn replace(&mut self, json: Value) {
        self.engine.replace_definitions(&definitions(json)).unwrap();
    }
}

/// Saves the profiles one by one, as a data file does, and restores them in another engine.
fn restarted(mut run: Run, json: Value) -> Run {
    run.engine.track_changes();
    run.engine.mark_all_changed();
    let saved = run.engine.take_changes().profiles.into_iter();
    let saved: Vec<(TargetAttributeKey, SavedProfile)> = saved
        .filter_map(|(owner, profile)| {
            let text = serde_json::to_string(&profile?).unwrap();
            Some((owner, serde_json::from_str(&text).unwrap()))
        })
        .collect();
    let mut other = Run::new(json);
    other.now = run.now;
    other.engine.restore(saved.into_iter().collect::<Snapshot>());
    other
}

#[test]
fn a_context_keeps_the_selected_properties_of_the_selected_events_in_their_order() {
    let mut run = Run::new(only(cart()));
    run.acme("add", json!({"amount": 1, "secret": "x"}));
    run.wait(1_000);
    run.acme("look", json!({"amount": 2}));
    run.wait(1_000);
    run.acme("pay", json!({"amount": 3}));
    let reading = run.cart();
    assert_eq!(reading.started_at, Some(Timestamp::from_millis(START)));
    let events: Vec<Value> = reading.events.into_iter().map(|it| it.properties.into()).collect();
    let at = |millis| Timestamp::from_millis(START + millis).to_string();
    assert_eq!(
        events,
        [
            json!({"derived_tstamp": at(0), "amount": 1}),
            json!({"derived_tstamp": at(2_000), "amount": 3})
        ]
    );
}

#[test]
fn a_property_that_is_not_set_is_left_out_but_the_event_stays() {
    let mut run = Run::new(only(cart()));
    run.acme("add", json!({}));
    let [event] = &run.cart().events[..] else { panic!("not one event") };
    assert!(!event.properties.contains_key("amount"), "{event:?}");
}

#[test]
fn properties_come_from_fields_events_and_entities_under_their_own_names() {
    let product = |path: &str, more: Value| {
        let mut property = json!({
            "type": "entity", "vendor": "com.acme", "name": "product", "major_version": 1, "path": path,
        });
        property.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        property
    };
    let mut log = cart();
    log["events"][0]["properties"] = json!([
        {"type": "atomic", "name": "app_id"},
        {"type": "atomic", "name": "derived_tstamp"},
        of_event("add", "$.deep.list[1]"),
        product("$.sku", json!({})),
        product("sku", json!({"index": 1, "output_name": "second sku"})),
    ]);
    let mut run = Run::new(only(log));
    let product = |sku: &str| json!({"schema": "iglu:com.acme/product/jsonschema/1-0-0", "data": {"sku": sku}});
    let entities = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0",
        "data": [product("A"), product("B")],
    });
    let mut payload = acme("add", json!({"deep": {"list": [1, {"two": 2}]}}));
    payload.insert("aid".into(), json!("shop"));
    payload.insert("co".into(), json!(entities.to_string()));
    run.send(identified(payload, USER, SESSION));
    assert_eq!(
        Value::Object(run.cart().events[0].properties.clone()),
        json!({
            "derived_tstamp": Timestamp::from_millis(START).to_string(),
            "app_id": "shop", "list": {"two": 2}, "sku": "A", "second sku": "B",
        })
    );
}

#[test]
fn events_are_selected_by_version_by_major_version_or_by_event_specification() {
    let specification = json!([{
        "schema": "iglu:com.snowplowanalytics.snowplow/event_specification/jsonschema/1-0-0",
        "data": {"id": "s1"},
    }]);
    let entities = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0", "data": specification,
    });
    for (event, is_kept) in [
        (json!({"name": "add", "version": "1-0-0"}), true),
        (json!({"name": "add", "version": "1-0-1"}), false),
        (json!({"name": "add", "major_version": 1}), true),
        (json!({"name": "add", "major_version": 2}), false),
        (json!({"name": "add", "vendor": "com.other"}), false),
        (json!({"event_specification_id": "s1"}), true),
        (json!({"event_specification_id": "s2"}), false),
    ] {
        let mut log = cart();
        log["events"] =
            json!([{"event": event, "properties": [{"type": "atomic", "name": "app_id"}]}]);
        let mut run = Run::new(only(log));
        let mut payload = acme("add", json!({}));
        payload.insert("co".into(), json!(entities.to_string()));
        run.send(identified(payload, USER, SESSION));
        assert_eq!(run.cart().events.len(), usize::from(is_kept), "{event}");
    }
}

#[test]
fn the_first_selection_that_matches_an_event_counts() {
    let mut log = cart();
    log["events"][1] = json!({
        "event": {"event_specification_id": "never"}, "properties": [of_event("add", "other")],
    });
    log["events"].as_array_mut().unwrap().push(json!({
        "event": {"name": "add"}, "properties": [of_event("add", "other")],
    }));
    let mut run = Run::new(only(log));
    run.acme("add", json!({"amount": 1, "other": 2}));
    assert_eq!(run.amounts(), [1]);
    assert_eq!(run.cart().events[0].properties.get("other"), None);
}

#[test]
fn of_too_many_events_the_oldest_go_and_the_start_of_the_session_stays() {
    let mut run = Run::new(only(cart()));
    for amount in 1..=5 {
        run.adds(amount);
        run.wait(1_000);
    }
    assert_eq!(run.amounts(), [3, 4, 5]);
    assert_eq!(run.cart().started_at, Some(Timestamp::from_millis(START)));
}

#[test]
fn an_event_that_is_too_old_is_not_read_and_is_freed_by_the_housekeeping() {
    let mut run = Run::new(only(cart()));
    run.adds(1);
    run.wait(30_000);
    run.adds(2);
    run.wait(30_000);
    assert_eq!(run.amounts(), [2]);
    run.wait(29_999);
    assert_eq!(run.amounts(), [2]);
    run.wait(1);
    assert_eq!(run.amounts(), Vec::<Value>::new());
    assert_eq!(run.cart().started_at, None);

    assert_eq!(run.engine.profile_count(), 1);
    run.engine.forget_expired(Timestamp::from_millis(run.now));
    assert_eq!(run.engine.profile_count(), 0, "nothing is left of the session");
}

#[test]
fn after_a_pause_that_is_longer_than_events_live_the_session_starts_afresh() {
    let mut run = Run::new(only(cart()));
    run.adds(1);
    run.wait(60_000);
    run.adds(2);
    assert_eq!(run.amounts(), [2]);
    assert_eq!(run.cart().started_at, Some(Timestamp::from_millis(START + 60_000)));
}

#[test]
fn events_that_arrive_late_come_in_the_order_in_which_they_happened() {
    let mut run = Run::new(only(cart()));
    let mut at = |amount: u32, ago: i64| {
        let mut payload = acme("add", json!({"amount": amount}));
        payload.insert("ttm".into(), json!((START - ago).to_string()));
        run.send(identified(payload, USER, SESSION));
    };
    at(1, 10_000);
    at(2, 30_000);
    at(3, 20_000);
    at(4, 60_000);
    // Its own time is in the future. It counts as if it had happened when it arrived.
    at(5, -3_600_000);
    assert_eq!(run.amounts(), [3, 1, 5]);
    assert_eq!(run.cart().started_at, Some(Timestamp::from_millis(START - 30_000)));
    run.wait(60_000);
    assert_eq!(run.amounts(), Vec::<Value>::new());
}

#[test]
fn sessions_do_not_share_events_and_an_unknown_session_has_an_empty_context() {
    let mut run = Run::new(only(cart()));
    run.adds(1);
    let now = Timestamp::from_millis(run.now);
    for session in [OTHER_SESSION, "", USER] {
        let reading = run.engine.context("cart", session, now).unwrap();
        assert_eq!((reading.events, reading.started_at), (Vec::new(), None));
    }
}

#[test]
fn an_event_without_a_session_or_that_no_context_selects_leaves_nothing_behind() {
    let mut run = Run::new(only(cart()));
    run.send(Value::Object(acme("add", json!({"amount": 1}))));
    run.acme("look", json!({"amount": 1}));
    run.send(identified(Map::from_iter([("e".to_owned(), json!("pv"))]), USER, SESSION));
    assert_eq!(run.engine.profile_count(), 0);
}

#[test]
fn a_draft_keeps_nothing_and_cannot_be_read_but_the_published_context_of_its_name_can() {
    let draft = |max_events: u32| {
        let mut log = cart_with("/max_events", json!(max_events));
        log["is_published"] = json!(false);
        log
    };
    let mut run = Run::new(only(draft(1)));
    run.adds(1);
    assert_eq!(run.engine.context("cart", SESSION, Timestamp::from_millis(run.now)), None);
    assert_eq!(run.engine.profile_count(), 0);

    run.replace(json!({"event_logs": [draft(1), cart()]}));
    run.adds(1);
    run.adds(2);
    assert_eq!(run.amounts(), [1, 2]);
    assert_eq!(run.cart().max_events, 3);
}

#[test]
fn events_survive_new_definitions_as_long_as_their_context_keeps_the_same() {
    let mut run = Run::new(only(cart()));
    run.adds(1);
    let other = cart_with("/name", json!("other"));
    let mut again = cart_with("/prompt", json!("Sell more."));
    again["description"] = json!("What is in the cart");
    run.replace(json!({"event_logs": [other, again]}));
    assert_eq!(run.amounts(), [1]);
    assert_eq!(run.cart().prompt.as_deref(), Some("Sell more."));

    run.replace(only(cart_with("/max_events", json!(2))));
    assert_eq!(run.amounts(), Vec::<Value>::new());
    assert_eq!(run.engine.profile_count(), 0);
}

#[test]
fn events_survive_a_restart() {
    let mut run = Run::new(only(cart()));
    run.adds(1);
    run.wait(1_000);
    run.adds(2);
    let before = run.cart();
    let snapshot = run.engine.snapshot();
    let run = restarted(run, only(cart()));
    assert_eq!(run.cart(), before);
    assert_eq!(run.engine.snapshot(), snapshot);

    let mut run = restarted(run, only(cart()));
    run.adds(3);
    assert_eq!(run.amounts(), [1, 2, 3]);
    let run = restarted(run, only(cart_with("/events/0/properties/0/path", json!("other"))));
    assert_eq!(run.cart().events, []);
}

#[test]
fn a_profile_from_before_there_were_contexts_can_be_read() {
    let saved = json!({"cells": [], "received": [], "active_at": START});
    assert!(serde_json::from_value::<SavedProfile>(saved).is_ok());
    let snapshot = json!({"attributes": [], "interventions": [], "profiles": []});
    assert!(serde_json::from_value::<Snapshot>(snapshot).is_ok());
}

#[test]
fn changes_of_recent_events_are_saved() {
    let mut run = Run::new(only(cart()));
    run.engine.track_changes();
    run.adds(1);
    let changed = run.engine.take_changes().profiles;
    assert!(matches!(&changed[..], [(owner, Some(_))] if owner.id == SESSION), "{changed:?}");
    run.wait(60_000);
    run.engine.forget_expired(Timestamp::from_millis(run.now));
    let changed = run.engine.take_changes().profiles;
    assert!(matches!(&changed[..], [(owner, None)] if owner.id == SESSION), "{changed:?}");

    run.adds(2);
    run.engine.take_changes();
    run.replace(json!({}));
    let changed = run.engine.take_changes().profiles;
    assert!(matches!(&changed[..], [(owner, None)] if owner.id == SESSION), "{changed:?}");
}

#[test]
fn a_long_text_is_cut_and_a_long_list_is_left_out() {
    let mut run = Run::new(only(cart()));
    run.acme("add", json!({"amount": "é".repeat(3_000)}));
    run.acme("add", json!({"amount": vec![1; 3_000]}));
    assert_eq!(run.cart().events[0].properties["amount"], "é".repeat(2_048));
    assert_eq!(run.cart().events[1].properties.get("amount"), None);
}

#[test]
fn every_limit_is_refused_by_its_field() {
    let long = |length: usize| json!("x".repeat(length));
    let property = json!({"type": "atomic", "name": "app_id"});
    let selection = cart()["events"][0].clone();
    let (event, properties) = ("/events/0/event", "/events/0/properties");
    for (pointer, value, expected) in [
        ("/name", long(129), "name: longer than 128 characters"),
        ("/name", json!("a-b"), "name: '-' in name"),
        ("/name", json!(""), "name: empty name"),
        ("/description", long(1_025), "description: longer than 1024 characters"),
        ("/description", json!("a\0b"), "description: control character \\0"),
        ("/owner", long(256), "owner: longer than 255 characters"),
        ("/prompt", long(3_801), "prompt: longer than 3800 characters"),
        (
            "/attribute_key",
            json!({"name": "domain_userid"}),
            "attribute_key.name: must be `domain_sessionid`, not `domain_userid`",
        ),
        ("/max_events", json!(0), "max_events: must be 1 to 100, not 0"),
        ("/max_events", json!(101), "max_events: must be 1 to 100, not 101"),
        ("/max_age_seconds", json!(0), "max_age_seconds: must be 1 to 3600, not 0"),
        ("/max_age_seconds", json!(3_601), "max_age_seconds: must be 1 to 3600, not 3601"),
        ("/events", json!([]), "events: needs 1 to 20, not 0"),
        ("/events", json!(vec![selection; 21]), "events: needs 1 to 20, not 21"),
        (properties, json!([]), "events.0.properties: needs 1 to 50, not 0"),
        (
            properties,
            json!(vec![property.clone(); 51]),
            "events.0.properties: needs 1 to 50, not 51",
        ),
        (
            properties,
            json!([property, property]),
            "events.0.properties.1.output_name: another property has the name `app_id`",
        ),
        (
            properties,
            json!([{"type": "atomic", "name": "app_id", "output_name": "derived_tstamp"}]),
            "events.0.properties.0.output_name: another property has the name `derived_tstamp`",
        ),
        (
            properties,
            json!([{"type": "atomic", "name": "nope"}]),
            "events.0.properties.0.name: `nope` is not an atomic field",
        ),
        (
            properties,
            json!([{"type": "event", "vendor": "com.acme", "name": "add", "path": "a"}]),
            "events.0.properties.0.major_version: missing",
        ),
        (event, json!({}), "events.0.event.name: missing"),
        (event, json!({"vendor": "com.acme"}), "events.0.event.name: missing"),
        (event, json!({"name": "a b"}), "events.0.event.name: ' ' in name"),
        (
            event,
            json!({"name": "a", "version": "1"}),
            "events.0.event.version: `1` is not a version",
        ),
        (
            event,
            json!({"name": "a", "version": "1-0-0", "major_version": 1}),
            "events.0.event.major_version: not together with `version`",
        ),
        (
            event,
            json!({"name": "a", "major_version": 0}),
            "events.0.event.major_version: must be at least 1",
        ),
        (
            event,
            json!({"name": "a", "event_specification_id": "x"}),
            "events.0.event.name: not together with `event_specification_id`",
        ),
        (
            event,
            json!({"event_specification_id": ""}),
            "events.0.event.event_specification_id: empty id",
        ),
    ] {
        let refusal = refusal(only(cart_with(pointer, value)));
        assert!(refusal.starts_with(&format!("event_logs.0.{expected}")), "{pointer}: {refusal}");
    }
}

#[test]
fn the_limits_themselves_are_allowed() {
    let mut log = cart();
    let selection = log["events"][0].clone();
    let property = |number: usize| json!({"type": "atomic", "name": "app_id", "output_name": number.to_string()});
    log["events"] = json!(vec![selection; 20]);
    log["events"][0]["properties"] = (0..50).map(property).collect();
    for (field, value) in [
        ("name", json!("n".repeat(128))),
        ("description", json!("é".repeat(1_024))),
        ("owner", json!("é".repeat(255))),
        ("prompt", json!("é".repeat(3_800))),
        ("max_events", json!(100)),
        ("max_age_seconds", json!(3_600)),
    ] {
        log[field] = value;
    }
    engine(only(log));
}

#[test]
fn two_event_logs_of_one_name_are_refused_unless_one_is_the_draft_of_the_other() {
    let twice = json!({"event_logs": [cart(), cart()]});
    assert_eq!(refusal(twice), "event_logs.1.name: event log `cart` is defined twice");
    let mut definitions = definitions(only(cart()));
    let error = definitions.add_json(&only(cart()).to_string()).unwrap_err();
    assert!(error.to_string().ends_with("`cart` is already defined"), "{error}");
    assert_eq!(definitions, Definitions::from_json(&only(cart()).to_string()).unwrap());
}

#[test]
fn old_events_leave_what_is_stored_while_newer_ones_stay() {
    let mut run = Run::new(only(cart()));
    run.adds(111);
    run.wait(30_000);
    run.adds(222);
    run.engine.track_changes();
    run.engine.take_changes();
    run.wait(40_000);
    run.engine.forget_expired(Timestamp::from_millis(run.now));
    let changes = run.engine.take_changes().profiles;
    let [(owner, Some(profile))] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((owner.name.as_str(), owner.id.as_str()), ("domain_sessionid", SESSION));
    let stored = serde_json::to_string(profile).unwrap();
    assert!(stored.contains("222") && !stored.contains("111"), "{stored}");
}
