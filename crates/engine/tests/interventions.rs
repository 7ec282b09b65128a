//! When interventions trigger, for whom, and with what.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use signals_engine::Engine;
use signals_engine::Triggered;
use support::*;

fn target_ids(triggered: &Triggered) -> Vec<(&str, &str)> {
    triggered.targets.iter().map(|target| (target.name.as_str(), target.id.as_str())).collect()
}

#[test]
fn two_rules_over_a_user_and_its_sessions_trigger_once_each_at_their_moment() {
    let mut run = Run::new(json!({
        "attribute_groups": [
            {"name": "user", "version": 1, "attribute_key": {"name": "domain_userid"}, "attributes": [
                {"name": "page_view_count", "type": "int32", "events": [{"name": "page_view"}], "aggregation": "counter"},
                counter("button_click_count"),
            ]},
            {"name": "session", "version": 1, "attribute_key": {"name": "domain_sessionid"}, "attributes": [
                counter("ad_count"),
            ]},
        ],
        "interventions": [
            {
                "name": "rule_1", "version": 1,
                "target_attribute_keys": [{"name": "domain_userid"}, {"name": "domain_sessionid"}],
                "criteria": {"any": [
                    {"attribute": "user:page_view_count", "operator": "=", "value": 10},
                    {"attribute": "session:ad_count", "operator": "is not null"},
                ]},
            },
            {
                "name": "rule_2", "version": 1,
                "target_attribute_keys": [{"name": "domain_userid"}],
                "criteria": {"attribute": "user:button_click_count", "operator": ">", "value": 20},
            },
        ],
    }));
    let page_view = || json!({"e": "pv", "duid": USER, "sid": SESSION});

    assert!(names(&run.send(page_view())).is_empty(), "first page view");

    let first_ad = run.send(identified(acme("ad_count", json!({})), USER, SESSION));
    assert_eq!(names(&first_ad), ["rule_1"]);
    assert_eq!(
        target_ids(&first_ad.triggered[0]),
        [("domain_userid", USER), ("domain_sessionid", SESSION)]
    );

    for count in 2..=10 {
        assert!(names(&run.send(page_view())).is_empty(), "page view {count}");
    }
    for click in 1..=20 {
        assert!(run.acme("button_click_count", json!({})).is_empty(), "click {click}");
    }
    assert_eq!(run.acme("button_click_count", json!({})), ["rule_2"], "click 21");
    assert!(run.acme("button_click_count", json!({})).is_empty(), "click 22");

    let ad_in_new_session = run.send(identified(acme("ad_count", json!({})), USER, OTHER_SESSION));
    assert_eq!(names(&ad_in_new_session), ["rule_1"]);
    assert_eq!(target_ids(&ad_in_new_session.triggered[0]), [("domain_sessionid", OTHER_SESSION)]);

    for click in 23..=60 {
        let outcome =
            run.send(identified(acme("button_click_count", json!({})), USER, OTHER_SESSION));
        assert!(names(&outcome).is_empty(), "click {click}");
    }
}

#[test]
fn criteria_that_hold_from_the_start_have_no_edge_to_trigger_on() {
    let definitions = user_group(
        json!([counter("a")]),
        json!([rule("calm", json!({"none": [test("a", ">", json!(3))]}))]),
    );
    assert!(Run::new(definitions).acme("a", json!({})).is_empty());
}

#[test]
fn criteria_that_a_user_meets_already_are_not_met_again_by_logging_in() {
    let mut both = rule("seen", test("a", ">", json!(0)));
    both["target_attribute_keys"] = json!([{"name": "user_id"}, {"name": "domain_userid"}]);
    let mut run = Run::new(user_group(json!([counter("a")]), json!([both])));
    assert_eq!(run.acme("a", json!({})), ["seen"]);
    let mut logged_in = identified(acme("a", json!({})), USER, SESSION);
    logged_in["uid"] = json!("ann");
    assert!(names(&run.send(logged_in)).is_empty(), "the criteria know no user_id");
}

