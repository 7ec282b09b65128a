//! Scripted faults apply between clients and the server.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{
    Answer, STREAM, Server, USER, counting_page_views, event_id, page_view, payload, request,
};

const PAGE: &str = "https://shop.example";

async fn from_a_page(server: &Server, method: Method, path: &str) -> Answer {
    let body = payload(&[page_view(USER, &event_id())]).to_string();
    let request = request(method, path).header("origin", PAGE).body(body.into());
    server.send(request.unwrap()).await
}

async fn script(server: &Server, script: serde_json::Value) {
    let answer = server.post_as_owner("/mock/faults", &script).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
}

#[tokio::test]
async fn a_refusal_strikes_wherever_trackers_send_and_pages_can_read_it_as_any_other_answer() {
    let server = Server::new();
    let fault = json!({"status": 503});
    script(&server, json!({"collector": fault, "stream": fault})).await;
    for path in ["/com.snowplowanalytics.snowplow/tp2", "/com.acme/track", "/i"] {
        let answer = from_a_page(&server, Method::POST, path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{path}");
        let preflight = from_a_page(&server, Method::OPTIONS, path).await;
        assert_eq!(preflight.status, StatusCode::OK, "{path}");
    }
    let stream = from_a_page(&server, Method::GET, &format!("{STREAM}?domain_userid={USER}")).await;
    assert_eq!(stream.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stream.header("access-control-allow-origin"), Some("*"));
    assert_eq!(server.metric("signals_events_total{outcome=\"good\"}").await, 0.0);
    for path in ["/health", "/metrics", "/inspector", "/docs", "/inspector/main.js"] {
        assert_eq!(server.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn garbage_comes_after_what_a_stream_has_missed_and_is_no_instance_to_count() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    let user = format!("domain_userid={USER}");
    server.push(&user, "missed").await;
    let stream = json!({"send_raw": "data: {oops\n\n", "drop_after_events": 2});
    script(&server, json!({"stream": stream})).await;
    let mut stream = server.open(&user).await;
    assert_eq!(stream.names(1).await, ["missed"]);
    assert_eq!(stream.next().await.unwrap(), "data: {oops\n\n");
    server.push(&user, "second").await;
    assert_eq!(stream.names(1).await, ["second"]);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_drop_counts_what_an_open_stream_has_brought_before_it_was_scripted() {
    let server = Server::new();
    let user = format!("domain_userid={USER}");
    let mut stream = server.open(&user).await;
    server.push(&user, "first").await;
    assert_eq!(stream.names(1).await, ["first"]);
    script(&server, json!({"stream": {"drop_after_events": 1}})).await;
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn dropping_after_no_event_at_all_concerns_open_streams_at_once_and_ends_with_the_faults() {
    let server = Server::new();
    let user = format!("domain_userid={USER}");
    let mut open = server.open(&user).await;
    script(&server, json!({"stream": {"drop_after_events": 0, "send_raw": ":raw\n\n"}})).await;
    assert_eq!(open.next().await, None);
    assert_eq!(server.open(&user).await.next().await, None);
    script(&server, json!({"stream": {"send_raw": ":late\n\n"}})).await;
    server.send_as_owner(Method::DELETE, "/mock/faults", &json!(null)).await;
    assert!(server.open(&user).await.is_quiet().await);
}
