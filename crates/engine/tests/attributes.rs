//! What attributes count, for how long, and what reads return.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use signals_engine::{GroupReference, Timestamp, Warning};
use support::*;

#[test]
fn an_unset_attribute_reads_as_its_default_or_that_of_its_type() {
    let mut with_default = counter("c");
    with_default["default_value"] = json!(5);
    let run = Run::new(user_group(json!([counter("a"), sum("b"), with_default]), json!([])));
    for (attribute, expected) in [("a", json!(0)), ("b", json!(0.0)), ("c", json!(5))] {
        assert_eq!(run.read(attribute), expected, "{attribute}");
        assert!(!run.is_set(attribute), "{attribute}");
    }
}

#[test]
fn profiles_are_kept_apart() {
    let mut run = Run::new(user_group(json!([counter("a")]), json!([])));
    run.acme("a", json!({}));
    run.acme("a", json!({}));
    run.send(identified(acme("a", json!({})), OTHER_USER, SESSION));
    assert_eq!(run.read("a"), json!(2));
    let other = run.engine.attributes("domain_userid", OTHER_USER, Timestamp::from_millis(START));
    assert_eq!(other[0].attributes[0].value, json!(1));
    assert_eq!((other[0].name.as_str(), other[0].version), ("g", 1));
}

#[test]
fn event_selectors_match_by_every_part_that_is_given() {
    let cases = [
        (json!([]), true),
        (json!([{}]), true),
        (json!([{"name": "a"}]), true),
        (json!([{"vendor": "com.acme"}]), true),
        (json!([{"version": "1-0-0"}]), true),
        (json!([{"name": "a", "vendor": "com.acme", "version": "1-0-0"}]), true),
        (json!([{"name": "b"}]), false),
        (json!([{"name": "a", "vendor": "com.other"}]), false),
        (json!([{"name": "a", "version": "1-0-1"}]), false),
        (json!([{"name": "b"}, {"name": "a"}]), true),
        (json!([{"name": "a"}, {"name": "a"}, {"vendor": "com.acme"}]), true),
    ];
    for (events, expected) in cases {
        let mut attribute = counter("n");
        attribute["events"] = events.clone();
        let mut run = Run::new(user_group(json!([attribute]), json!([])));
        run.acme("a", json!({}));
        assert_eq!(run.read("n"), json!(i32::from(expected)), "{events}");
    }
}

#[test]
fn event_criteria_look_into_the_event() {
    let property = json!({"type": "event", "vendor": "com.acme", "name": "a", "major_version": 1, "path": "$.list[1].n"});
    let criterion = |operator: &str, value: Value| json!({"property": property, "operator": operator, "value": value});
    let platform =
        json!({"property": {"type": "atomic", "name": "platform"}, "operator": "is null"});
    let wrong = criterion("=", json!("other"));
    let cases = [
        (json!({"all": [criterion("=", json!(7))]}), true),
        (json!({"all": [criterion("=", json!("7"))]}), true),
        (json!({"all": [criterion("!=", json!(7))]}), false),
        (json!({"all": [criterion(">=", json!(7)), criterion("<", json!(7.5))]}), true),
        (json!({"all": [criterion("=", json!(7)), wrong]}), false),
        (json!({"any": [wrong, criterion("<=", json!(7))]}), true),
        (json!({"any": [wrong]}), false),
        (json!({"all": [criterion(">", json!(6))], "any": [wrong]}), false),
        (json!({"all": [platform]}), true),
        (json!({"all": [], "any": null}), true),
        (json!({"all": [wrong], "any": []}), false),
        (json!({"all": [criterion("=", json!(7))], "any": []}), true),
        (json!({}), true),
    ];
    for (criteria, expected) in cases {
        let mut attribute = counter("a");
        attribute["criteria"] = criteria.clone();
        let mut run = Run::new(user_group(json!([attribute]), json!([])));
        run.acme("a", json!({"list": [{"n": 1}, {"n": 7}]}));
        assert_eq!(run.read("a"), json!(i32::from(expected)), "{criteria}");
    }
}

