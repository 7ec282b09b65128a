//! Explanations of why interventions hold or not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use signals_engine::Timestamp;
use signals_wire::TargetAttributeKey;
use support::*;

fn shop() -> Run {
    Run::new(json!({
        "attribute_groups": [
            {"name": "user", "version": 1, "attribute_key": {"name": "domain_userid"}, "attributes": [counter("view")]},
            {"name": "session", "version": 1, "attribute_key": {"name": "domain_sessionid"}, "attributes": [counter("ad")]},
        ],
        "interventions": [
            {"name": "looks_around", "version": 3, "criteria": {"all": [
                {"attribute": "user:view", "operator": ">", "value": 1},
                {"none": [{"attribute": "session:ad", "operator": "is not null"}]},
            ]}},
            {"name": "draft", "version": 1, "is_published": false,
             "criteria": {"attribute": "user:view", "operator": ">", "value": 0}},
            {"name": "every_view", "version": 1, "target_attribute_keys": [{"name": "domain_userid"}],
             "criteria": {"attribute": "user:view", "operator": "changed"}},
        ],
    }))
}

fn owner(name: &str, id: &str) -> TargetAttributeKey {
    TargetAttributeKey { name: name.to_owned(), id: id.to_owned() }
}

fn explained(run: &Run, owners: &[TargetAttributeKey]) -> Vec<Value> {
    let rules = run.engine.explain(owners, Timestamp::from_millis(run.now));
    rules.into_iter().map(|rule| serde_json::to_value(rule).unwrap()).collect()
}

#[test]
fn each_criterion_is_shown_with_the_value_that_it_sees() {
    let mut run = shop();
    run.acme("view", json!({}));
    let rules =
        explained(&run, &[owner("domain_userid", USER), owner("domain_sessionid", SESSION)]);
    assert_eq!(
        rules[0],
        json!({
            "name": "looks_around", "version": 3,
            "criteria": {"kind": "all", "holds": false, "parts": [
                {"kind": "test", "holds": false, "attribute": "user:view", "operator": ">", "expected": 1, "actual": 1},
                {"kind": "none", "holds": true, "parts": [
                    {"kind": "test", "holds": false, "attribute": "session:ad", "operator": "is not null",
                     "expected": null, "actual": null},
                ]},
            ]},
            "targets": [
                {"name": "domain_userid", "id": USER},
                {"name": "domain_sessionid", "id": SESSION},
            ],
            "received_by": [],
        })
    );
}

#[test]
fn who_has_had_an_intervention_is_told() {
    let mut run = shop();
    for _ in 0..2 {
        run.acme("view", json!({}));
    }
    let rules = explained(&run, &[owner("domain_userid", USER)]);
    assert_eq!(rules[0]["criteria"]["holds"], true);
    assert_eq!(rules[0]["received_by"], json!([{"name": "domain_userid", "id": USER}]));
}

#[test]
fn only_published_interventions_that_concern_the_ids_are_explained() {
    let run = shop();
    let names = |owners: &[TargetAttributeKey]| -> Vec<String> {
        explained(&run, owners)
            .iter()
            .map(|rule| rule["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&[owner("domain_userid", USER)]), ["looks_around", "every_view"]);
    assert_eq!(names(&[owner("domain_sessionid", SESSION)]), ["looks_around"]);
    assert!(names(&[owner("user_id", "ada")]).is_empty());
    assert!(names(&[owner("no_such_key", "ada")]).is_empty());
}

#[test]
fn a_changed_criterion_never_holds_between_events() {
    let mut run = shop();
    run.acme("view", json!({}));
    let rules = explained(&run, &[owner("domain_userid", USER)]);
    assert_eq!(rules[1]["criteria"]["holds"], false);
    assert_eq!(rules[1]["criteria"]["actual"], 1);
}

#[test]
fn the_ids_of_an_event_are_those_that_profiles_are_kept_by() {
    let run = shop();
    let event = event_at(
        identified(acme("view", json!({})), USER, "00000000-0000-0000-0000-000000000000"),
        START,
    );
    assert_eq!(run.engine.ids(&event), [owner("domain_userid", USER)]);
}