#[test]
fn all_targets_of_one_trigger_share_one_id_and_the_next_trigger_has_another() {
    let mut both = rule("seen", test("a", ">", json!(0)));
    both["target_attribute_keys"] = json!([{"name": "user_id"}, {"name": "domain_userid"}]);
    let mut run = Run::new(user_group(json!([counter("a")]), json!([both])));

    let mut payload = identified(acme("a", json!({})), USER, SESSION);
    payload["uid"] = json!("ann");
    let outcome = run.send(payload);
    assert_eq!(outcome.triggered.len(), 1);
    assert_eq!(outcome.triggered[0].intervention_id, "00000000-0000-0000-0000-000000000001");
    assert_eq!(target_ids(&outcome.triggered[0]), [("user_id", "ann"), ("domain_userid", USER)]);

    let outcome = run.send(identified(acme("a", json!({})), OTHER_USER, SESSION));
    assert_eq!(outcome.triggered[0].intervention_id, "00000000-0000-0000-0000-000000000002");
    assert_eq!(target_ids(&outcome.triggered[0]), [("domain_userid", OTHER_USER)]);
}

#[test]
fn a_target_that_has_had_the_intervention_is_left_out_when_a_new_one_gets_it() {
    let mut both = rule("seen", test("a", "=", json!(1)));
    both["target_attribute_keys"] = json!([{"name": "user_id"}, {"name": "domain_userid"}]);
    let mut run = Run::new(user_group(json!([counter("a")]), json!([both])));
    let by = |duid: &str, uid: &str| {
        let mut payload = identified(acme("a", json!({})), duid, SESSION);
        payload["uid"] = json!(uid);
        payload
    };

    assert_eq!(
        target_ids(&run.send(by(USER, "ann")).triggered[0]),
        [("user_id", "ann"), ("domain_userid", USER)]
    );
    // The same person on another device: the user_id has received it, but the device has not.
    assert_eq!(
        target_ids(&run.send(by(OTHER_USER, "ann")).triggered[0]),
        [("domain_userid", OTHER_USER)]
    );
}

#[test]
fn a_rule_triggers_on_the_edge_and_never_again_for_the_same_target() {
    let mut run =
        Run::new(user_group(json!([sum("a")]), json!([rule("over", test("a", ">", json!(100)))])));
    assert!(run.acme("a", json!({"amount": 100})).is_empty(), "at the threshold");
    assert_eq!(run.acme("a", json!({"amount": 0.01})), ["over"]);
    assert!(run.acme("a", json!({"amount": 5})).is_empty(), "still over");
    assert!(run.acme("a", json!({"amount": -50})).is_empty(), "back under");
    assert!(run.acme("a", json!({"amount": 50})).is_empty(), "over again");
}

#[test]
fn without_targets_the_keys_of_the_groups_in_the_criteria_are_targets() {
    let mut run = Run::new(json!({
        "attribute_groups": [
            {"name": "s", "version": 1, "attribute_key": {"name": "domain_sessionid"}, "attributes": [counter("a")]},
            {"name": "u", "version": 1, "attribute_key": {"name": "domain_userid"}, "attributes": [counter("a")]},
        ],
        "interventions": [
            {"name": "both", "version": 1, "criteria": {"all": [
                {"attribute": "s:a", "operator": "=", "value": 1},
                {"attribute": "u:a", "operator": "=", "value": 1},
            ]}},
            {"name": "session", "version": 1, "target_attribute_keys": [],
             "criteria": {"attribute": "s:a", "operator": "=", "value": 1}},
        ],
    }));
    let outcome = run.send(identified(acme("a", json!({})), USER, SESSION));
    assert_eq!(names(&outcome), ["both", "session"]);
    assert_eq!(
        target_ids(&outcome.triggered[0]),
        [("domain_sessionid", SESSION), ("domain_userid", USER)]
    );
    assert_eq!(target_ids(&outcome.triggered[1]), [("domain_sessionid", SESSION)]);
}

