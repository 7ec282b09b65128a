//! Runs the default definitions on requests recorded from real Snowplow trackers, and on the same events after enrichment.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde::Deserialize;
use serde_json::{Value, json};
use signals_engine::{Event, Payload, Triggered};
use signals_wire::ids::FROM_URLS;
use signals_wire::tracker_protocol::{FIELDS, SIZES};
use support::*;

macro_rules! recorded {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../tests/fixtures/collector/", $name, ".json")))),*]
    };
}

const RECORDED: [(&str, &str); 8] = recorded![
    "v3-get",
    "v3-post",
    "v4-anonymous",
    "v4-crossorigin",
    "v4-custompath",
    "v4-get",
    "v4-post",
    "v4-post-base64",
];

const COOKIE: &str = "3f0c9d2e-8a51-4c5b-9b59-1f2f4f3f0a77";

/// All events of a recording, in order, as a collector would hand them over one second apart.
fn events(recording: &str) -> Vec<Event> {
    let requests: Vec<Value> = serde_json::from_str(recording).unwrap();
    let payloads = requests.iter().flat_map(|request| match request["method"].as_str().unwrap() {
        "POST" => request["body"]["data"].as_array().unwrap().clone(),
        "GET" => vec![query(request["path"].as_str().unwrap())],
        _ => Vec::new(),
    });
    payloads
        .zip(0..)
        .map(|(payload, position)| {
            let payload = Payload::deserialize(&payload).unwrap();
            let mut arrival = arrival(START + 1000 * position);
            arrival.network_userid = Some(COOKIE.to_owned());
            Event::from_payload(payload, &arrival).unwrap()
        })
        .collect()
}

/// The events of all recordings and of the mobile apps, as enrichment wrote them.
fn enriched() -> Vec<Event> {
    let lines = include_str!("../../../tests/fixtures/enriched.tsv").lines();
    lines.map(|line| Event::from_enriched(line).unwrap()).collect()
}

/// The same events, as trackers sent them.
fn tracked() -> Vec<Event> {
    let mobile = include_str!("../../../tests/fixtures/mobile.json");
    RECORDED.iter().map(|(_, recording)| *recording).chain([mobile]).flat_map(events).collect()
}

