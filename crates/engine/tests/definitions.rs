//! Invalid definitions, and the place in their errors.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use signals_engine::{Definitions, Engine, LocSegment, Position};
use support::*;

/// A valid group and a valid rule, with the field at a JSON Pointer set to another value.
fn changed(pointer: &str, value: Value) -> Value {
    let mut definitions = user_group(
        json!([{
            "name": "a", "type": "double", "events": [{"name": "a"}], "aggregation": "sum", "period": null, "ttl": null,
            "default_value": null,
            "property": {"type": "entity", "vendor": "com.acme", "name": "product", "major_version": 1, "path": "price"},
            "criteria": {"all": [{"property": {"type": "atomic", "name": "platform"}, "operator": "=", "value": "web"}]},
        }]),
        json!([{
            "name": "r", "version": 1, "criteria": {"all": [test("a", ">", json!(0))]},
            "target_attribute_keys": [{"name": "user_id"}],
            "payload_attribute_groups": [{"name": "g", "version": 1}],
        }]),
    );
    definitions["attribute_keys"] = json!([
        {"name": "k", "ttl": null, "property": {"type": "atomic", "name": "app_id"}},
    ]);
    definitions["services"] =
        json!([{"name": "s", "attribute_groups": [{"name": "g", "version": 1}]}]);
    *definitions.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
    definitions
}