#[test]
fn the_empty_string_and_the_nil_uuid_are_nobody() {
    let mut run = Run::new(user_group(
        json!([counter("a")]),
        json!([rule("seen", test("a", ">", json!(0)))]),
    ));
    for nobody in ["", "00000000-0000-0000-0000-000000000000"] {
        let outcome = run.send(identified(acme("a", json!({})), nobody, SESSION));
        assert_eq!(outcome.attributes_updated, 0);
        assert!(outcome.triggered.is_empty());
    }
    let outcome = run.send(serde_json::Value::Object(acme("a", json!({}))));
    assert_eq!(outcome.attributes_updated, 0);
}

#[test]
fn an_instance_carries_the_set_attributes_of_the_groups_in_its_criteria() {
    let mut with_default = counter("c");
    with_default["default_value"] = json!(7);
    let definitions = user_group(
        json!([counter("a"), counter("b"), with_default]),
        json!([rule("seen", test("a", ">", json!(0)))]),
    );
    let outcome = Run::new(definitions).send(identified(acme("a", json!({})), USER, SESSION));
    assert_eq!(json!(outcome.triggered[0].attributes_by_name()), json!({"a": 1, "c": 7}));
}

#[test]
fn payload_groups_replace_those_of_the_criteria_and_read_their_own_profile() {
    let mut seen = rule("seen", test("a", ">", json!(1)));
    seen["payload_attribute_groups"] = json!([{"name": "s", "version": 1}]);
    let mut definitions = user_group(json!([counter("a")]), json!([seen]));
    definitions["attribute_groups"].as_array_mut().unwrap().push(json!({
        "name": "s", "version": 1, "attribute_key": {"name": "domain_sessionid"}, "attributes": [counter("a")],
    }));
    let mut run = Run::new(definitions);
    run.send(identified(acme("a", json!({})), USER, OTHER_SESSION));
    let outcome = run.send(identified(acme("a", json!({})), USER, SESSION));
    assert_eq!(
        json!(outcome.triggered[0].attributes_by_name()),
        json!({"a": 1}),
        "one in this session"
    );
}

#[test]
fn criteria_trees_nest_and_combine() {
    let is = |attribute: &str, value: i64| test(attribute, "=", json!(value));
    let cases = [
        ("all", json!({"all": [is("a", 1), is("b", 1)]}), vec!["a", "b"], true),
        ("all, one missing", json!({"all": [is("a", 1), is("b", 1)]}), vec!["a"], false),
        ("any", json!({"any": [is("a", 5), is("b", 1)]}), vec!["b"], true),
        ("any, none there", json!({"any": [is("a", 5), is("b", 5)]}), vec!["a", "b"], false),
        ("none", json!({"all": [is("a", 1), {"none": [is("b", 1), is("b", 2)]}]}), vec!["a"], true),
        (
            "none, one there",
            json!({"all": [is("a", 1), {"none": [is("b", 1), is("b", 2)]}]}),
            vec!["b", "a"],
            false,
        ),
        (
            "nested",
            json!({"all": [is("a", 1), {"any": [is("b", 9), {"none": [{"all": [is("b", 1), is("b", 2)]}]}]}]}),
            vec!["b", "a"],
            true,
        ),
    ];
    for (case, criteria, events, expected) in cases {
        let definitions =
            user_group(json!([counter("a"), counter("b")]), json!([rule("r", criteria)]));
        let mut run = Run::new(definitions);
        let triggered: Vec<String> =
            events.iter().flat_map(|name| run.acme(name, json!({}))).collect();
        assert_eq!(triggered == ["r"], expected, "{case}");
    }
}

#[test]
fn a_tree_may_be_nested_32_deep_and_no_deeper() {
    let nested = |depth: usize| {
        let mut criteria = test("a", ">", json!(0));
        for level in 0..depth {
            criteria = if level % 2 == 0 {
                json!({"all": [criteria]})
            } else {
                json!({"any": [criteria]})
            };
        }
        user_group(json!([counter("a")]), json!([rule("r", criteria)]))
    };
    assert_eq!(Run::new(nested(32)).acme("a", json!({})), ["r"]);
    assert!(refusal(nested(33)).ends_with("nested deeper than 32"), "{}", refusal(nested(33)));
    // So deep that the JSON parser fails before the engine sees it.
    assert!(refusal(nested(100)).contains("recursion limit"), "{}", refusal(nested(100)));
}

