//! Recorded events and definitions for them, for the benchmarks of this crate and of the server.

use serde_json::{Value, json};

const RECORDED: &str = include_str!("../../../../tests/fixtures/collector/v4-post.json");

/// The names of the recorded events.
pub(crate) const NAMES: [&str; 5] =
    ["page_view", "snowplow_ecommerce_action", "event", "search", "page_ping"];

/// Every recorded payload, as JSON text.
pub(crate) fn payloads() -> Vec<String> {
    let requests: Value = serde_json::from_str(RECORDED).unwrap_or_default();
    let posts =
        requests.as_array().into_iter().flatten().filter(|request| request["method"] == "POST");
    posts
        .filter_map(|request| request["body"]["data"].as_array())
        .flatten()
        .map(Value::to_string)
        .collect()
}

/// Definitions with `attributes` attributes of the recorded events, a tenth of them rolling, and `rules` rules.
pub(crate) fn definitions(attributes: usize, rules: usize, untouched_rules: usize) -> Value {
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
    json!({
        "attribute_groups": [{
            "name": "g", "attribute_key": {"name": "domain_userid"},
            "attributes": touched.chain(untouched).collect::<Value>(),
        }],
        "interventions": interventions.collect::<Value>(),
    })
}