#[test]
fn every_refusal_names_the_field_and_what_is_wrong_with_it() {
    let group = "/attribute_groups/0";
    let attribute = "/attribute_groups/0/attributes/0";
    let rule = "/interventions/0";
    let long_name = "n".repeat(129);
    let cases = [
        (group, "/name", json!("a\nb"), "attribute_groups.0.name: control character \\n in name"),
        (group, "/name", json!(""), "attribute_groups.0.name: empty name"),
        (group, "/name", json!("a-b"), "attribute_groups.0.name: '-' in name"),
        (group, "/name", json!(long_name), "attribute_groups.0.name: longer than 128 characters"),
        (
            group,
            "/attribute_key/name",
            json!("nope"),
            "attribute_groups.0.attribute_key.name: unknown attribute key `nope`",
        ),
        (attribute, "/name", json!("a:b"), "attribute_groups.0.attributes.0.name: ':' in name"),
        (
            attribute,
            "/type",
            json!("int16"),
            "attribute_groups.0.attributes.0.type: `int16` is not a type",
        ),
        (
            attribute,
            "/type",
            json!("string_list"),
            "attribute_groups.0.attributes.0.type: `string_list` cannot hold the result of `sum`",
        ),
        (
            attribute,
            "/aggregation",
            json!("average"),
            "attribute_groups.0.attributes.0.aggregation: `average` is not a supported aggregation",
        ),
        (
            attribute,
            "/property",
            json!(null),
            "attribute_groups.0.attributes.0.property: missing: `sum` requires it",
        ),
        (
            attribute,
            "/property/path",
            json!("a..b"),
            "attribute_groups.0.attributes.0.property.path: empty step in `a..b`",
        ),
        (
            attribute,
            "/property/vendor",
            json!(null),
            "attribute_groups.0.attributes.0.property.vendor: missing",
        ),
        (
            attribute,
            "/period",
            json!("10m"),
            "attribute_groups.0.attributes.0.period: `10m` is not an ISO 8601 duration",
        ),
        (
            attribute,
            "/ttl",
            json!("P1M"),
            "attribute_groups.0.attributes.0.ttl: `P1M`: months have no fixed length",
        ),
        (
            attribute,
            "/property/vendor",
            json!(""),
            "attribute_groups.0.attributes.0.property.vendor: empty vendor",
        ),
        (
            attribute,
            "/property/name",
            json!("a.b"),
            "attribute_groups.0.attributes.0.property.name: '.' in name",
        ),
        (
            attribute,
            "/property/major_version",
            json!(0),
            "attribute_groups.0.attributes.0.property.major_version: must be at least 1",
        ),
        (
            attribute,
            "/events/0/name",
            json!("a b"),
            "attribute_groups.0.attributes.0.events.0.name: ' ' in name",
        ),
        (
            attribute,
            "/events/0",
            json!({"vendor": "com/acme"}),
            "attribute_groups.0.attributes.0.events.0.vendor: '/' in vendor",
        ),
        (
            attribute,
            "/events/0",
            json!({"version": "1-*-*"}),
            "attribute_groups.0.attributes.0.events.0.version: `1-*-*` is not a version such as `1-0-0`",
        ),
        (
            attribute,
            "/events/0",
            json!({"event_specification_id": ""}),
            "attribute_groups.0.attributes.0.events.0.event_specification_id: empty id",
        ),
        (
            attribute,
            "/default_value",
            json!("many"),
            "attribute_groups.0.attributes.0.default_value: \"many\" is not of type `double`",
        ),
        (
            attribute,
            "/criteria/all/0/operator",
            json!("~"),
            "attribute_groups.0.attributes.0.criteria.all.0.operator: `~` is not",
        ),
        (
            attribute,
            "/criteria/all/0/operator",
            json!("rlike"),
            "attribute_groups.0.attributes.0.criteria.all.0.operator: `rlike` is not one of =, !=",
        ),
        (
            attribute,
            "/criteria/all/0/property/name",
            json!("platfrom"),
            "attribute_groups.0.attributes.0.criteria.all.0.property.name: `platfrom` is not an atomic field",
        ),
        (
            rule,
            "/name",
            json!("r\u{7f}"),
            "interventions.0.name: control character \\u{7f} in name",
        ),
        (rule, "/criteria", json!({}), "interventions.0.criteria: empty: set `attribute`"),
        (
            rule,
            "/criteria",
            json!({"any": []}),
            "interventions.0.criteria.any: must contain at least one criterion",
        ),
        (
            rule,
            "/criteria",
            json!({"any": [], "all": []}),
            "interventions.0.criteria: use only one of",
        ),
        (
            rule,
            "/criteria",
            json!({"operator": "=", "value": 1}),
            "interventions.0.criteria.attribute: missing",
        ),
        (
            rule,
            "/criteria/all/0/operator",
            json!(null),
            "interventions.0.criteria.all.0.operator: missing",
        ),
        (
            rule,
            "/criteria/all/0/operator",
            json!("=>"),
            "interventions.0.criteria.all.0.operator: `=>` is not",
        ),
        (
            rule,
            "/criteria/all/0/value",
            json!(null),
            "interventions.0.criteria.all.0.value: missing",
        ),
        (
            rule,
            "/criteria/all/0",
            test("a", "rlike", json!("(unclosed")),
            "interventions.0.criteria.all.0.value: regex parse error",
        ),
        (
            rule,
            "/criteria/all/0/attribute",
            json!("a"),
            "interventions.0.criteria.all.0.attribute: `a` must have the form",
        ),
        (
            rule,
            "/criteria/all/0/attribute",
            json!("h:a"),
            "interventions.0.criteria.all.0.attribute: `h:a`: unknown attribute group",
        ),
        (
            rule,
            "/criteria/all/0/attribute",
            json!("g:b"),
            "interventions.0.criteria.all.0.attribute: `g:b`: no version",
        ),
        (
            rule,
            "/target_attribute_keys/0/name",
            json!("uid"),
            "interventions.0.target_attribute_keys.0.name: unknown attribute key `uid`",
        ),
        (
            rule,
            "/payload_attribute_groups/0/version",
            json!(2),
            "interventions.0.payload_attribute_groups.0: unknown attribute group `g` version 2",
        ),
        ("/attribute_keys/0", "/name", json!("a b"), "attribute_keys.0.name: ' ' in name"),
        (
            "/attribute_keys/0",
            "/ttl",
            json!("soon"),
            "attribute_keys.0.ttl: `soon` is not an ISO 8601 duration",
        ),
        (
            "/attribute_keys/0",
            "/property",
            json!(null),
            "attribute_keys.0.property: missing: set where an event",
        ),
        (
            "/services/0",
            "/attribute_groups/0/name",
            json!("h"),
            "services.0.attribute_groups.0: unknown attribute group `h`",
        ),
    ];
    assert!(
        Engine::new(&definitions(changed("/interventions/0/name", json!("r")))).is_ok(),
        "the base is good"
    );
    for (base, field, value, expected) in cases {
        let actual = refusal(changed(&format!("{base}{field}"), value));
        assert!(actual.starts_with(expected), "{base}{field}:\n  {actual}\n  {expected}");
    }
}