#[test]
fn unset_attributes_are_null_unless_they_have_a_default() {
    let mut with_default = counter("b");
    with_default["default_value"] = json!(5);
    let definitions = user_group(
        json!([counter("a"), with_default, counter("go")]),
        json!([
            rule("less", json!({"all": [test("go", "=", json!(1)), test("a", "<", json!(5))]})),
            rule("unequal", json!({"all": [test("go", "=", json!(1)), test("a", "!=", json!(5))]})),
            rule(
                "null",
                json!({"all": [test("go", "=", json!(1)), test("a", "is null", json!(null))]})
            ),
            rule("default", json!({"all": [test("go", "=", json!(1)), test("b", "=", json!(5))]})),
        ]),
    );
    assert_eq!(Run::new(definitions).acme("go", json!({})), ["null", "default"]);
}

#[test]
fn a_criterion_names_the_latest_published_version_that_has_the_attribute() {
    let group = |version: u64, published: bool, attributes: serde_json::Value| {
        json!({
            "name": "g", "version": version, "is_published": published,
            "attribute_key": {"name": "domain_userid"}, "attributes": attributes,
        })
    };
    let mut counts_b_as_a = counter("b");
    counts_b_as_a["name"] = json!("a");
    let mut run = Run::new(json!({
        "attribute_groups": [
            group(1, true, json!([counter("a"), counter("old")])),
            group(3, false, json!([counter("a")])),
            group(2, true, json!([counts_b_as_a])),
        ],
        "interventions": [
            rule("on_a", test("a", ">", json!(0))),
            rule("on_old", test("old", ">", json!(0))),
        ],
    }));
    assert!(run.acme("a", json!({})).is_empty(), "version 2 counts b");
    assert_eq!(run.acme("b", json!({})), ["on_a"]);
    assert_eq!(run.acme("old", json!({})), ["on_old"]);
}

#[test]
fn only_published_definitions_compute_and_trigger() {
    let mut definitions = user_group(
        json!([counter("a")]),
        json!([
            {"name": "said", "version": 1, "is_published": true, "criteria": test("a", ">", json!(0))},
            {"name": "unsaid", "version": 1, "criteria": test("a", ">", json!(0))},
            {"name": "held_back", "version": 1, "is_published": false, "criteria": test("a", ">", json!(0))},
        ]),
    );
    assert_eq!(Run::new(definitions.clone()).acme("a", json!({})), ["said", "unsaid"]);

    definitions["attribute_groups"][0]["is_published"] = json!(false);
    let mut run = Run::new(definitions);
    let outcome = run.send(identified(acme("a", json!({})), USER, SESSION));
    assert_eq!(outcome.attributes_updated, 0);
    assert!(outcome.triggered.is_empty());
    let now = signals_engine::Timestamp::from_millis(START);
    assert!(run.engine.attributes("domain_userid", USER, now).is_empty());
}

#[test]
fn a_group_that_is_taken_back_reads_null_in_rules_that_mention_it() {
    let both = |published: bool| {
        json!({
            "attribute_groups": [
                {"name": "g", "version": 1, "attribute_key": {"name": "domain_userid"}, "attributes": [counter("go")]},
                {"name": "h", "version": 1, "is_published": published, "attribute_key": {"name": "domain_userid"},
                 "attributes": [counter("a")]},
            ],
            "interventions": [rule("r", json!({"all": [
                test("go", "=", json!(1)), {"attribute": "h:a", "operator": ">", "value": 0},
            ]}))],
        })
    };
    let mut run = Run::new(both(true));
    run.acme("a", json!({}));
    run.engine.replace_definitions(&definitions(both(false))).unwrap();
    assert!(run.acme("go", json!({})).is_empty());
}

