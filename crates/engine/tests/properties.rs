//! Date parts and calculated properties.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::*;

/// `data.{path}` of `com.acme/a` events.
fn field(path: &str) -> Value {
    json!({"type": "event", "vendor": "com.acme", "name": "a", "major_version": 1, "path": path})
}

fn calculated(operation: &str, properties: &[&str]) -> Value {
    let properties: Vec<Value> = properties.iter().map(|path| field(path)).collect();
    json!({"type": "calculated", "operation": operation, "properties": properties})
}

fn last(property: Value, type_name: &str) -> Value {
    json!({"name": "a", "type": type_name, "events": [{"name": "a"}], "aggregation": "last", "property": property})
}

/// Reads the property of one event with this data, as an attribute of this type. Null if unset.
fn read(property: Value, type_name: &str, data: Value) -> Value {
    let mut run = Run::new(user_group(json!([last(property, type_name)]), json!([])));
    run.acme("a", data);
    if run.is_set("a") { run.read("a") } else { json!(null) }
}

fn refused(property: Value) -> String {
    let refusal = refusal(user_group(json!([last(property, "string")]), json!([])));
    refusal.replace("attribute_groups.0.attributes.0.property.", "")
}

#[test]
fn a_date_part_is_taken_of_fields_of_the_event_and_of_its_data() {
    let with_part = |mut property: Value, part: &str| {
        property["date_part"] = json!(part);
        property
    };
    let atomic = || json!({"type": "atomic", "name": "derived_tstamp"});
    // START is 2026-11-22T07:48:20Z, a Sunday.
    assert_eq!(read(with_part(atomic(), "hour_of_day"), "int32", json!({})), json!(7));
    assert_eq!(read(with_part(atomic(), "day_of_week"), "int32", json!({})), json!(7));
    assert_eq!(read(with_part(atomic(), "active_week"), "string", json!({})), json!("2026-11-16"));
    let at = json!({"at": "2026-02-01T00:00:00Z"});
    assert_eq!(
        read(with_part(field("at"), "active_month"), "string", at.clone()),
        json!("2026-02-01")
    );
    assert_eq!(read(with_part(field("at"), "month_of_year"), "int32", at), json!(2));
    assert_eq!(
        read(with_part(field("at"), "active_day"), "string", json!({"at": "soon"})),
        json!(null)
    );
}

#[test]
fn a_part_of_a_date_that_is_a_number_takes_an_integer_type() {
    let with = |part: &str, aggregation: &str, type_name: &str| {
        let mut attribute =
            last(json!({"type": "atomic", "name": "derived_tstamp", "date_part": part}), type_name);
        attribute["aggregation"] = json!(aggregation);
        user_group(json!([attribute]), json!([]))
    };
    for part in ["hour_of_day", "day_of_week", "month_of_year"] {
        for (aggregation, type_name) in [
            ("last", "int32"),
            ("max", "int64"),
            ("unique_list", "int32_list"),
            ("category_count", "dict"),
            ("counter", "double"),
        ] {
            engine(with(part, aggregation, type_name));
        }
        for (aggregation, type_name) in [
            ("last", "string"),
            ("first", "double"),
            ("mean", "float"),
            ("min", "unix_timestamp"),
            ("unique_list", "string_list"),
        ] {
            assert_eq!(
                refusal(with(part, aggregation, type_name)),
                format!(
                    "attribute_groups.0.attributes.0.type: `{type_name}` cannot hold a numeric date part. Use an \
                     integer type such as `int32`"
                )
            );
        }
    }
    engine(with("active_day", "last", "string"));
}

#[test]
fn a_sum_takes_no_part_of_a_date() {
    let part = json!({"type": "atomic", "name": "derived_tstamp", "date_part": "hour_of_day"});
    let inside =
        json!({"type": "calculated", "operation": "max", "properties": [field("x"), part]});
    for (property, place) in [(part.clone(), ""), (inside, "properties.1.")] {
        let mut attribute = last(property, "int32");
        attribute["aggregation"] = json!("sum");
        assert_eq!(
            refusal(user_group(json!([attribute]), json!([]))),
            format!(
                "attribute_groups.0.attributes.0.property.{place}date_part: `sum` does not support date parts"
            )
        );
    }
}

#[test]
fn events_are_filtered_by_date_parts() {
    let mut on_sundays = counter("a");
    on_sundays["ttl"] = json!("P30D");
    let day = json!({"type": "atomic", "name": "derived_tstamp", "date_part": "day_of_week"});
    on_sundays["criteria"] = json!({"all": [{"property": day, "operator": "=", "value": 7}]});
    let mut run = Run::new(user_group(json!([on_sundays]), json!([])));
    for _ in 0..8 {
        run.acme("a", json!({}));
        run.now += 24 * 3_600_000;
    }
    assert_eq!(run.read("a"), json!(2));
}

