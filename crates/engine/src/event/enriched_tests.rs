use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ID: &str = "c4dcb15d-820d-4d5c-ae50-9965f4e5fce2";
const COLLECTED: &str = "2026-11-22 07:48:20.000";

/// A line with the required columns and these.
fn line(columns: &[(&str, &str)]) -> String {
    let required = [("collector_tstamp", COLLECTED), ("event", "page_view"), ("event_id", ID)];
    let texts = AtomicField::all().map(|(_, name)| {
        let column = columns.iter().chain(&required).find(|(column, _)| *column == name);
        column.map_or("", |(_, text)| text)
    });
    texts.collect::<Vec<_>>().join("\t")
}

fn event(columns: &[(&str, &str)]) -> Event {
    Event::from_enriched(&line(columns)).unwrap()
}

fn refusal(columns: &[(&str, &str)]) -> String {
    Event::from_enriched(&line(columns)).unwrap_err().to_string()
}

fn contexts(entities: Value) -> String {
    json!({"schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0", "data": entities})
        .to_string()
}

#[test]
fn every_column_is_the_field_of_its_name() {
    for (column, text, expected) in [
        ("app_id", "shop", json!("shop")),
        ("etl_tstamp", "2026-11-22 07:48:21.250", json!("2026-11-22T07:48:21.250Z")),
        ("dvce_created_tstamp", "2026-11-22T07:48:11.482Z", json!("2026-11-22T07:48:11.482Z")),
        ("txn_id", "123456", json!(123_456)),
        ("domain_sessionidx", "3", json!(3)),
        ("geo_country", "GB", json!("GB")),
        ("geo_latitude", "51.5164", json!(51.5164)),
        ("geo_longitude", "-0.0930", json!(-0.093)),
        ("ip_isp", "FDN Communications", json!("FDN Communications")),
        ("page_urlport", "443", json!(443)),
        ("mkt_source", "news", json!("news")),
        ("se_value", "1.0E10", json!(1e10)),
        ("tr_total_base", "19.98", json!(19.98)),
        ("br_name", "Chrome", json!("Chrome")),
        ("br_cookies", "1", json!(true)),
        ("dvce_ismobile", "0", json!(false)),
        ("dvce_screenwidth", "1280", json!(1280)),
        ("refr_dvce_tstamp", "2026-11-22 07:00:00.000", json!("2026-11-22T07:00:00.000Z")),
        ("domain_sessionid", &ID.to_uppercase(), json!(ID)),
        (
            "event_fingerprint",
            "e3dbfa9cca0412c3d4052863cefb547f",
            json!("e3dbfa9cca0412c3d4052863cefb547f"),
        ),
        ("true_tstamp", "1970-01-01 00:00:00.000", json!("1970-01-01T00:00:00.000Z")),
        ("ti_quantity", "NULL", json!(null)),
        ("user_id", "A\u{85}nn", json!("Ann")),
    ] {
        assert_eq!(event(&[(column, text)]).atomic(column), expected, "{column}");
    }
}

#[test]
fn nothing_is_derived_from_urls_that_have_columns_for_their_parts() {
    let url = "https://shop.example/a?utm_source=news&gclid=g&_sp=0b1c2d3e.1795333700000#top";
    let urls = [("page_url", url), ("page_referrer", url)];
    let without_parts = event(&urls);
    for (field, name) in AtomicField::all().filter(|(_, name)| {
        ["page_url", "refr_", "mkt_"].iter().any(|start| name.starts_with(start))
    }) {
        let expected = if name == "page_url" { json!(url) } else { Value::Null };
        assert_eq!(without_parts.atomic(name), expected, "{name}");
        assert_eq!(without_parts.id_text(field).is_some(), name == "page_url", "{name}");
    }
    let [first, second] = urls;
    let corrected = event(&[first, second, ("mkt_source", "search"), ("page_urlport", "8443")]);
    assert_eq!(corrected.atomic("mkt_source"), "search");
    assert_eq!(corrected.id_text(AtomicField::known("page_urlport")).unwrap(), "8443");
}