#[test]
fn publishing_does_not_trigger_and_a_new_version_starts_afresh() {
    let with = |interventions: serde_json::Value| user_group(json!([counter("a")]), interventions);
    let version = |version: u64, operator: &str, value: i64| json!({"name": "r", "version": version, "criteria": test("a", operator, json!(value))});
    let mut run = Run::new(with(json!([version(1, "=", 1)])));
    assert_eq!(run.acme("a", json!({})), ["r"]);

    // Version 2 already holds when it is published, so it does not trigger.
    let two = definitions(with(json!([version(1, "=", 1), version(2, ">", 0)])));
    run.engine.replace_definitions(&two).unwrap();
    assert!(run.acme("a", json!({})).is_empty());

    let three = definitions(with(json!([version(3, "=", 3)])));
    run.engine.replace_definitions(&three).unwrap();
    let outcome = run.send(identified(acme("a", json!({})), USER, SESSION));
    assert_eq!((names(&outcome), outcome.triggered[0].version), (vec!["r".to_owned()], 3));
}

#[test]
fn refused_definitions_leave_the_engine_as_it_was() {
    let mut run =
        Run::new(user_group(json!([counter("a")]), json!([rule("r", test("a", "=", json!(2)))])));
    run.acme("a", json!({}));
    let broken = definitions(user_group(
        json!([counter("a")]),
        json!([rule("r", test("zzz", "=", json!(2)))]),
    ));
    run.engine.replace_definitions(&broken).unwrap_err();
    assert_eq!(run.acme("a", json!({})), ["r"]);
}

#[test]
fn reset_profiles_lets_everything_trigger_again() {
    let mut run =
        Run::new(user_group(json!([counter("a")]), json!([rule("r", test("a", ">", json!(0)))])));
    assert_eq!(run.acme("a", json!({})), ["r"]);
    run.engine.reset_profiles();
    assert!(!run.is_set("a"));
    assert_eq!(run.acme("a", json!({})), ["r"]);
}

#[test]
fn only_rules_that_mention_a_changed_attribute_are_evaluated() {
    let mut rules: Vec<_> =
        (0..50).map(|n| rule(&format!("idle_{n}"), test("idle", "=", json!(n)))).collect();
    rules.push(rule("r", test("a", ">", json!(0))));
    let mut run = Run::new(user_group(json!([counter("a"), counter("idle")]), json!(rules)));
    let outcome = run.send(identified(acme("a", json!({})), USER, SESSION));
    assert_eq!((outcome.attributes_updated, outcome.rules_evaluated), (1, 1));
    let outcome = run.send(json!({"e": "pv", "duid": USER}));
    assert_eq!((outcome.attributes_updated, outcome.rules_evaluated), (0, 0));
}

#[test]
fn the_default_definitions_compile() {
    let text = include_str!("../../../definitions/ecommerce.json");
    let definitions = signals_engine::Definitions::from_json(text).unwrap();
    assert!(Engine::new(&definitions).unwrap().has_attribute_key("domain_userid"));
}

fn changed(attribute: &str) -> serde_json::Value {
    json!({"attribute": format!("g:{attribute}"), "operator": "changed"})
}

fn last(name: &str) -> serde_json::Value {
    let mut last = sum(name);
    last["aggregation"] = json!("last");
    last
}

#[test]
fn changed_triggers_at_every_change_of_the_value_the_first_setting_included() {
    let mut run = Run::new(user_group(json!([last("a")]), json!([rule("r", changed("a"))])));
    for (amount, expected) in [(1, 1), (1, 0), (2, 1), (2, 0), (1, 1)] {
        let outcome = run.send(identified(acme("a", json!({"amount": amount})), USER, SESSION));
        assert_eq!(outcome.triggered.len(), expected, "{amount}");
    }
    run.now += 7 * 24 * 3_600_000;
    assert_eq!(run.acme("a", json!({"amount": 1})), ["r"], "expired and set again");
    let other = run.send(identified(acme("a", json!({"amount": 1})), OTHER_USER, SESSION));
    assert_eq!(target_ids(&other.triggered[0]), [("domain_userid", OTHER_USER)]);
}