#[test]
fn a_property_of_an_entity_is_found_by_schema_and_position() {
    let entity = |name: &str, version: &str, price: Value| json!({"schema": format!("iglu:com.acme/{name}/jsonschema/{version}"), "data": {"price": price}});
    let contexts = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0",
        "data": [
            entity("cart", "1-0-0", json!(100)),
            entity("product", "2-0-0", json!(1000)),
            entity("product", "1-0-3", json!(9.99)),
            entity("product", "1-1-0", json!("20")),
        ],
    });
    for (index, expected) in
        [(json!(null), 9.99), (json!(0), 9.99), (json!(1), 20.0), (json!(2), 0.0)]
    {
        let attribute = json!({
            "name": "total", "type": "double", "events": [], "aggregation": "sum",
            "property": {"type": "entity", "vendor": "com.acme", "name": "product", "major_version": 1, "path": "price", "index": index},
        });
        let mut run = Run::new(user_group(json!([attribute]), json!([])));
        run.send(json!({"e": "pv", "duid": USER, "co": contexts.to_string()}));
        assert_eq!(run.read("total"), json!(expected), "{index}");
        assert_eq!(run.is_set("total"), expected > 0.0, "{index}");
    }
}

#[test]
fn a_sum_skips_what_is_no_number_and_prints_prices_as_written() {
    let mut run = Run::new(user_group(json!([sum("a")]), json!([])));
    for amount in [json!(0.1), json!(null), json!("many"), json!(true), json!([1]), json!("NaN")] {
        run.acme("a", json!({"amount": amount}));
    }
    run.acme("a", json!({}));
    run.acme("a", json!({"amount": "0.2"}));
    assert_eq!(run.read("a").to_string(), "0.3");
}

#[test]
fn numbers_and_touches_are_aggregated_by_name_and_cast_to_their_type() {
    let aggregated = |name: &str, type_name: &str| {
        let mut attribute = sum("a");
        attribute["name"] = json!(name);
        attribute["aggregation"] = json!(name);
        attribute["type"] = json!(type_name);
        attribute
    };
    let attributes = [
        ("min", "int32", json!(-3)),
        ("max", "double", json!(8.0)),
        ("mean", "double", json!(2.0)),
        ("first", "string", json!("soon")),
        ("last", "string", json!("8")),
    ];
    let definitions: Vec<Value> =
        attributes.iter().map(|(name, type_name, _)| aggregated(name, type_name)).collect();
    let mut run = Run::new(user_group(json!(definitions), json!([])));
    for amount in [json!(null), json!("soon"), json!(-3.9), json!("1.9"), json!(8)] {
        run.acme("a", json!({"amount": amount}));
        run.now += 1000;
    }
    for (name, _, expected) in attributes {
        assert_eq!(run.read(name), expected, "{name}");
    }
}

#[test]
fn an_int32_that_overflows_saturates_and_says_so() {
    let mut attribute = sum("a");
    attribute["type"] = json!("int32");
    let mut run = Run::new(user_group(json!([attribute]), json!([])));
    run.acme("a", json!({"amount": i32::MAX}));
    let outcome = run.send(identified(acme("a", json!({"amount": 1})), USER, SESSION));
    assert_eq!(outcome.warnings, [Warning::Saturated { attribute: "g:a".to_owned() }]);
    assert_eq!(run.read("a"), json!(i32::MAX));
    run.acme("a", json!({"amount": -10}));
    assert_eq!(run.read("a"), json!(i32::MAX - 9), "the total itself was not cut");
}

#[test]
fn a_value_expires_when_nothing_updated_it_for_its_time_to_live() {
    const HOUR: i64 = 3_600_000;
    let cases = [
        ("attribute's own", json!("PT1H"), json!("PT2H"), json!("PT3H"), HOUR),
        ("the group's", json!(null), json!("PT2H"), json!("PT3H"), 2 * HOUR),
        ("the key's", json!(null), json!(null), json!("PT3H"), 3 * HOUR),
        ("seven days", json!(null), json!(null), json!(null), 7 * 24 * HOUR),
    ];
    for (case, attribute_ttl, group_ttl, key_ttl, expected) in cases {
        let mut attribute = counter("a");
        attribute["ttl"] = attribute_ttl;
        let mut definitions = user_group(json!([attribute]), json!([]));
        definitions["attribute_groups"][0]["ttl"] = group_ttl;
        definitions["attribute_keys"] = json!([{"name": "domain_userid", "ttl": key_ttl}]);
        let mut run = Run::new(definitions);
        run.acme("a", json!({}));
        run.now += expected - 1;
        assert_eq!(run.read("a"), json!(1), "{case}: just before");
        run.acme("a", json!({}));
        run.now += expected - 1;
        assert_eq!(run.read("a"), json!(2), "{case}: an update renews it");
        run.now += 1;
        assert!(!run.is_set("a"), "{case}: expired");
        run.acme("a", json!({}));
        assert_eq!(run.read("a"), json!(1), "{case}: starts afresh");
    }
}