fn query(path: &str) -> Value {
    let url = url::Url::parse("http://collector.example").unwrap().join(path).unwrap();
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn default_definitions() -> Value {
    serde_json::from_str(include_str!("../../../definitions/ecommerce.json")).unwrap()
}

#[test]
fn every_recorded_event_is_understood() {
    for (name, recording) in RECORDED {
        let events = events(recording);
        assert!(events.len() >= 5, "{name}: {}", events.len());
        let page_view = &events[0];
        assert_eq!(page_view.atomic("event_name"), json!("page_view"), "{name}");
        assert_eq!(page_view.atomic("app_id"), json!("shop"), "{name}");
        assert_eq!(page_view.atomic("mkt_source"), json!("news"), "{name}");
        assert_eq!(page_view.atomic("page_urlfragment"), json!("top"), "{name}");
        assert_eq!(page_view.atomic("network_userid"), json!(COOKIE), "{name}");
        let structured =
            events.iter().find(|event| event.atomic("event") == json!("struct")).unwrap();
        assert_eq!(structured.atomic("se_value"), json!(4.5), "{name}");
        let search = events.last().unwrap();
        assert_eq!(
            search.schema().to_string(),
            "iglu:com.example/search/jsonschema/2-0-1",
            "{name}"
        );
        assert_eq!(search.data().unwrap()["filters"][0]["v"], json!(42), "{name}");
        let product = events
            .iter()
            .flat_map(|event| event.entities())
            .find(|entity| entity.schema.name() == "product")
            .unwrap();
        assert_eq!(product.data()["name"], json!("Café mascara ☕"), "{name}");
        for event in &events {
            let waited = event.collector_tstamp().millis_since(event.derived_tstamp());
            assert!((0..60_000).contains(&waited), "{name}: derived {waited} ms before arrival");
        }
    }
}

#[test]
fn a_recorded_shopper_is_counted_alike_through_every_kind_of_request() {
    for (name, recording) in RECORDED {
        let mut run = Run::new(default_definitions());
        let events = events(recording);
        let triggered: Vec<String> =
            events.iter().flat_map(|event| names(&run.process(event))).collect();
        let Some(duid) = events[0].atomic("domain_userid").as_str().map(str::to_owned) else {
            assert_eq!(name, "v4-anonymous");
            assert!(triggered.is_empty(), "{name}");
            continue;
        };
        let groups = run.engine.attributes("domain_userid", &duid, events[0].collector_tstamp());
        let values: Vec<Value> =
            groups[0].attributes.iter().map(|attribute| attribute.value.clone()).collect();
        assert_eq!(
            values,
            [json!(1), json!(1), json!(9.99)],
            "{name}: the price of the first product only"
        );
        assert_eq!(triggered, ["cart_abandonment"], "{name}");
    }
}

#[test]
fn the_three_default_interventions_trigger_in_order_and_once() {
    let (_, recording) = RECORDED[6];
    let recorded = events(recording);
    let mut run = Run::new(default_definitions());
    let (view, add_to_cart) = (&recorded[1], &recorded[2]);

    for count in 1..=3 {
        assert!(names(&run.process(view)).is_empty(), "product view {count}");
    }
    let discount = run.process(view);
    assert_eq!(names(&discount), ["discount"]);
    assert_eq!(
        json!(discount.triggered[0].attributes_by_name()),
        json!({"count_product_views": 4})
    );
    let targets = json!(discount.triggered[0].targets);
    let (uid, duid) = (view.atomic("user_id"), view.atomic("domain_userid"));
    assert_eq!(
        targets,
        json!([{"name": "user_id", "id": uid}, {"name": "domain_userid", "id": duid}])
    );

    assert_eq!(names(&run.process(add_to_cart)), ["cart_abandonment"]);
    for count in 2..=10 {
        assert!(names(&run.process(add_to_cart)).is_empty(), "{count} times 9.99 is not over 100");
    }
    let free_shipping = run.process(add_to_cart);
    assert_eq!(names(&free_shipping), ["free_shipping"]);
    assert_eq!(
        free_shipping.triggered[0].attributes_by_name()["total_cart_value"].to_string(),
        "109.89"
    );

    for event in recorded.iter().cycle().take(50) {
        assert!(names(&run.process(event)).is_empty());
    }
}

#[test]
fn an_enriched_event_has_what_the_tracker_sent_and_what_enrichment_added() {
    let (enriched, tracked) = (enriched(), tracked());
    assert_eq!(enriched.len(), tracked.len());
    let sizes = SIZES.iter().flat_map(|(_, width, height)| [*width, *height]);
    let others = ["event", "event_vendor", "event_name", "event_format", "event_version"];
    let fields: Vec<&str> = FIELDS
        .iter()
        .map(|field| field.name)
        .filter(|name| *name != "v_collector")
        .chain(FROM_URLS.iter().map(|(name, ..)| *name))
        .chain(sizes)
        .chain(others)
        .chain(["contexts", "unstruct_event", "collector_tstamp", "derived_tstamp"])
        .collect();
    let mut with_lookups = 0;
    for (enriched, tracked) in enriched.iter().zip(&tracked) {
        for field in &fields {
            assert_eq!(enriched.atomic(field), tracked.atomic(field), "{field}");
        }
        assert_eq!(enriched.event_id(), tracked.event_id());
        assert_eq!(enriched.collector_tstamp(), tracked.collector_tstamp());
        assert_eq!(enriched.derived_tstamp(), tracked.derived_tstamp());
        assert_eq!(enriched.schema(), tracked.schema());
        assert_eq!(enriched.data(), tracked.data());
        let (of_tracker, derived) = enriched.entities().split_at(tracked.entities().len());
        assert_eq!(of_tracker, tracked.entities());

        assert_eq!(tracked.atomic("geo_country"), Value::Null);
        if enriched.atomic("geo_country") == json!("GB") {
            with_lookups += 1;
            let names: Vec<&str> = derived.iter().map(|entity| entity.schema.name()).collect();
            assert_eq!(names, ["ua_parser_context", "yauaa_context"]);
            assert_eq!(enriched.atomic("geo_latitude"), json!(54.2016));
            assert_eq!(enriched.atomic("dvce_ismobile"), json!(false));
        } else {
            assert!(derived.is_empty());
        }
    }
    assert_eq!(with_lookups, 7);
}

#[test]
fn enriched_events_count_and_trigger_like_the_same_events_from_trackers() {
    let run = |events: &[Event]| {
        let mut run = Run::new(default_definitions());
        let triggered: Vec<Vec<Triggered>> =
            events.iter().map(|event| run.process(event).triggered).collect();
        let profiles: Vec<Value> = events
            .iter()
            .filter_map(|event| Some(event.atomic("domain_userid").as_str()?.to_owned()))
            .map(|id| {
                let now = events[0].collector_tstamp().plus_millis(60_000);
                let [group] = &run.engine.attributes("domain_userid", &id, now)[..] else {
                    panic!("there is one group")
                };
                group.attributes.iter().map(|attribute| attribute.value.clone()).collect()
            })
            .collect();
        (triggered, profiles)
    };
    let (triggered, profiles) = run(&enriched());
    assert_eq!((triggered.clone(), profiles.clone()), run(&tracked()));
    assert_eq!(triggered.iter().filter(|list| !list.is_empty()).count(), 7);
    assert!(profiles.contains(&json!([1, 1, 9.99])));
}
