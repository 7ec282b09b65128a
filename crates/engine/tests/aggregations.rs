//! The result of every aggregation for a list of events, over the whole life of a profile and over a rolling window.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use signals_engine::Warning;
use support::*;

/// An attribute over `data.v` of `com.acme/a` events, named after its aggregation.
fn aggregated(aggregation: &str, type_name: &str) -> Value {
    let time_unit = aggregation.starts_with("time_since").then_some("s");
    json!({
        "name": aggregation, "type": type_name, "events": [{"name": "a"}], "aggregation": aggregation,
        "time_unit": time_unit,
        "property": {"type": "event", "vendor": "com.acme", "name": "a", "major_version": 1, "path": "v"},
    })
}

/// Every aggregation, with its type for strings.
const ALL: [(&str, &str); 14] = [
    ("counter", "int32"),
    ("sum", "double"),
    ("min", "double"),
    ("max", "double"),
    ("mean", "double"),
    ("first", "string"),
    ("last", "string"),
    ("unique_list", "string_list"),
    ("most_frequent", "string"),
    ("least_frequent", "string"),
    ("category_count", "dict"),
    ("approx_count_distinct", "int64"),
    ("time_since_last", "double"),
    ("time_since_first", "double"),
];

fn all(period: Option<&str>) -> Value {
    let attributes = ALL.iter().map(|(aggregation, type_name)| {
        let mut attribute = aggregated(aggregation, type_name);
        attribute["period"] = json!(period);
        attribute
    });
    user_group(attributes.collect(), json!([]))
}

/// Sends an event with `data.v` that happened `seconds` before it arrives.
fn send_late(run: &mut Run, value: Value, seconds: i64) {
    let mut payload = identified(acme("a", json!({"v": value})), USER, SESSION);
    payload["dtm"] = json!("0");
    payload["stm"] = json!((seconds * 1000).to_string());
    run.send(payload);
}