#[test]
fn forgetting_expired_values_changes_no_reading_and_no_once_memory() {
    let definitions =
        user_group(json!([counter("a")]), json!([rule("r", test("a", ">", json!(0)))]));
    let mut run = Run::new(definitions);
    assert_eq!(run.acme("a", json!({})), ["r"]);
    run.engine.forget_expired(Timestamp::from_millis(run.now));
    assert_eq!(run.read("a"), json!(1));
    run.now += 8 * 24 * 3_600_000;
    run.engine.forget_expired(Timestamp::from_millis(run.now));
    assert!(!run.is_set("a"));
    assert!(run.acme("a", json!({})).is_empty(), "once is once");
}

#[test]
fn once_is_forgotten_with_a_profile_that_nobody_lives_in() {
    const DAY: i64 = 24 * 3_600_000;
    let with_ttl = |ttl: &str| {
        let mut idle = counter("idle");
        idle["ttl"] = json!(ttl);
        user_group(json!([counter("a"), idle]), json!([rule("r", test("a", ">", json!(0)))]))
    };
    for (case, ttl, quiet_days, event_in_between, expected) in [
        ("just before", "P7D", vec![90 * DAY - 1], "idle", 0),
        ("after 90 days", "P7D", vec![90 * DAY], "idle", 1),
        ("any event in between", "P7D", vec![60 * DAY, 60 * DAY], "unheard_of", 0),
        ("an attribute still lives", "P1Y", vec![100 * DAY], "idle", 0),
    ] {
        for forgets in [false, true] {
            let mut run = Run::new(with_ttl(ttl));
            run.acme("idle", json!({}));
            assert_eq!(run.acme("a", json!({})), ["r"], "{case}");
            for (turn, pause) in quiet_days.iter().enumerate() {
                if turn > 0 {
                    run.acme(event_in_between, json!({}));
                }
                run.now += pause;
                if forgets {
                    run.engine.forget_expired(Timestamp::from_millis(run.now));
                }
            }
            let triggered = run.acme("a", json!({})).len();
            assert_eq!(triggered, expected, "{case}, forgets expired values: {forgets}");
        }
    }
}

#[test]
fn nothing_is_left_of_a_profile_that_is_over() {
    let definitions =
        user_group(json!([counter("a")]), json!([rule("r", test("a", ">", json!(0)))]));
    let mut run = Run::new(definitions);
    let empty = run.engine.snapshot();
    run.acme("a", json!({}));
    run.engine.forget_expired(Timestamp::from_millis(run.now + 90 * 24 * 3_600_000 - 1));
    let remembered = serde_json::to_string(&run.engine.snapshot()).unwrap();
    assert!(remembered.contains(USER), "{remembered}");
    run.engine.forget_expired(Timestamp::from_millis(run.now + 90 * 24 * 3_600_000));
    assert_eq!(run.engine.snapshot(), empty);
}

#[test]
fn a_rolling_window_lets_events_go_by_the_time_they_happened() {
    let mut views = counter("a");
    views["period"] = json!("PT10M");
    let mut total = sum("a");
    total["name"] = json!("total");
    total["period"] = json!("PT10M");
    let mut run = Run::new(user_group(json!([views, total]), json!([])));
    const MINUTE: i64 = 60_000;
    run.acme("a", json!({"amount": 1}));
    run.now += 4 * MINUTE;
    run.acme("a", json!({"amount": 2}));
    // It happened eight minutes ago and arrives only now.
    let mut late = identified(acme("a", json!({"amount": 4})), USER, SESSION);
    late["dtm"] = json!("0");
    late["stm"] = json!((8 * MINUTE).to_string());
    run.send(late);
    assert_eq!((run.read("a"), run.read("total")), (json!(3), json!(7.0)));
    run.now += 2 * MINUTE;
    assert_eq!(
        (run.read("a"), run.read("total")),
        (json!(2), json!(3.0)),
        "the late one is out first"
    );
    run.now += 4 * MINUTE;
    assert_eq!((run.read("a"), run.read("total")), (json!(1), json!(2.0)));
    run.now += 4 * MINUTE;
    assert!(!run.is_set("a"), "an empty window is unset");
}

