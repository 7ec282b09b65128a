//! Hostile requests to the collector are accepted or refused, and do not affect other trackers.
//!
//! `PROPTEST_CASES` sets how many requests are tried. They are the same in every run.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use crate::support::{Server, TP2, event_id, page_view, payload, request};

/// A body that a real tracker sent.
fn recorded_body() -> Vec<u8> {
    let recorded = include_str!("../../../../tests/fixtures/collector/v4-post.json");
    let recorded: Value = serde_json::from_str(recorded).unwrap();
    recorded[0]["body"].to_string().into_bytes()
}

/// Errors in transit.
#[derive(Debug, Clone)]
enum Damage {
    Cut(prop::sample::Index),
    Overwrite(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, prop::sample::Index),
}

impl Damage {
    fn any() -> impl Strategy<Value = Self> {
        // Parts of JSON, base64 and escapes, and any bytes.
        let bytes = prop_oneof![
            prop::collection::vec(any::<u8>(), 1..8),
            prop::sample::select(vec![
                "\"", "\\", "\\ud800", "{", "[", "]}", "\0", "=", "1e999", "null"
            ])
            .prop_map(|text| text.as_bytes().to_vec()),
        ];
        prop_oneof![
            any::<prop::sample::Index>().prop_map(Damage::Cut),
            any::<(prop::sample::Index, u8)>().prop_map(|(at, byte)| Damage::Overwrite(at, byte)),
            (any::<prop::sample::Index>(), bytes).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
            any::<(prop::sample::Index, prop::sample::Index)>()
                .prop_map(|(from, to)| Damage::Repeat(from, to)),
        ]
    }

    fn inflict(self, body: &mut Vec<u8>) {
        match self {
            _ if body.is_empty() => {}
            Damage::Cut(at) => body.truncate(at.index(body.len())),
            Damage::Overwrite(at, byte) => {
                let at = at.index(body.len());
                body[at] = byte;
            }
            Damage::Insert(at, bytes) => {
                let at = at.index(body.len());
                body.splice(at..at, bytes);
            }
            Damage::Repeat(from, to) => {
                let (from, to) = (from.index(body.len()), to.index(body.len()));
                body.extend_from_within(from.min(to)..from.max(to));
            }
        }
    }
}

/// A parameter of the tracker protocol or another name, with a text that fits some parameters.
fn parameter() -> impl Strategy<Value = (String, Value)> {
    let names = vec![
        "e", "eid", "duid", "sid", "nuid", "uid", "ip", "ua", "url", "refr", "page", "ue_pr",
        "ue_px", "co", "cx", "dtm", "stm", "ttm", "vp", "ds", "res", "se_va", "tr_tt", "cookie",
        "pp_mix", "aid", "lang",
    ];
    let texts = vec![
        "pv",
        "pp",
        "ue",
        "se",
        "0",
        "-1",
        "1e308",
        "NaN",
        "0x0",
        "99999999999999999999x1",
        "http://[",
        "data:,",
        "e30",
        "{}",
        "[]",
        r#"{"schema":"iglu:a/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:a/b/c/1-0-0","data":1}}"#,
        r#"{"schema":"iglu:a/contexts/jsonschema/1-0-0","data":[{"schema":"iglu:a/b/c/1-0-0","data":{}}]}"#,
    ];
    let name = prop_oneof![
        9 => prop::sample::select(names).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let value = prop_oneof![
        4 => prop::sample::select(texts).prop_map(Value::from),
        2 => any::<String>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => prop::sample::select(vec![Value::Null, Value::Bool(true), Value::Array(Vec::new())]),
    ];
    (name, value)
}

fn event() -> impl Strategy<Value = Value> {
    prop::collection::vec(parameter(), 0..12)
        .prop_map(|parameters| Map::from_iter(parameters).into())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let damaged = prop::collection::vec(Damage::any(), 1..6).prop_map(|damages| {
        let mut body = recorded_body();
        damages.into_iter().for_each(|damage| damage.inflict(&mut body));
        body
    });
    let made_up = prop::collection::vec(event(), 0..5)
        .prop_map(|events| payload(&events).to_string().into_bytes());
    prop_oneof![
        4 => damaged,
        4 => made_up,
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    prop::collection::vec(parameter(), 0..12).prop_map(move |parameters| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters.into_iter().map(|(name, value)| (name, text(value))));
        query.finish()
    })
}

/// A request for the collector: its method, its path and its body.
fn hostile_request() -> impl Strategy<Value = (Method, String, Vec<u8>)> {
    prop_oneof![
        3 => body().prop_map(|body| (Method::POST, TP2.to_owned(), body)),
        1 => query().prop_map(|query| (Method::GET, format!("/i?{query}"), Vec::new())),
    ]
}

#[test]
fn whatever_the_collector_gets_it_answers_and_serves_the_next_tracker() {
    let runtime = Runtime::new().unwrap();
    let server = Server::new();
    let config = Config { failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&hostile_request(), |(method, path, body)| {
        runtime.block_on(async {
            let request = request(method, &path).body(Body::from(body)).unwrap();
            let status = server.send(request).await.status;
            prop_assert!(!status.is_server_error(), "{status}");
            let next = server.collect(&[page_view(&event_id(), &event_id())]).await;
            prop_assert_eq!(next.status, StatusCode::OK);
            Ok(())
        })
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, (method, path, body))) => {
            panic!("{reason}: {method} {path} {:?}", String::from_utf8_lossy(&body))
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let good = runtime.block_on(server.metric("signals_events_total{outcome=\"good\"}"));
    let bad = runtime.block_on(server.metric("signals_events_total{outcome=\"bad\"}"));
    assert!(
        good > 0.0 && bad > 0.0,
        "some of what was made up is good ({good}), some is not ({bad})"
    );
}