#[test]
fn nothing_may_be_defined_twice() {
    let twice = |kind: &str| {
        let mut definitions = changed("/interventions/0/name", json!("r"));
        let first = definitions[kind][0].clone();
        definitions[kind].as_array_mut().unwrap().push(first);
        refusal(definitions)
    };
    assert_eq!(
        twice("attribute_keys"),
        "attribute_keys.1.name: attribute key `k` is defined twice"
    );
    assert_eq!(
        twice("attribute_groups"),
        "attribute_groups.1.name: version 1 of `g` is defined twice"
    );
    assert_eq!(twice("services"), "services.1.name: service `s` is defined twice");
    assert_eq!(twice("interventions"), "interventions.1.name: version 1 of `r` is defined twice");
    assert_eq!(
        refusal(user_group(json!([counter("a"), counter("a")]), json!([]))),
        "attribute_groups.0.attributes.1.name: attribute `a` is defined twice"
    );
}

#[test]
fn text_of_the_wrong_form_is_refused_with_line_column_and_field() {
    let error = Definitions::from_json("{\n  \"interventions\": [\n    {\"name\": \"r\", \"criteria\": {\"any\": [{\"operator\": 7}]}}\n  ]\n}").unwrap_err();
    assert_eq!(error.position, Some(Position { line: 3, column: 53 }));
    let field = |name: &str| LocSegment::Field(name.to_owned());
    let index = LocSegment::Index(0);
    assert_eq!(
        error.loc,
        [
            field("interventions"),
            index.clone(),
            field("criteria"),
            field("any"),
            index,
            field("operator")
        ]
    );
    assert_eq!(
        error.to_string(),
        "line 3, column 53: interventions.0.criteria.any.0.operator: invalid type: integer `7`, expected a string"
    );
}

#[test]
fn versions_count_from_one() {
    for kind in ["attribute_groups", "interventions"] {
        let mut definitions = changed("/services", json!([]));
        definitions[kind][0]["version"] = json!(0);
        let error = Definitions::from_json(&definitions.to_string()).unwrap_err();
        assert!(error.to_string().contains(&format!("{kind}.0.version: ")), "{error}");
    }
}

#[test]
fn a_key_may_stand_for_a_warehouse_column_that_no_event_has() {
    let updated_for = |key: Value| {
        let counter = json!({"name": "n", "type": "int32", "events": [], "aggregation": "counter"});
        let group =
            json!({"name": "g", "version": 1, "attribute_key": key, "attributes": [counter]});
        let mut run = Run::new(json!({"attribute_groups": [group]}));
        run.send(json!({"e": "pv", "duid": USER, "customer": "ada"})).attributes_updated
    };
    assert_eq!(updated_for(json!({"name": "domain_userid"})), 1);
    assert_eq!(updated_for(json!({"name": "customer", "external_column": "customer"})), 0);
}

#[test]
fn text_that_is_no_json_is_refused_with_its_position() {
    for text in ["", "{", "{\"interventions\": [}", "{} trailing", "\n []", "7"] {
        let error = Definitions::from_json(text).unwrap_err();
        assert!(error.position.is_some(), "{text}: {error}");
    }
}

#[test]
fn merging_adds_up_and_refuses_what_is_already_defined() {
    let mut merged = definitions(user_group(json!([counter("a")]), json!([])));
    // The rule refers to a group of the first file.
    merged
        .merge(definitions(json!({"interventions": [rule("r", test("a", ">", json!(0)))]})))
        .unwrap();
    assert!(Engine::new(&merged).is_ok());

    let before = merged.clone();
    let again = json!({"interventions": [rule("new", test("a", ">", json!(0))), rule("r", test("a", ">", json!(1)))]});
    let error = merged.merge(definitions(again)).unwrap_err();
    assert_eq!(error.to_string(), "interventions.1.name: `r` version 1 is already defined");
    assert_eq!(merged, before);
}

/// Replaces what a client published before with the same name and version.
fn publish(definitions: &mut Value, kind: &str, body: &Value) {
    let published = definitions[kind].as_array_mut().unwrap();
    published
        .retain(|earlier| earlier["name"] != body["name"] || earlier["version"] != body["version"]);
    published.push(body.clone());
}