#[test]
fn values_that_leave_a_window_never_trigger_by_themselves() {
    let mut views = counter("a");
    views["period"] = json!("PT10M");
    let definitions = user_group(
        json!([views, counter("tick")]),
        json!([rule(
            "calm",
            json!({"all": [test("a", "<", json!(2)), test("tick", ">", json!(0))]})
        )]),
    );
    let mut run = Run::new(definitions);
    run.acme("a", json!({}));
    run.acme("a", json!({}));
    assert!(run.acme("tick", json!({})).is_empty(), "two in the window");
    run.now += 5 * 60_000;
    run.acme("a", json!({}));
    run.now += 6 * 60_000;
    // Now one is left in the window. The rule holds, but it already did before this event.
    assert!(run.acme("tick", json!({})).is_empty());
}

#[test]
fn a_custom_attribute_key_takes_its_ids_from_its_property() {
    let page_view_id = json!({
        "name": "page_view_id", "ttl": "P1D",
        "property": {"type": "entity", "vendor": "com.snowplowanalytics.snowplow", "name": "web_page", "major_version": 1, "path": "id"},
    });
    let group = json!({
        "name": "g", "version": 1, "attribute_key": {"name": "page_view_id"},
        "attributes": [{"name": "pings", "type": "int32", "events": [{"name": "page_ping"}], "aggregation": "counter"}],
    });
    let mut embedded = group.clone();
    embedded["attribute_key"] = page_view_id.clone();
    let ping = |id: Value| {
        let web_page = json!({"schema": "iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0", "data": {"id": id}});
        let contexts = json!({"schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0", "data": [web_page]});
        json!({"e": "pp", "co": contexts.to_string()})
    };
    for definitions in [
        json!({"attribute_keys": [page_view_id], "attribute_groups": [group]}),
        json!({"attribute_groups": [embedded]}),
    ] {
        let mut run = Run::new(definitions);
        assert!(run.engine.has_attribute_key("page_view_id"));
        assert!(!run.engine.has_attribute_key("page_id"));
        run.send(ping(json!("page-1")));
        run.send(ping(json!("page-1")));
        run.send(ping(json!(17)));
        run.send(ping(json!({"no": "id"})));
        let pings_of = |run: &Run, id: &str| {
            let now = Timestamp::from_millis(START);
            run.engine.attributes("page_view_id", id, now)[0].attributes[0].value.clone()
        };
        assert_eq!((pings_of(&run, "page-1"), pings_of(&run, "17")), (json!(2), json!(1)));

        run.send(ping(json!("a\ndata: not forged")));
        assert_eq!(pings_of(&run, "adata: not forged"), json!(1));
    }
}

#[test]
fn one_group_or_attribute_is_read_by_name_and_version() {
    let group = |name: &str, version: u64, is_published: bool| {
        json!({
            "name": name, "version": version, "is_published": is_published,
            "attribute_key": {"name": "domain_sessionid"}, "attributes": [counter("a"), sum("b")],
        })
    };
    let mut run = Run::new(json!({
        "attribute_groups": [group("g_v1", 1, true), group("g_v1", 12, true), group("g_v1", 13, false)],
    }));
    run.acme("a", json!({}));
    let now = Timestamp::from_millis(START);
    let reference = |version| GroupReference { name: "g_v1".to_owned(), version };

    let read = run.engine.group(&reference(None), SESSION, now).unwrap();
    assert_eq!((read.version, &read.attributes[0].value), (12, &json!(1)), "the latest published");
    assert_eq!(run.engine.group(&reference(Some(1)), SESSION, now).unwrap().version, 1);
    assert_eq!(run.engine.group(&reference(Some(13)), SESSION, now), None, "not published");
    assert_eq!(run.engine.group(&reference(Some(2)), SESSION, now), None);

    let a = run.engine.attribute("g_v1_v12:a", SESSION, now).unwrap();
    assert_eq!((a.name.as_str(), a.value, a.is_set), ("a", json!(1), true));
    let nobody = run.engine.attribute("g_v1_v12:a", "nobody", now).unwrap();
    assert_eq!((nobody.value, nobody.is_set), (json!(0), false));

    let b = run.engine.attribute_info("g_v1_v12:b").unwrap();
    assert_eq!((b.group.as_str(), b.version), ("g_v1", 12));
    assert_eq!((b.attribute_key.as_str(), b.name.as_str()), ("domain_sessionid", "b"));
    assert_eq!((b.value_type.as_str(), &b.default_value), ("double", &json!(0.0)));
    assert_eq!(b.qualified_name(), "g_v1_v12:b");
    let infos = run.engine.group_info(&reference(Some(12))).unwrap();
    assert_eq!((infos.len(), &infos[1]), (2, &b));

    for unknown in ["", "g_v1_v12", "g_v1_v12:c", "g_v1_v13:a", "g_v1:a", "g_v1_v:a", "g_v1_v+12:a"]
    {
        assert_eq!(run.engine.attribute_info(unknown), None, "{unknown}");
        assert_eq!(run.engine.attribute(unknown, SESSION, now), None, "{unknown}");
    }
}

