//! The requests of the browser extension Snowplow Inspector when this server is its Signals sandbox.

use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Server, USER, event_id, payload, request};

/// The extension's options accept only a UUID as a token.
const TOKEN: &str = "0d9a7c5e-8f0a-4c8e-b0a5-3f6c1c1f9a10";

const ORIGIN: &str = "chrome-extension://maplkdomeamdlngconidoefjpogkmljm";

const REGISTRY: [&str; 3] = [
    "/api/v1/registry/attribute_keys/",
    "/api/v1/registry/attribute_groups/?applied=true",
    "/api/v1/registry/interventions/",
];
const READ: &str = "/api/v1/get-online-attributes";

fn server() -> Server {
    Server::with(|options| options.token = TOKEN.into())
}

/// With the headers of the extension's client.
fn as_extension(method: Method, path: &str) -> Builder {
    request(method, path)
        .header("origin", ORIGIN)
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .header("x-signals-sdk-name", "snowplow-inspector 0.3.20")
}

async fn preflight(server: &Server, method: &str, path: &str) -> Answer {
    let request = request(Method::OPTIONS, path)
        .header("origin", ORIGIN)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type,x-signals-sdk-name");
    server.send(request.body(Body::empty()).unwrap()).await
}

async fn get(server: &Server, path: &str) -> Value {
    let request = as_extension(Method::GET, path).body(Body::empty()).unwrap();
    let answer = server.send(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    answer.json()
}

#[tokio::test]
async fn browsers_may_send_what_the_extension_sends() {
    let server = server();
    for (method, path) in REGISTRY.map(|path| ("GET", path)).into_iter().chain([("POST", READ)]) {
        let answer = preflight(&server, method, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert!(answer.header("access-control-allow-methods").unwrap().contains(method), "{path}");
        let allowed = answer.header("access-control-allow-headers").unwrap();
        for header in ["authorization", "content-type", "x-signals-sdk-name"] {
            assert!(allowed.contains(header), "{path}: {allowed}");
        }
    }
}

#[tokio::test]
async fn pages_may_look_at_the_registry_and_not_change_it() {
    let server = server();
    for method in ["POST", "PUT", "DELETE"] {
        let answer = preflight(&server, method, REGISTRY[0]).await;
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET"), "{method}");
    }
}

#[tokio::test]
async fn the_extension_finds_keys_groups_and_interventions_in_the_form_that_it_shows() {
    let server = server();
    let [keys, groups, interventions] = REGISTRY;
    let keys = get(&server, keys).await;
    // A key whose id is in an entity has a property instead.
    let ids: Vec<&str> =
        keys.as_array().unwrap().iter().filter_map(|it| it["key"].as_str()).collect();
    assert!(ids.contains(&"domain_userid") && ids.contains(&"domain_sessionid"), "{ids:?}");

    let groups = get(&server, groups).await;
    let group = &groups[0];
    assert_eq!(group["attribute_key"]["name"], "domain_userid");
    assert!(group["version"].is_u64() && group["offline"] != true, "{group}");
    assert!(group["attributes"].as_array().unwrap().iter().all(|it| it["name"].is_string()));

    let interventions = get(&server, interventions).await;
    assert!(interventions.as_array().unwrap().iter().all(|it| it["criteria"].is_object()));
}

#[tokio::test]
async fn the_extension_reads_the_attributes_of_a_group_and_hears_of_interventions() {
    let server = server();
    let stream_of_user = format!("domain_userid={USER}");
    let mut stream = server.open_with(&stream_of_user, &[("origin", ORIGIN)]).await;
    assert_eq!(stream.headers["access-control-allow-origin"], "*");
    stream.skip_opening().await;

    let view = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
        "data": {
            "schema": "iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2",
            "data": {"type": "product_view"},
        },
    });
    let event = || json!({"e": "ue", "p": "web", "tv": "js", "duid": USER, "eid": event_id(), "ue_pr": view.to_string()});
    let events: Vec<Value> = (0..4).map(|_| event()).collect();
    assert_eq!(server.collect_body(payload(&events).to_string()).await.status, StatusCode::OK);

    let body = json!({
        "attributes": ["ecom_attributes_v1:count_product_views"],
        "attribute_keys": {"domain_userid": [USER]},
    });
    let request = as_extension(Method::POST, READ).body(Body::from(body.to_string())).unwrap();
    let answer = server.send(request).await;
    assert_eq!(answer.json(), json!({"domain_userid": [USER], "count_product_views": [4]}));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));

    let (_, instance) = stream.instance().await;
    assert_eq!(instance["name"], "discount");
    assert_eq!(instance["target_attribute_key"], json!({"name": "domain_userid", "id": USER}));
}

#[tokio::test]
async fn a_resource_that_this_server_does_not_have_is_not_found_and_browsers_see_that() {
    let server = server();
    let request =
        as_extension(Method::GET, "/api/v1/registry/unheard_of/").body(Body::empty()).unwrap();
    let answer = server.send(request).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert!(answer.json()["detail"].is_string(), "{}", answer.text());
}
