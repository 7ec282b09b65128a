//! What an event costs, against what it costs to parse it.
//!
//! `parse` is serde_json reading the tracker's payloads; `event` decodes them; `process` counts them and evaluates rules.
//! All three take the same requests, recorded from a real tracker, so that their times can be compared as ratios.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![allow(missing_docs, reason = "the macros of the harness make undocumented functions")]

use std::hint::black_box;

use criterion::{
    BatchSize, Bencher, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use serde_json::{Value, json};
use signals_engine::{Arrival, Definitions, Engine, Event, Payload, Timestamp};
use uuid::Uuid;

const RECORDED: &str = include_str!("../../../tests/fixtures/collector/v4-post.json");

/// The names of the recorded events.
const NAMES: [&str; 5] = ["page_view", "snowplow_ecommerce_action", "event", "search", "page_ping"];

/// Milliseconds of the moment at which events arrive.
const NOW: i64 = 1_795_333_700_000;

/// Every recorded payload, as JSON text.
fn payloads() -> Vec<String> {
    let requests: Value = serde_json::from_str(RECORDED).unwrap();
    let posts = requests.as_array().unwrap().iter().filter(|request| request["method"] == "POST");
    posts
        .flat_map(|request| request["body"]["data"].as_array().unwrap())
        .map(Value::to_string)
        .collect()
}

fn parse(payload: &str) -> Payload {
    serde_json::from_str(payload).unwrap()
}

fn decode(payload: Payload, millis: i64) -> Event {
    let arrival = Arrival {
        collector_tstamp: Timestamp::from_millis(millis),
        network_userid: None,
        useragent: None,
        user_ipaddress: None,
    };
    Event::from_payload(payload, &arrival).unwrap()
}

fn events(millis: i64) -> Vec<Event> {
    payloads().iter().map(|payload| decode(parse(payload), millis)).collect()
}

/// `attributes` over the recorded events, a tenth of them rolling, and `rules` over those.
fn definitions(attributes: usize, rules: usize, untouched_rules: usize) -> Definitions {
    let price = json!({
        "type": "entity", "vendor": "com.snowplowanalytics.snowplow.ecommerce", "name": "product",
        "major_version": 1, "path": "price",
    });
    let path = json!({"type": "atomic", "name": "page_urlpath"});
    let kinds = [
        ("counter", "int32", &path, None),
        ("sum", "double", &price, None),
        ("last", "string", &path, None),
        ("unique_list", "string_list", &path, None),
        ("most_frequent", "string", &path, None),
        ("counter", "int32", &path, None),
        ("max", "double", &price, None),
        ("approx_count_distinct", "int32", &path, None),
        ("counter", "int32", &path, None),
        ("counter", "int32", &path, Some("PT10M")),
    ];
    let attribute = |n: usize, event: &str, prefix: &str| {
        let (aggregation, type_name, property, period) = kinds[n % kinds.len()];
        json!({
            "name": format!("{prefix}{n}"), "type": type_name, "events": [{"name": event}],
            "aggregation": aggregation, "property": property, "period": period,
        })
    };
    let rule = |n: usize, attribute: usize, prefix: &str| {
        json!({"name": format!("{prefix}{n}"), "criteria": {"all": [
            {"attribute": format!("g:{prefix}{attribute}"), "operator": ">", "value": 1_000_000_000 + n},
            {"attribute": format!("g:{prefix}{}", attribute / 2), "operator": "is not null"},
        ]}})
    };
    let touched = (0..attributes).map(|n| attribute(n, NAMES[n / 10 % NAMES.len()], "a"));
    let untouched = (0..untouched_rules).map(|n| attribute(n, "never", "u"));
    let interventions = (0..rules)
        .map(|n| rule(n, n % attributes, "a"))
        .chain((0..untouched_rules).map(|n| rule(n, n, "u")));
    let all = json!({
        "attribute_groups": [{
            "name": "g", "attribute_key": {"name": "domain_userid"},
            "attributes": touched.chain(untouched).collect::<Value>(),
        }],
        "interventions": interventions.collect::<Value>(),
    });
    Definitions::from_json(&all.to_string()).unwrap()
}

/// How often the recorded visitor comes by, twenty seconds apart.
const TURNS: i64 = 60;

/// A visitor's history, counted into an empty profile: for most of it the rolling windows are full and values leave them.
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
        bencher
            .iter(|| payloads.iter().map(|payload| black_box(parse(payload)).len()).sum::<usize>());
    });
    group.bench_function("event", |bencher| {
        let parsed: Vec<Payload> = payloads.iter().map(|payload| parse(payload)).collect();
        bencher.iter_batched(
            || parsed.clone(),
            |parsed| parsed.into_iter().map(|payload| decode(payload, NOW)).collect::<Vec<Event>>(),
            BatchSize::SmallInput,
        );
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

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = cost_of_an_event, cost_of_untouched_rules
}
criterion_main!(benches);