#[test]
fn columns_of_a_warehouse_are_attributes_that_no_event_sets() {
    let mut all = user_group(
        json!([counter("a")]),
        json!([rule(
            "r",
            json!({"any": [test("tier", "is not null", json!(null)), test("a", "=", json!(2))]})
        )]),
    );
    all["attribute_groups"][0]["fields"] = json!([
        {"name": "tier", "type": "string"},
        {"name": "orders", "type": "int64_list", "description": null},
    ]);
    let mut run = Run::new(all.clone());
    assert!(run.acme("a", json!({})).is_empty());
    assert_eq!((run.read("tier"), run.is_set("tier")), (json!(""), false));
    assert_eq!((run.read("orders"), run.read("a")), (json!([]), json!(1)));
    assert_eq!(run.acme("a", json!({})).len(), 1);

    for (field, expected) in [
        (json!({"name": "a", "type": "string"}), "name: attribute `a` is defined twice"),
        (json!({"name": "b", "type": "text"}), "type: `text` is not a type"),
        (json!({"name": "b b", "type": "string"}), "name: ' ' in name"),
    ] {
        all["attribute_groups"][0]["fields"] = json!([field]);
        let message = refusal(all.clone());
        assert!(
            message.starts_with(&format!("attribute_groups.0.fields.0.{expected}")),
            "{message}"
        );
    }
}

/// A page view with one entity of Snowplow's own.
fn page_view_with(name: &str, version: &str, data: Value) -> Value {
    let entity = json!({
        "schema": format!("iglu:com.snowplowanalytics.snowplow/{name}/jsonschema/{version}"), "data": data,
    });
    let contexts = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1", "data": [entity],
    });
    json!({"e": "pv", "co": contexts.to_string()})
}

#[test]
fn phones_are_known_by_user_and_session_of_their_client_session_in_any_first_version() {
    let run = Run::new(json!({}));
    let event = |version: &str| {
        let data = json!({"userId": "a1b2c3d4e5f60718", "sessionId": SESSION});
        event_at(page_view_with("client_session", version, data), START)
    };
    for version in ["1-0-0", "1-0-2", "1-7-1"] {
        let ids = run.engine.ids(&event(version));
        let found: Vec<_> = ids.iter().map(|id| (id.name.as_str(), id.id.as_str())).collect();
        assert_eq!(
            found,
            [
                ("client_session_user_id", "a1b2c3d4e5f60718"),
                ("client_session_session_id", SESSION)
            ],
            "{version}"
        );
    }
    assert!(run.engine.ids(&event("2-0-0")).is_empty());
}

#[test]
fn events_are_chosen_by_the_event_specification_that_they_follow() {
    let views = json!({
        "name": "a", "type": "int32", "aggregation": "counter",
        "events": [{"event_specification_id": "b1e1"}, {"name": "page_ping", "event_specification_id": "b1e2"}],
    });
    let mut run = Run::new(user_group(json!([views]), json!([])));
    let mut send = |id: &str, version: &str| {
        let mut event =
            page_view_with("event_specification", version, json!({"id": id, "name": "View"}));
        event["duid"] = json!(USER);
        run.send(event);
        run.read("a")
    };
    assert_eq!(send("b1e1", "1-0-3"), json!(1));
    assert_eq!(send("b1e1", "1-0-0"), json!(2));
    assert_eq!(send("b1e2", "1-0-3"), json!(2), "is no page ping");
    assert_eq!(send("other", "1-0-3"), json!(2));
    run.send(json!({"e": "pv", "duid": USER}));
    assert_eq!(run.read("a"), json!(2));
}