#[test]
fn the_first_setting_is_a_change_even_when_it_equals_the_default() {
    let mut with_default = counter("a");
    with_default["default_value"] = json!(1);
    let mut run = Run::new(user_group(json!([with_default]), json!([rule("r", changed("a"))])));
    assert_eq!(run.acme("a", json!({})), ["r"]);
}

#[test]
fn changed_under_all_triggers_at_every_change_while_the_rest_holds() {
    let criteria = json!({"all": [changed("a"), test("b", ">=", json!(2))]});
    let definitions = user_group(json!([counter("a"), counter("b")]), json!([rule("r", criteria)]));
    let mut run = Run::new(definitions);
    for (event, expected) in [("a", 0), ("b", 0), ("b", 0), ("a", 1), ("b", 0), ("a", 1)] {
        assert_eq!(run.acme(event, json!({})).len(), expected, "{event}");
    }
}

#[test]
fn a_change_in_an_alternative_triggers_when_it_has_a_part_in_what_holds() {
    let criteria = json!({"all": [
        test("a", ">=", json!(1)),
        {"any": [test("b", ">=", json!(1)), {"all": [changed("c"), test("b", "is null", json!(null))]}]},
    ]});
    let definitions =
        user_group(json!([counter("a"), counter("b"), counter("c")]), json!([rule("r", criteria)]));
    let mut run = Run::new(definitions);
    for (event, expected) in [
        ("c", 0), // a is missing
        ("a", 0), // b is missing, and c did not change just now
        ("c", 1), // c changed
        ("c", 1), // and again
        ("b", 1), // the other alternative: an ordinary edge
        ("c", 0), // holds as before, by b alone
    ] {
        assert_eq!(run.acme(event, json!({})).len(), expected, "{event}");
    }
}

#[test]
fn a_change_triggers_even_where_the_rule_held_before_by_something_that_lasts() {
    let criteria = json!({"all": [
        test("a", ">=", json!(1)),
        {"any": [test("b", "is not null", json!(null)), changed("c")]},
    ]});
    let definitions =
        user_group(json!([counter("a"), counter("b"), counter("c")]), json!([rule("r", criteria)]));
    let mut run = Run::new(definitions);
    for (event, expected) in [
        ("a", 0),
        ("b", 1), // an ordinary edge
        ("b", 0), // holds as before
        ("c", 1), // holds as before, but c changed
        ("c", 1), // and again
        ("a", 0),
    ] {
        assert_eq!(run.acme(event, json!({})).len(), expected, "{event}");
    }
}

#[test]
fn changed_is_refused_where_it_says_nothing() {
    let a = || test("a", "=", json!(1));
    for (criteria, place) in [
        (json!({"any": [a(), changed("a")]}), "any.1"),
        (json!({"any": [{"any": [changed("a")]}]}), "any.0.any.0"),
        (json!({"none": [changed("a")]}), "none.0"),
        (json!({"all": [{"none": [a(), changed("a")]}]}), "all.0.none.1"),
        (json!({"none": [{"all": [changed("a")]}]}), "none.0.all.0"),
    ] {
        let refusal = refusal(user_group(json!([counter("a")]), json!([rule("r", criteria)])));
        assert_eq!(
            refusal,
            format!(
                "interventions.0.criteria.{place}.operator: `changed` is only allowed alone or inside `all`, and not inside `none`"
            )
        );
    }
    for criteria in [
        json!({"all": [{"any": [a(), changed("a")]}]}),
        json!({"any": [a(), {"all": [changed("a")]}]}),
        json!({"attribute": "g:a", "operator": "changed", "value": null}),
    ] {
        Run::new(user_group(json!([counter("a")]), json!([rule("r", criteria)])));
    }
}

#[test]
fn no_criterion_over_an_event_asks_for_a_change() {
    let mut attribute = counter("a");
    attribute["criteria"] = json!({"all": [{"property": {"type": "atomic", "name": "platform"}, "operator": "changed"}]});
    assert_eq!(
        refusal(user_group(json!([attribute]), json!([]))),
        "attribute_groups.0.attributes.0.criteria.all.0.operator: `changed` is not one of =, !=, <, >, <=, >=, like, in, is null, is not null"
    );
}