#[test]
fn entities_of_enrichment_follow_those_of_the_tracker() {
    let entity = |name: &str| json!({"schema": format!("iglu:com.acme/{name}/jsonschema/1-0-0"), "data": {"of": name}});
    let event = event(&[
        ("derived_contexts", &contexts(json!([entity("yauaa"), entity("ua_parser")]))),
        ("contexts", &contexts(json!([entity("product")]))),
    ]);
    let names: Vec<_> = event.entities().iter().map(|entity| entity.data()["of"].clone()).collect();
    assert_eq!(names, ["product", "yauaa", "ua_parser"]);
    assert_eq!(event.atomic("contexts"), Value::Null);
    assert_eq!(event.atomic("derived_contexts"), Value::Null);
}

#[test]
fn a_self_describing_event_has_the_schema_and_the_data_of_its_column() {
    let data = json!({"schema": "iglu:com.acme/search/jsonschema/2-0-1", "data": {"n": 1}});
    let unstruct = json!({"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0", "data": data});
    let event = event(&[
        ("event", "unstruct"),
        ("unstruct_event", &unstruct.to_string()),
        ("event_vendor", "com.other"),
        ("event_name", "other"),
        ("event_format", "jsonschema"),
        ("event_version", "1-0-0"),
    ]);
    assert_eq!(event.schema().to_string(), "iglu:com.acme/search/jsonschema/2-0-1");
    assert_eq!(event.data(), Some(&json!({"n": 1})));
    assert_eq!(event.atomic("event_name"), "search");
    assert_eq!(event.atomic("unstruct_event"), Value::Null);
}

#[test]
fn the_schema_of_other_events_is_in_four_columns_or_that_of_the_type_of_event() {
    let schema = |columns: &[(&str, &str)]| event(columns).schema().to_string();
    let four = [
        ("event_vendor", "com.acme"),
        ("event_name", "heartbeat"),
        ("event_format", "jsonschema"),
        ("event_version", "1-0-3"),
    ];
    let [vendor, name, format, version] = four;
    let own = [("event", "heartbeat"), vendor, name, format, version];
    assert_eq!(schema(&own), "iglu:com.acme/heartbeat/jsonschema/1-0-3");
    assert_eq!(
        schema(&[("event", "struct"), vendor, name]),
        "iglu:com.google.analytics/event/jsonschema/1-0-0"
    );
    assert_eq!(refusal(&own[..4]), "event: `heartbeat` is not a type of event");
}

#[test]
fn an_event_without_a_derived_timestamp_gets_the_one_that_a_tracker_event_gets() {
    let created = ("dvce_created_tstamp", "2026-11-22 07:48:11.000");
    let sent = ("dvce_sent_tstamp", "2026-11-22 07:48:13.500");
    let derived = |columns: &[(&str, &str)]| {
        let event = event(columns);
        assert_eq!(event.atomic("derived_tstamp"), event.derived_tstamp().to_string());
        event.derived_tstamp().to_string()
    };
    assert_eq!(derived(&[]), "2026-11-22T07:48:20.000Z");
    assert_eq!(derived(&[created, sent]), "2026-11-22T07:48:17.500Z");
    let own = ("derived_tstamp", "2026-11-22 07:48:01.000");
    assert_eq!(derived(&[created, sent, own]), "2026-11-22T07:48:01.000Z");
}

#[test]
fn a_moment_is_the_id_that_a_tracker_sends() {
    let event = event(&[("dvce_created_tstamp", "2026-11-22 07:48:11.482")]);
    let id = |name| event.id_text(AtomicField::known(name)).map(|id| id.into_owned());
    assert_eq!(id("dvce_created_tstamp").as_deref(), Some("1795333691482"));
    assert_eq!(id("collector_tstamp"), None);
}

#[test]
fn a_bad_line_names_its_column() {
    for (columns, expected) in [
        ([("event_id", "")], "event_id: missing"),
        ([("event_id", "\u{7}")], "event_id: missing"),
        ([("collector_tstamp", "")], "collector_tstamp: missing"),
        ([("event", "")], "event: missing"),
        ([("event", "unstruct")], "unstruct_event: missing"),
        ([("event", "pv")], "event: `pv` is not a type of event"),
        (
            [("collector_tstamp", "1795333700000")],
            "collector_tstamp: `1795333700000` is not a date with a time",
        ),
        ([("true_tstamp", "now")], "true_tstamp: `now` is not a date with a time"),
        ([("txn_id", "x")], "txn_id: `x` is not an integer"),
        ([("geo_latitude", "NaN")], "geo_latitude: `NaN` is not a number"),
        ([("br_cookies", "yes")], "br_cookies: `yes` is not a boolean (0 or 1)"),
    ] {
        assert_eq!(refusal(&columns), expected);
    }
    for column in ["contexts", "unstruct_event", "derived_contexts"] {
        assert!(refusal(&[(column, "{")]).starts_with(&format!("{column}: not JSON")), "{column}");
        let other = r#"{"schema": "iglu:com.acme/other/jsonschema/1-0-0", "data": []}"#;
        assert!(refusal(&[(column, other)]).starts_with(&format!("{column}: ")), "{column}");
    }
}