fn read_all(run: &Run) -> Value {
    let values = ALL.iter().map(|(name, _)| {
        let value = if run.is_set(name) { run.read(name) } else { json!(null) };
        ((*name).to_owned(), value)
    });
    values.collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn every_aggregation_orders_by_when_events_happened_and_skips_what_it_cannot_use() {
    let mut run = Run::new(all(None));
    for (value, late) in
        [(json!("20"), 0), (json!(null), 0), (json!("x"), 10), (json!(5), 40), (json!("x"), 30)]
    {
        send_late(&mut run, value, late);
    }
    run.now += 5_000;
    assert_eq!(
        read_all(&run),
        json!({
            "counter": 5,
            "sum": 25.0, "min": 5.0, "max": 20.0, "mean": 12.5,
            "first": "5", "last": "20",
            "unique_list": ["5", "x", "20"],
            "most_frequent": "x", "least_frequent": "5",
            "category_count": {"20": 1, "5": 1, "x": 2},
            "approx_count_distinct": 3,
            "time_since_last": 5.0, "time_since_first": 45.0,
        })
    );
}

#[test]
fn every_aggregation_forgets_what_leaves_its_window() {
    let mut run = Run::new(all(Some("PT60S")));
    for (value, late) in [(json!("20"), 0), (json!("x"), 10), (json!(5), 40), (json!("x"), 30)] {
        send_late(&mut run, value, late);
    }
    run.now += 19_999;
    let full = read_all(&run);
    assert_eq!((&full["counter"], &full["sum"]), (&json!(4), &json!(25.0)), "all inside");
    run.now += 1;
    assert_eq!(
        read_all(&run),
        json!({
            "counter": 3,
            "sum": 20.0, "min": 20.0, "max": 20.0, "mean": 20.0,
            "first": "x", "last": "20",
            "unique_list": ["x", "20"],
            "most_frequent": "x", "least_frequent": "20",
            "category_count": {"20": 1, "x": 2},
            "approx_count_distinct": 2,
            "time_since_last": 20.0, "time_since_first": 50.0,
        }),
        "the earliest is as old as the window is long"
    );
    run.now += 40_000;
    let empty = read_all(&run);
    assert!(empty.as_object().unwrap().values().all(Value::is_null), "{empty}");
}

#[test]
fn distinct_values_are_told_apart_as_the_declared_type_shows_them() {
    let sent = [json!("a"), json!(1), json!("1"), json!(1.7), json!(""), json!(true), json!([1])];
    for (type_name, expected) in [
        ("string_list", json!(["a", "1", "1.7", "", "true", "[1]"])),
        ("bytes_list", json!(["a", "1", "1.7", "", "true", "[1]"])),
        ("int32_list", json!([1])),
        ("int64_list", json!([1])),
        ("double_list", json!([1.0, 1.7])),
        ("float_list", json!([1.0, 1.7])),
        ("bool_list", json!([true])),
    ] {
        let mut run =
            Run::new(user_group(json!([aggregated("unique_list", type_name)]), json!([])));
        for value in &sent {
            run.acme("a", json!({"v": value}));
        }
        assert_eq!(run.read("unique_list"), expected, "{type_name}");
    }
    for (type_name, expected) in
        [("string", json!("1")), ("int32", json!(1)), ("double", json!(1.0)), ("bool", json!(true))]
    {
        let definitions = user_group(json!([aggregated("most_frequent", type_name)]), json!([]));
        let mut run = Run::new(definitions);
        for value in &sent {
            run.acme("a", json!({"v": value}));
        }
        assert_eq!(run.read("most_frequent"), expected, "{type_name}");
    }
}

#[test]
fn an_event_without_a_counterpart_in_the_type_does_not_count() {
    let mut run = Run::new(user_group(json!([aggregated("unique_list", "int32_list")]), json!([])));
    let outcome = run.send(identified(acme("a", json!({"v": "many"})), USER, SESSION));
    assert_eq!((outcome.attributes_updated, run.is_set("unique_list")), (0, false));
}

#[test]
fn an_element_out_of_range_is_saturated_and_logged() {
    let mut run = Run::new(user_group(json!([aggregated("unique_list", "int32_list")]), json!([])));
    let outcome = run.send(identified(acme("a", json!({"v": 3e9})), USER, SESSION));
    let attribute = "g:unique_list".to_owned();
    assert_eq!(outcome.warnings, [Warning::Saturated { attribute }]);
    assert_eq!(run.read("unique_list"), json!([i32::MAX]));
}

#[test]
fn a_value_without_a_counterpart_in_the_type_is_unset() {
    let mut first = aggregated("first", "int32");
    first["default_value"] = json!(7);
    let mut run = Run::new(user_group(json!([first]), json!([])));
    run.acme("a", json!({"v": "many"}));
    assert_eq!((run.is_set("first"), run.read("first")), (false, json!(7)));
}

#[test]
fn time_is_shown_in_the_unit_and_type_of_the_attribute() {
    for (unit, type_name, expected) in [
        ("s", "double", json!(5400.0)),
        ("min", "float", json!(90.0)),
        ("h", "double", json!(1.5)),
        ("d", "double", json!(0.0625)),
    ] {
        for aggregation in ["time_since_first", "time_since_last"] {
            let mut attribute = aggregated(aggregation, type_name);
            attribute["time_unit"] = json!(unit);
            let mut run = Run::new(user_group(json!([attribute]), json!([])));
            run.acme("a", json!({}));
            run.now += 90 * 60_000;
            assert_eq!(run.read(aggregation), expected, "{aggregation} in {unit} as {type_name}");
        }
    }
}

#[test]
fn a_criterion_on_elapsed_time_reads_it_at_the_time_of_the_event() {
    let back_after_a_minute = json!({"all": [
        test("go", ">", json!(0)), test("time_since_last", ">=", json!(60)),
    ]});
    let run_with_pause = |pause: i64| {
        let mut run = Run::new(user_group(
            json!([aggregated("time_since_last", "double"), counter("go")]),
            json!([rule("back", back_after_a_minute.clone())]),
        ));
        run.acme("a", json!({}));
        run.now += pause;
        run.acme("go", json!({}))
    };
    assert!(run_with_pause(59_999).is_empty());
    assert_eq!(run_with_pause(60_000), ["back"]);
}

#[test]
fn an_instance_carries_lists_maps_and_times_as_json() {
    let definitions = user_group(
        json!([
            aggregated("unique_list", "string_list"),
            aggregated("category_count", "dict"),
            aggregated("time_since_last", "double"),
        ]),
        json!([rule("seen", test("unique_list", "is not null", json!(null)))]),
    );
    let outcome =
        Run::new(definitions).send(identified(acme("a", json!({"v": "x"})), USER, SESSION));
    assert_eq!(
        json!(outcome.triggered[0].attributes_by_name()),
        json!({"unique_list": ["x"], "category_count": {"x": 1}, "time_since_last": 0.0})
    );
}