#[test]
fn everything_that_the_python_sdk_was_seen_to_publish_compiles() {
    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/registry");
    let mut published = 0;
    for recording in std::fs::read_dir(recordings).unwrap() {
        let text = std::fs::read_to_string(recording.unwrap().path()).unwrap();
        let mut all = json!({"attribute_keys": [], "attribute_groups": [], "services": [], "interventions": []});
        for request in serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap() {
            let path = request["path"].as_str().unwrap().trim_matches('/');
            let kind = path.rsplit('/').next().unwrap();
            if request["method"] == json!("POST") && all.get(kind).is_some() {
                publish(&mut all, kind, &request["body"]);
                Engine::new(&definitions(all.clone()))
                    .unwrap_or_else(|error| panic!("{path}: {error}"));
                published += 1;
            }
        }
    }
    assert_eq!(published, 9);
}

#[test]
fn fields_that_registry_clients_may_leave_open_may_be_null() {
    let nulls = json!({
        "attribute_keys": [{"name": "user_id", "description": null, "key": null, "property": null, "owner": null, "ttl": null}],
        "attribute_groups": [{
            "name": "g", "version": null, "attribute_key": {"name": "user_id", "ttl": null}, "ttl": null,
            "description": null, "owner": null, "is_published": null, "fields": null, "attributes": null,
        }],
        "services": [{"name": "s", "attribute_groups": null, "description": null, "owner": null, "is_published": null}],
        "interventions": [],
    });
    let read = definitions(nulls);
    assert!(Engine::new(&read).is_ok());
    let group = &read.attribute_groups[0];
    assert_eq!((group.version, group.is_published, group.attributes.len()), (1, true, 0));
    let rule = json!({"name": "r", "version": null, "is_published": null, "criteria": {}, "target_attribute_keys": null});
    let read = definitions(json!({"interventions": [rule]}));
    assert_eq!((read.interventions[0].version, read.interventions[0].is_published), (1, true));
}

#[test]
fn every_type_that_registry_clients_know_is_accepted_for_the_results_that_it_can_hold() {
    const NUMBERS: [&str; 8] =
        ["bytes", "string", "int32", "int64", "double", "float", "unix_timestamp", "timestamp"];
    const LISTS: [&str; 8] = [
        "bytes_list",
        "string_list",
        "int32_list",
        "int64_list",
        "double_list",
        "float_list",
        "bool_list",
        "unix_timestamp_list",
    ];
    let scalars = [&NUMBERS[..], &["bool"]].concat();
    let every = [&scalars[..], &LISTS, &["dict"]].concat();
    for (aggregation, accepted) in [
        ("counter", &NUMBERS[..]),
        ("sum", &NUMBERS),
        ("min", &NUMBERS),
        ("max", &NUMBERS),
        ("mean", &NUMBERS),
        ("approx_count_distinct", &NUMBERS),
        ("time_since_last", &["float", "double"]),
        ("time_since_first", &["float", "double"]),
        ("first", &every),
        ("last", &every),
        ("most_frequent", &scalars),
        ("least_frequent", &scalars),
        ("unique_list", &LISTS),
        ("category_count", &["dict"]),
    ] {
        for type_name in &every {
            let attribute = json!({
                "name": "a", "type": type_name, "events": [], "aggregation": aggregation,
                "time_unit": aggregation.starts_with("time_since").then_some("s"),
                "property": {"type": "atomic", "name": "page_urlpath"},
            });
            let compiled = Engine::new(&definitions(user_group(json!([attribute]), json!([]))));
            match compiled {
                Ok(_) => assert!(accepted.contains(type_name), "{aggregation} as {type_name}"),
                Err(error) => {
                    assert!(!accepted.contains(type_name), "{aggregation} as {type_name}");
                    let expected =
                        format!("attribute_groups.0.attributes.0.type: `{type_name}` cannot hold");
                    assert!(error.to_string().starts_with(&expected), "{error}");
                }
            }
        }
    }
}

#[test]
fn a_default_must_be_of_the_type() {
    for (type_name, default, accepted) in [
        ("int32", json!("12"), true),
        ("int32", json!("x"), false),
        ("int32", json!(3e9), false),
        ("string", json!(""), true),
        ("bool", json!(false), true),
        ("bool", json!(0), true),
        ("bool", json!("maybe"), false),
        ("string_list", json!([]), true),
        ("string_list", json!(["a", 1]), true),
        ("string_list", json!("a"), false),
        ("int32_list", json!([1, "x"]), false),
        ("int32_list", json!([1, null]), false),
        ("dict", json!({}), true),
        ("dict", json!([]), false),
        ("timestamp", json!("2026-11-22"), true),
        ("timestamp", json!("soon"), false),
    ] {
        let attribute = json!({
            "name": "a", "type": type_name, "events": [], "aggregation": "last", "default_value": default,
            "property": {"type": "atomic", "name": "page_urlpath"},
        });
        let compiled = Engine::new(&definitions(user_group(json!([attribute]), json!([]))));
        assert_eq!(compiled.is_ok(), accepted, "{default} as {type_name}");
    }
}