#[test]
fn a_line_with_too_few_columns_is_bad_and_one_with_more_counts() {
    let whole = line(&[("true_tstamp", "2026-11-22 07:48:01.000")]);
    let (short, _) = whole.rsplit_once('\t').unwrap();
    let refusal = |line| Event::from_enriched(line).unwrap_err().to_string();
    assert_eq!(refusal(short), "columns: found 130 of 131 tab-separated columns");
    assert_eq!(refusal(""), "columns: found 1 of 131 tab-separated columns");
    assert_eq!(Event::unknown_columns(short), 0);
    assert_eq!(Event::unknown_columns(&whole), 0);

    let longer = format!("{whole}\tnew\t\r\n");
    let event = Event::from_enriched(&longer).unwrap();
    assert_eq!(event.atomic("true_tstamp"), "2026-11-22T07:48:01.000Z");
    assert_eq!(Event::unknown_columns(&longer), 2);
}

#[test]
fn the_end_of_a_line_is_no_part_of_its_last_column() {
    for end in ["\n", "\r\n", "\r"] {
        let line = line(&[("true_tstamp", "2026-11-22 07:48:01.000")]) + end;
        let event = Event::from_enriched(&line).unwrap();
        assert_eq!(event.atomic("true_tstamp"), "2026-11-22T07:48:01.000Z", "{end:?}");
    }
}

#[test]
fn a_moved_event_was_collected_then_and_keeps_the_distances_between_its_moments() {
    let event = event(&[
        ("etl_tstamp", "2026-11-22 07:48:21.000"),
        ("dvce_created_tstamp", "2026-11-22 07:48:11.482"),
        ("derived_tstamp", "2026-11-22 07:48:19.000"),
        ("true_tstamp", "2026-11-22 07:48:18.000"),
    ]);
    let later = event.collector_tstamp().plus_millis(24 * 60 * 60 * 1000);
    let moved = event.moved_to(later);
    assert_eq!(moved.collector_tstamp(), later);
    assert_eq!(moved.derived_tstamp().to_string(), "2026-11-23T07:48:19.000Z");
    for (name, expected) in [
        ("collector_tstamp", "2026-11-23T07:48:20.000Z"),
        ("derived_tstamp", "2026-11-23T07:48:19.000Z"),
        ("etl_tstamp", "2026-11-23T07:48:21.000Z"),
        ("true_tstamp", "2026-11-23T07:48:18.000Z"),
        ("dvce_created_tstamp", "2026-11-23T07:48:11.482Z"),
    ] {
        assert_eq!(moved.atomic(name), expected, "{name}");
    }
    let created = AtomicField::known("dvce_created_tstamp");
    assert_eq!(moved.id_text(created).unwrap(), "1795420091482");
    assert_eq!(moved.event_id(), Some(ID));
}

/// Texts that resemble those in columns.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        1 => any::<String>(),
        1 => "[0-9TZ:. -]{0,24}",
        1 => "[{}\\[\\]\":,a-z0-9\\\\]{0,40}",
        1 => prop::sample::select(vec![COLLECTED, ID, "page_view", "unstruct", "1", "1-0-0"])
            .prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn any_text_is_an_event_or_a_bad_one_that_names_its_column(
        texts in prop::collection::vec(text(), 0..140), required in any::<bool>(),
    ) {
        let mut texts = texts;
        if required {
            texts.resize(texts.len().max(AtomicField::COUNT), String::new());
            for (name, text) in [("collector_tstamp", COLLECTED), ("event", "struct"), ("event_id", ID)] {
                texts[AtomicField::known(name).index()] = text.to_owned();
            }
        }
        let line = texts.join("\t");
        match Event::from_enriched(&line) {
            Ok(event) => prop_assert!(event.moved_to(Timestamp::from_millis(i64::MIN)).event_id().is_some()),
            Err(bad) => prop_assert!(
                (bad.field == "columns" || AtomicField::named(&bad.field).is_some()) && !bad.reason.is_empty()
            ),
        }
    }
}
