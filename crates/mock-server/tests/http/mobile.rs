//! Mobile apps: events in the form of Snowplow's trackers for iOS and Android, and the attribute keys of such apps.

use axum::http::StatusCode;
use serde_json::{Value, json};
use signals_engine::Definitions;

use crate::support::Server;

/// A request in the form of each tracker: JSON on iOS escapes every slash, and Android uses base64.
fn requests() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../../tests/fixtures/mobile.json")).unwrap()
}

/// Definitions with one intervention, `welcome`, for the first screen view of each id of `attribute_key`.
fn counting_screens_by(attribute_key: &str) -> Definitions {
    let definitions = json!({
        "attribute_groups": [{
            "name": "app",
            "version": 1,
            "attribute_key": {"name": attribute_key},
            "attributes": [{
                "name": "screens",
                "type": "int32",
                "events": [{"name": "screen_view", "vendor": "com.snowplowanalytics.mobile"}],
                "aggregation": "counter",
            }],
        }],
        "interventions": [{
            "name": "welcome",
            "version": 1,
            "criteria": {"attribute": "app:screens", "operator": "=", "value": 1},
        }],
    });
    Definitions::from_json(&definitions.to_string()).unwrap()
}

/// Opens a stream for `id`, sends every request, and returns what arrives.
async fn welcomed(attribute_key: &str, id: &str) -> Value {
    let server = Server::with(|options| {
        options.definitions = counting_screens_by(attribute_key);
        options.strict_ids = true;
    });
    let mut stream = server.open(&format!("{attribute_key}={id}")).await;
    for request in requests() {
        let answer = server.collect_body(request["body"].to_string()).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(server.metric("signals_events_total{outcome=\"bad\"}").await, 0.0);
    let (_, instance) = stream.instance().await;
    assert!(stream.is_quiet().await);
    instance
}

#[tokio::test]
async fn users_of_an_app_are_reached_by_the_user_id_of_their_session_entity() {
    for (tracker, id) in
        [("iOS", "9c8b7a6d-5e4f-4321-8fed-cba987654321"), ("Android", "a1b2c3d4e5f60718")]
    {
        let instance = welcomed("client_session_user_id", id).await;
        assert_eq!(instance["name"], "welcome", "{tracker}");
        let target = json!({"name": "client_session_user_id", "id": id});
        assert_eq!(instance["target_attribute_key"], target, "{tracker}");
    }
}

#[tokio::test]
async fn sessions_of_an_app_are_reached_by_the_session_id_of_their_session_entity() {
    for (tracker, id) in [
        ("iOS", "4d5a1f6e-0c3b-4a79-8f21-6be1c2d3a4b5"),
        ("Android", "c0ffee12-3456-4789-8abc-def012345678"),
    ] {
        let instance = welcomed("client_session_session_id", id).await;
        let target = json!({"name": "client_session_session_id", "id": id});
        assert_eq!(instance["target_attribute_key"], target, "{tracker}");
    }
}