#[test]
fn an_attribute_has_a_period_or_a_time_to_live_and_not_both() {
    let mut attribute = counter("a");
    attribute["period"] = json!("PT10M");
    attribute["ttl"] = json!("P7D");
    assert_eq!(
        refusal(user_group(json!([attribute]), json!([]))),
        "attribute_groups.0.attributes.0.ttl: values expire with `period`. Set either `ttl` or `period`"
    );
}

#[test]
fn what_makes_no_sense_is_refused_with_its_position_in_the_file_that_brings_it() {
    let mut all = Definitions::default();
    all.add_json(
        &user_group(json!([counter("a")]), json!([rule("first", test("a", ">", json!(0)))]))
            .to_string(),
    )
    .unwrap();
    let before = all.clone();
    let file = |attribute: &str, operator: &str| {
        format!(
            "{{\n \"interventions\": [\n  {{\"name\": \"good\", \"criteria\": {{\"attribute\": \"g:a\", \"operator\": \"=\", \"value\": 1}}}},\n  {{\n   \"name\": \"bad\",\n   \"criteria\": {{\"any\": [\n    {{\"attribute\": \"{attribute}\",\n     {operator}\n     \"value\": 1}}\n   ]}}\n  }}\n ]\n}}"
        )
    };
    for (attribute, operator, line, expected) in [
        (
            "g:zzz",
            "\"operator\": \"=\",",
            7,
            "interventions.1.criteria.any.0.attribute: `g:zzz`: no version",
        ),
        ("g:a", "\"operator\": \"~\",", 8, "interventions.1.criteria.any.0.operator: `~` is not"),
        ("g:a", "", 7, "interventions.1.criteria.any.0.operator: missing"),
    ] {
        let error = all.add_json(&file(attribute, operator)).unwrap_err();
        assert_eq!(error.position.map(|position| position.line), Some(line), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(all, before);
    }
    let again = all
        .add_json("{\"interventions\":\n [{\"name\": \"first\", \"criteria\": {}}]}")
        .unwrap_err();
    assert_eq!(
        again.to_string(),
        "line 2, column 18: interventions.0.name: `first` version 1 is already defined"
    );

    all.add_json(&file("g:a", "\"operator\": \"=\",")).unwrap();
    assert_eq!(all.interventions.len(), 3);
}

#[test]
fn aggregation_type_and_time_unit_must_suit_each_other() {
    let refused = |aggregation: &str, type_name: &str, time_unit: Value| {
        let attribute = json!({
            "name": "a", "type": type_name, "events": [], "aggregation": aggregation, "time_unit": time_unit,
            "property": {"type": "atomic", "name": "page_urlpath"},
        });
        refusal(user_group(json!([attribute]), json!([])))
    };
    for (aggregation, type_name, time_unit, expected) in [
        (
            "unique_list",
            "string",
            json!(null),
            "type: `string` cannot hold the result of `unique_list`, which is a list such as `string_list`",
        ),
        (
            "category_count",
            "string_list",
            json!(null),
            "type: `string_list` cannot hold the result of `category_count`, which is `dict`",
        ),
        (
            "most_frequent",
            "string_list",
            json!(null),
            "type: `string_list` cannot hold the result of `most_frequent`, which is the type of one value",
        ),
        (
            "approx_count_distinct",
            "bool",
            json!(null),
            "type: `bool` cannot hold the result of `approx_count_distinct`, which is a number",
        ),
        (
            "time_since_last",
            "dict",
            json!("s"),
            "type: `dict` cannot hold the result of `time_since_last`, which is `float` or `double`",
        ),
        (
            "time_since_last",
            "double",
            json!(null),
            "time_unit: missing: `time_since_last` requires it",
        ),
        (
            "time_since_first",
            "double",
            json!("m"),
            "time_unit: `m` is not one of `s`, `min`, `h`, `d`",
        ),
        ("unique_list", "string_list", json!("s"), "time_unit: `unique_list` does not support it"),
    ] {
        assert_eq!(
            refused(aggregation, type_name, time_unit),
            format!("attribute_groups.0.attributes.0.{expected}")
        );
    }
}