#[test]
fn every_operation_makes_one_value_of_several() {
    for (operation, data, expected) in [
        ("concat", json!({"x": "a", "y": "b", "z": "c"}), json!("abc")),
        ("concat", json!({"x": "a", "y": null, "z": "c"}), json!("ac")),
        ("concat", json!({"x": "", "y": "é☕"}), json!("é☕")),
        ("concat", json!({"x": 1, "y": true, "z": 2.5}), json!("1true2.5")),
        ("concat", json!({"x": null}), json!(null)),
        ("sum", json!({"x": 0.1, "y": 0.2, "z": "0.3"}), json!("0.6")),
        ("sum", json!({"x": i64::MAX, "y": 1, "z": 0}), json!("9.223372036854776e+18")),
        ("sum", json!({"x": 1e308, "y": 1e308, "z": 0}), json!("1.7976931348623157e+308")),
        ("sum", json!({"x": 1, "y": 2}), json!(null)),
        ("product", json!({"x": 9.99, "y": 3, "z": 1}), json!("29.97")),
        ("product", json!({"x": 9.99, "y": null, "z": 1}), json!(null)),
        ("product", json!({"x": 9.99, "y": "many", "z": 1}), json!(null)),
        ("min", json!({"x": 2, "y": "-10", "z": 2.5}), json!("-10")),
        ("max", json!({"x": 2, "y": "-10", "z": 2.5}), json!("2.5")),
        ("min", json!({"x": 2, "y": 1}), json!(null)),
        ("max", json!({"x": 2, "y": true, "z": 1}), json!(null)),
        ("coalesce", json!({"y": "b", "z": "c"}), json!("b")),
        ("coalesce", json!({"x": null, "y": "", "z": "c"}), json!("")),
        ("coalesce", json!({"x": false, "y": 0}), json!("false")),
        ("coalesce", json!({}), json!(null)),
    ] {
        let actual = read(calculated(operation, &["x", "y", "z"]), "string", data.clone());
        assert_eq!(actual, expected, "{operation} of {data}");
    }
}

#[test]
fn a_separator_stands_between_values_that_are_there() {
    let mut property = calculated("concat", &["x", "y", "z"]);
    property["separator"] = json!(" / ");
    assert_eq!(read(property.clone(), "string", json!({"x": "a", "z": "c"})), json!("a / c"));
    assert_eq!(read(property, "string", json!({"y": "b"})), json!("b"));
}

#[test]
fn calculated_properties_nest_and_aggregate() {
    let line_total = calculated("product", &["price", "quantity"]);
    let mut total = last(
        json!({"type": "calculated", "operation": "coalesce", "properties": [line_total, field("total")]}),
        "double",
    );
    total["aggregation"] = json!("sum");
    let mut run = Run::new(user_group(json!([total]), json!([])));
    run.acme("a", json!({"price": 9.99, "quantity": 3}));
    run.acme("a", json!({"price": 9.99, "total": 0.03}));
    run.acme("a", json!({"price": 9.99}));
    assert_eq!(run.read("a"), json!(30.0));
}

#[test]
fn a_calculated_property_of_any_kinds_reads_them_all() {
    let mut property = calculated("concat", &["x"]);
    let parts = property["properties"].as_array_mut().unwrap();
    parts.push(json!({"type": "atomic", "name": "event_name"}));
    parts.push(json!({"type": "atomic", "name": "derived_tstamp", "date_part": "active_day"}));
    property["separator"] = json!("|");
    assert_eq!(read(property, "string", json!({"x": 1})), json!("1|a|2026-11-22"));
}

#[test]
fn a_property_that_makes_no_sense_is_refused_by_its_field() {
    let with = |mut property: Value, name: &str, value: Value| {
        property[name] = value;
        property
    };
    let nested = |depth: usize| {
        (1..depth).fold(calculated("coalesce", &["x"]), |inner, _| {
            json!({"type": "calculated", "operation": "coalesce", "properties": [inner]})
        })
    };
    let deepest =
        format!("{}type: calculated properties nested deeper than 8", "properties.0.".repeat(8));
    let too_many: Vec<&str> = vec!["x"; 51];
    for (property, expected) in [
        (
            with(field("x"), "date_part", json!("hour")),
            "date_part: `hour` is not one of hour_of_day, day_of_week",
        ),
        (
            json!({"type": "atomic", "name": "page_url", "date_part": "active_day"}),
            "date_part: only time fields",
        ),
        (
            with(calculated("coalesce", &["x"]), "date_part", json!("active_day")),
            "date_part: calculated properties have no date parts",
        ),
        (calculated("average", &["x", "y"]), "operation: `average` is not one of concat, sum"),
        (json!({"type": "calculated", "properties": []}), "operation: missing"),
        (json!({"type": "calculated", "operation": "sum"}), "properties: missing"),
        (calculated("sum", &["x"]), "properties: needs 2 to 50, not 1"),
        (calculated("coalesce", &[]), "properties: needs 1 to 50, not 0"),
        (calculated("concat", &too_many), "properties: needs 2 to 50, not 51"),
        (calculated("concat", &["x", "y..z"]), "properties.1.path: empty step"),
        (
            with(calculated("sum", &["x", "y"]), "separator", json!(",")),
            "separator: `sum` does not support it",
        ),
        (
            with(calculated("concat", &["x", "y"]), "separator", json!("-".repeat(17))),
            "separator: longer than 16",
        ),
        (nested(9), deepest.as_str()),
    ] {
        let actual = refused(property);
        assert!(actual.starts_with(expected), "{actual}\n{expected}");
    }
    assert_eq!(read(nested(8), "string", json!({"x": "deep"})), json!("deep"));
}

#[test]
fn the_id_of_an_attribute_key_is_neither_calculated_nor_a_date() {
    for (property, expected) in [
        (calculated("coalesce", &["x"]), "attribute_keys.0.property.type: the id of"),
        (
            json!({"type": "atomic", "name": "derived_tstamp", "date_part": "active_day"}),
            "attribute_keys.0.property.date_part: the id of",
        ),
    ] {
        let actual = refusal(json!({"attribute_keys": [{"name": "k", "property": property}]}));
        assert!(actual.starts_with(expected), "{actual}");
    }
}
