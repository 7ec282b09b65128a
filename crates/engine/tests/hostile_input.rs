//! Hostile events, patterns and definitions are accepted or refused, and never crash the program.
//!
//! `PROPTEST_CASES` sets how many of each are tried.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use signals_engine::{Definitions, Engine, Event, Payload};
use support::*;

/// Any text, and texts with a meaning somewhere.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z_ %.$\\[\\]*(){}\\\\]{0,12}",
        prop::sample::select(vec![
            "iglu:com.acme/a/jsonschema/1-0-0",
            "atomic",
            "calculated",
            "concat",
            "counter",
            "sum",
            "int32",
            "string",
            "changed",
            "rlike",
            "like",
            "in",
            "domain_userid",
            "g:a",
            "P1D",
            "PT0S",
        ])
        .prop_map(str::to_owned),
    ]
}

/// Any JSON, including names and texts with a meaning somewhere.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    let name = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "schema",
            "data",
            "name",
            "version",
            "type",
            "criteria",
            "all",
            "any",
            "none",
            "attribute",
            "operator",
            "value",
            "property",
            "properties",
            "operation",
            "path",
            "index",
            "period",
            "ttl",
            "attributes",
            "aggregation",
            "attribute_key",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A field of an event: text of any kind, or JSON in either encoding, sometimes cut short.
fn field() -> impl Strategy<Value = (&'static str, String)> {
    let names = prop::sample::select(vec![
        "e", "eid", "dtm", "stm", "ttm", "url", "refr", "res", "vp", "ds", "se_va", "duid", "vid",
        "co", "cx", "ue_pr", "ue_px",
    ]);
    let encoded = || json_value().prop_map(|value| URL_SAFE_NO_PAD.encode(value.to_string()));
    let text = prop_oneof![
        any::<String>(),
        json_value().prop_map(|value| value.to_string()),
        encoded(),
        (encoded(), any::<prop::sample::Index>())
            .prop_map(|(text, at)| text[..at.index(text.len() + 1)].to_owned()),
        prop::sample::select(vec![
            "pv",
            "ue",
            "se",
            "pp",
            "tr",
            "ti",
            "9223372036854775807",
            "-1",
            "1e308",
            "x",
            "1x"
        ])
        .prop_map(str::to_owned),
    ];
    (names, text)
}

/// A valid definition with one value replaced.
fn with_replaced(pointer: &str, value: Value) -> Value {
    let attribute = json!({
        "name": "a", "type": "int32", "aggregation": "sum", "events": [{"name": "a"}], "period": "PT1H",
        "criteria": {"all": [{"property": {"type": "atomic", "name": "page_url"}, "operator": "like", "value": "%a_"}]},
        "property": {"type": "event", "vendor": "com.acme", "name": "a", "major_version": 1, "path": "a[0].b"},
    });
    let mut all = user_group(
        json!([attribute]),
        json!([rule("r", json!({"all": [test("a", "in", json!([1]))]}))]),
    );
    if let Some(place) = all.pointer_mut(pointer) {
        *place = value;
    }
    all
}

fn every_pointer(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(name, value)| every_pointer(value, format!("{at}/{name}"), found));
        }
        Value::Array(elements) => {
            elements
                .iter()
                .enumerate()
                .for_each(|(i, value)| every_pointer(value, format!("{at}/{i}"), found));
        }
        _ => {}
    }
    found.push(at);
}

proptest! {
    #[test]
    fn an_event_of_any_content_is_taken_or_refused_with_a_reason(fields in prop::collection::vec(field(), 0..8)) {
        let payload: Map<String, Value> =
            fields.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        let payload = Value::Object(payload);
        match Event::from_payload(Payload::deserialize(&payload).unwrap(), &arrival(START)) {
            Ok(event) => {
                let attributes = json!([counter("a")]);
                Run::new(user_group(attributes, json!([]))).process(&event);
            }
            Err(refused) => prop_assert!(!refused.to_string().is_empty()),
        }
    }

    #[test]
    fn a_pattern_of_any_content_is_taken_or_refused_with_its_field(
        operator in prop::sample::select(vec!["like", "not like", "rlike", "not rlike"]),
        pattern in prop_oneof![any::<String>(), "[a-z%_.*+?(){}\\[\\]|\\\\^$]{0,24}"],
        text in any::<String>(),
    ) {
        let property = json!({"type": "event", "vendor": "com.acme", "name": "a", "major_version": 1, "path": "x"});
        let attribute = json!({
            "name": "a", "type": "string", "aggregation": "last", "events": [{"name": "a"}], "property": property,
        });
        let all = user_group(json!([attribute]), json!([rule("r", test("a", operator, pattern.into()))]));
        match Engine::new(&definitions(all.clone())) {
            Ok(_) => drop(Run::new(all).acme("a", json!({"x": text}))),
            Err(error) => prop_assert!(error.to_string().starts_with("interventions.0.criteria.value: "), "{error}"),
        }
    }

    #[test]
    fn definitions_of_any_content_are_taken_or_refused_with_a_reason(
        value in prop_oneof![json_value(), text().prop_map(Value::from)],
    ) {
        let mut pointers = Vec::new();
        every_pointer(&with_replaced("-", Value::Null), String::new(), &mut pointers);
        for pointer in pointers {
            let all = with_replaced(&pointer, value.clone()).to_string();
            let made = Definitions::from_json(&all).and_then(|all| Engine::new(&all));
            if let Err(error) = made {
                prop_assert!(!error.message.is_empty(), "{pointer}");
            }
        }
    }
}
