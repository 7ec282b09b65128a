//! Compares the cost of an event with the cost of parsing it.
//!
//! `parse` is serde_json reading the tracker's payloads into values; `event` makes events of the same text, parsing included;
//! `process` counts them and evaluates rules. All three take the same requests, recorded from a real tracker, so that their
//! times can be compared as ratios.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![allow(missing_docs, reason = "the macros of the harness make undocumented functions")]

mod support;

use std::hint::black_box;

use criterion::{Bencher, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use signals_engine::{Arrival, Definitions, Engine, Event, Payload, Timestamp};
use support::payloads;
use uuid::Uuid;

/// When events arrive, in milliseconds.
const NOW: i64 = 1_795_333_700_000;

fn parse(payload: &str) -> Value {
    serde_json::from_str(payload).unwrap()
}

fn decode(payload: &str, millis: i64) -> Event {
    let arrival = Arrival {
        collector_tstamp: Timestamp::from_millis(millis),
        network_userid: None,
        referer: None,
        useragent: None,
        user_ipaddress: None,
    };
    let payload: Payload<'_> = serde_json::from_str(payload).unwrap();
    Event::from_payload(payload, &arrival).unwrap()
}

fn events(millis: i64) -> Vec<Event> {
    payloads().iter().map(|payload| decode(payload, millis)).collect()
}

fn definitions(attributes: usize, rules: usize, untouched_rules: usize) -> Definitions {
    let definitions = support::definitions(attributes, rules, untouched_rules);
    Definitions::from_json(&definitions.to_string()).unwrap()
}

/// Agentic contexts that keep the latest 100 events of these names and this vendor, with three properties of each.
fn contexts(count: usize, names: &[&str], vendor: Option<&str>) -> Value {
    let selection = |name: &&str| {
        let properties = ["event_name", "page_urlpath", "page_title"];
        json!({
            "event": {"name": name, "vendor": vendor},
            "properties": properties.map(|name| json!({"type": "atomic", "name": name})),
        })
    };
    let selections: Vec<Value> = names.iter().map(selection).collect();
    let context = |n: usize| {
        json!({
            "name": format!("c{n}"), "attribute_key": {"name": "domain_sessionid"}, "max_events": 100,
            "max_age_seconds": 3_600, "events": selections,
        })
    };
    (0..count).map(context).collect()
}

/// How many times the recorded visit is repeated, twenty seconds apart.
const TURNS: i64 = 60;

/// Counts a visitor's history in an empty profile. Most of the time, the rolling windows are full and values leave them.
fn bench_process(bencher: &mut Bencher<'_>, definitions: &Definitions) {
    let mut engine = Engine::new(definitions).unwrap();
    let history: Vec<Event> = (0..TURNS).flat_map(|turn| events(NOW + turn * 20_000)).collect();
    bencher.iter(|| {
        engine.reset_profiles();
        for event in &history {
            black_box(engine.process(black_box(event), &mut Uuid::nil));
        }
    });
}

fn cost_of_an_event(criterion: &mut Criterion) {
    let payloads = payloads();
    let mut group = criterion.benchmark_group("recorded_events");
    group.throughput(Throughput::Elements(payloads.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| payloads.iter().for_each(|payload| drop(black_box(parse(payload)))));
    });
    group.bench_function("event", |bencher| {
        bencher.iter(|| payloads.iter().for_each(|payload| drop(black_box(decode(payload, NOW)))));
    });
    group.throughput(Throughput::Elements(payloads.len() as u64 * TURNS as u64));
    group.bench_function("process", |bencher| {
        bench_process(bencher, &definitions(50, 100, 0));
    });
    group.finish();
}

fn cost_of_untouched_rules(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("untouched_rules");
    group.throughput(Throughput::Elements(payloads().len() as u64 * TURNS as u64));
    for untouched in [10, 100, 1_000, 10_000] {
        group.bench_function(BenchmarkId::from_parameter(untouched), |bencher| {
            bench_process(bencher, &definitions(50, 100, untouched));
        });
    }
    group.finish();
}

fn cost_of_attributes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("attributes");
    group.throughput(Throughput::Elements(payloads().len() as u64 * TURNS as u64));
    for attributes in [5, 50, 500] {
        group.bench_function(BenchmarkId::from_parameter(attributes), |bencher| {
            bench_process(bencher, &definitions(attributes, 100, 0));
        });
    }
    group.finish();
}

fn cost_of_contexts(criterion: &mut Criterion) {
    let with_contexts = |contexts: Value| {
        let mut definitions = support::definitions(50, 100, 0);
        definitions["event_logs"] = contexts;
        Definitions::from_json(&definitions.to_string()).unwrap()
    };
    let mut group = criterion.benchmark_group("contexts");
    group.throughput(Throughput::Elements(payloads().len() as u64 * TURNS as u64));
    for (name, contexts) in [
        ("none", contexts(0, &[], None)),
        ("unselected", contexts(20, &["never"], None)),
        ("other_vendor", contexts(20, &support::NAMES, Some("com.other"))),
        ("selected", contexts(1, &support::NAMES, None)),
    ] {
        let definitions = with_contexts(contexts);
        group.bench_function(name, |bencher| bench_process(bencher, &definitions));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = cost_of_an_event, cost_of_untouched_rules, cost_of_attributes, cost_of_contexts
}
criterion_main!(benches);
