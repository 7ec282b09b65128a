//! Definitions of every kind, and events that affect all of them.

use serde_json::{Value, json};
use signals_engine::{Engine, Event, Timestamp};

use super::*;

/// Every aggregation of the amounts of all events, over the life of a profile and over a rolling window.
fn every_aggregation() -> Value {
    let amount = |name: &str| json!({"type": "event", "vendor": "com.acme", "name": name, "major_version": 1, "path": "amount"});
    let number = json!({"type": "calculated", "operation": "coalesce", "properties": [amount("a"), amount("b")]});
    let day = json!({"type": "atomic", "name": "derived_tstamp", "date_part": "active_day"});
    let text = json!({"type": "calculated", "operation": "concat", "properties": [number, day], "separator": " "});
    let attributes = [
        ("counter", "int32", &number),
        ("sum", "double", &number),
        ("min", "float", &number),
        ("max", "int64", &number),
        ("mean", "double", &number),
        ("first", "string", &text),
        ("last", "string", &text),
        ("unique_list", "string_list", &text),
        ("most_frequent", "string", &text),
        ("least_frequent", "double", &number),
        ("category_count", "dict", &text),
        ("approx_count_distinct", "int32", &number),
        ("time_since_last", "double", &number),
        ("time_since_first", "float", &number),
    ];
    attributes
        .iter()
        .flat_map(|(aggregation, type_name, property)| {
            [None, Some("PT30S")].map(|period| {
                json!({
                    "name": format!("{aggregation}_{}", period.unwrap_or("life")), "type": type_name, "events": [],
                    "aggregation": aggregation, "property": property, "period": period,
                    "time_unit": aggregation.starts_with("time_since").then_some("min"),
                })
            })
        })
        .collect()
}

pub(crate) fn all_kinds_of_definitions() -> Value {
    let mut windowed = counter("a");
    windowed["name"] = json!("recent");
    windowed["period"] = json!("PT30S");
    let mut short_lived = sum("b");
    short_lived["name"] = json!("short_lived");
    short_lived["ttl"] = json!("PT20S");
    let kept = |name: &str, version: u32| {
        json!({
            "event": {"name": name, "major_version": version},
            "properties": [{"type": "event", "vendor": "com.acme", "name": name, "major_version": 1, "path": "amount"}],
        })
    };
    let log = |name: &str, max_events: u32, max_age_seconds: u32| {
        json!({
            "name": name, "attribute_key": {"name": "domain_sessionid"},
            "max_events": max_events, "max_age_seconds": max_age_seconds, "events": [kept("a", 2), kept("b", 1), kept("a", 1)],
        })
    };
    json!({
        "event_logs": [log("few", 3, 3_600), log("recent", 100, 20)],
        "attribute_groups": [
            {"name": "g", "version": 1, "attribute_key": {"name": "domain_userid"},
             "attributes": [counter("a"), sum("b"), windowed, short_lived]},
            {"name": "s", "version": 1, "attribute_key": {"name": "domain_sessionid"}, "attributes": [counter("a")]},
            {"name": "e", "version": 1, "attribute_key": {"name": "domain_userid"}, "attributes": every_aggregation()},
        ],
        "interventions": [
            rule("third", test("a", "=", json!(3))),
            rule("rich", test("b", ">=", json!(5))),
            rule("busy", test("recent", ">", json!(2))),
            rule("fresh", test("short_lived", "<", json!(2))),
            rule("new_favourite", json!({"attribute": "e:most_frequent_PT30S", "operator": "changed"})),
            rule("mixed", json!({"any": [
                {"attribute": "s:a", "operator": ">", "value": 1},
                {"none": [test("b", "is null", json!(null)), test("recent", "<", json!(4))]},
            ]})),
        ],
    })
}

/// The varying parts of an event in a history.
pub(crate) struct Step {
    /// 0 to 2. The last one is anonymous.
    pub(crate) user: usize,
    /// 0 or 1.
    pub(crate) session: usize,
    pub(crate) is_a: bool,
    pub(crate) tenths: i64,
    /// Milliseconds that the event waited on the device.
    pub(crate) waited: u32,
}

/// The event of a step that arrives at `now`.
pub(crate) fn happening(step: Step, now: i64) -> Event {
    let name = if step.is_a { "a" } else { "b" };
    let payload = acme(name, json!({"amount": step.tenths as f64 / 10.0}));
    let mut payload = identified(
        payload,
        [USER, OTHER_USER, ""][step.user],
        [SESSION, OTHER_SESSION][step.session],
    );
    payload["dtm"] = json!("0");
    payload["stm"] = json!(step.waited.to_string());
    event_at(payload, now)
}

/// All values in the profiles of these histories.
pub(crate) fn readings(engine: &Engine, now: Timestamp) -> Value {
    let readings = [
        ("domain_userid", USER),
        ("domain_userid", OTHER_USER),
        ("domain_sessionid", SESSION),
        ("domain_sessionid", OTHER_SESSION),
    ]
    .into_iter()
    .flat_map(|(key, id)| engine.attributes(key, id, now))
    .flat_map(|group| group.attributes)
    .map(|reading| json!([reading.name, reading.value, reading.is_set]));
    let contexts = ["few", "recent"]
        .into_iter()
        .flat_map(|name| [SESSION, OTHER_SESSION].map(|session| engine.context(name, session, now)))
        .flatten()
        .map(|context| {
            let events = context.events.into_iter().map(|event| event.properties);
            json!([context.name, context.started_at, events.collect::<Vec<_>>()])
        });
    readings.chain(contexts).collect()
}
