//! Enriched events: what the server makes of the lines of a real pipeline.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use signals_server::Senders;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task;

use crate::program::failure;
use crate::support::{Answer, NOW, Server, as_owner, request};

const PATH: &str = "/mock/enriched-events";
const LINES: &str = include_str!("../../../../tests/fixtures/enriched.tsv");

/// A shopper of the fixture, who puts something into the cart.
const SHOPPER: &str = "276a81e2-3f47-4a02-9d25-035c5ae4311c";

impl Server {
    async fn post_lines(&self, lines: impl Into<Body>) -> Answer {
        self.send(as_owner(request(Method::POST, PATH)).body(lines.into()).unwrap()).await
    }

    async fn attributes_of_shopper(&self) -> Value {
        let state =
            self.get_as_owner(&format!("/mock/state?key=domain_userid&id={SHOPPER}")).await.json();
        state["profile"][0]["attributes"].clone()
    }
}

#[tokio::test]
async fn lines_count_like_events_of_trackers_and_trigger() {
    let server = Server::new();
    let mut stream = server.open(&format!("domain_userid={SHOPPER}")).await;
    let answer = server.post_lines(LINES).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"events": 54, "bad": 0})));
    let (_, instance) = stream.instance().await;
    assert_eq!(instance["name"], "cart_abandonment");
    let attributes = server.attributes_of_shopper().await;
    assert_eq!(attributes["count_product_views"], 1);
    assert_eq!(attributes["total_cart_value"], 9.99);
    assert_eq!(server.metric("signals_events_total{outcome=\"good\"}").await, 54.0);

    server.post_lines(LINES).await;
    assert_eq!(server.metric("signals_events_total{outcome=\"duplicate\"}").await, 54.0);
    assert_eq!(server.attributes_of_shopper().await, attributes);
    assert!(stream.is_quiet().await);
}

#[tokio::test]
async fn old_lines_count_as_collected_now() {
    let server = Server::new();
    // The default lifetime is seven days, and the fixture is from November.
    server.clock.advance(Duration::from_secs(100 * 24 * 60 * 60));
    server.post_lines(LINES).await;
    assert_eq!(server.attributes_of_shopper().await["count_product_views"], 1);
}

#[tokio::test]
async fn a_line_that_is_no_event_becomes_a_bad_row_and_the_others_count() {
    let server = Server::new();
    let (first, _) = LINES.split_once('\n').unwrap();
    let mut columns: Vec<&str> = first.split('\t').collect();
    columns[3] = "yesterday";
    let without_time = columns.join("\t");
    let body = [without_time.as_bytes(), b"\r\n\xff\n\n", first.as_bytes()].concat();
    let answer = server.post_lines(body).await;
    assert_eq!(answer.json(), json!({"events": 1, "bad": 2}));
    let rows = server.get_as_owner("/mock/bad-rows").await.json();
    let shown = |row: &Value| (row["field"].clone(), row["reason"].clone());
    assert_eq!(
        rows.as_array().unwrap().iter().map(shown).collect::<Vec<_>>(),
        [
            (json!("collector_tstamp"), json!("`yesterday` is not a date with a time")),
            (json!("columns"), json!("found 1 of 131 tab-separated columns")),
        ]
    );
    assert_eq!(rows[0]["collector_tstamp"], NOW.as_millis());
    assert_eq!(rows[1]["payload"], "\u{fffd}");
}

#[tokio::test]
async fn lines_need_the_token_and_have_a_limit() {
    let server = Server::new();
    let unauthorized = server.send(request(Method::POST, PATH).body(LINES.into()).unwrap()).await;
    assert_eq!(unauthorized.status, StatusCode::UNAUTHORIZED);
    let too_large = server.post_lines("x".repeat((1 << 20) + 1)).await;
    assert_eq!(too_large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(server.get_as_owner("/mock/bad-rows").await.json(), json!([]));
    assert_eq!(server.post_lines("").await.json(), json!({"events": 0, "bad": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_to_a_server_without_this_route_says_what_to_do() {
    let state = Server::new().state.server().clone();
    let not_found = async || StatusCode::NOT_FOUND;
    let without_mock = signals_server::app(state.clone());
    let older_mock = signals_server::app_with(state.clone(), not_found);
    for router in [without_mock, older_mock] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { stopped.await.unwrap() };
        let senders = Senders::default();
        let run = signals_server::run(listener, None, router, state.clone(), senders, shutdown);
        let running = tokio::spawn(run);
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/enriched.tsv");
        let refused = task::spawn_blocking({
            let url = url.clone();
            move || failure(&["replay", "--format", "enriched-tsv", file, "--url", &url])
        });
        assert_eq!(
            refused.await.unwrap(),
            format!(
                "error: {url} does not receive enriched events. Pass the address of a signals-mock-server in --url"
            )
        );
        stop.send(()).unwrap();
        running.await.unwrap();
    }
}
