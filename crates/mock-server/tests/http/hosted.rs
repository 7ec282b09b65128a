//! A server that guarantees no more than hosted Signals.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use signals_mock_server::Hosted;
use tokio::time;

use crate::support::{STREAM, Server, Stream, USER, counting_page_views, event_id, page_view};

const DELAY: Duration = Duration::from_millis(500);

fn hosted() -> Server {
    Server::with(|options| {
        options.definitions = counting_page_views();
        options.hosted = Some(Hosted { processing_delay: DELAY });
    })
}

impl Server {
    async fn open_hosted(&self, resume: &[(&str, &str)]) -> Stream {
        let mut stream = self.open_with(&to_user(), resume).await;
        assert_eq!(stream.next().await.as_deref(), Some(":\n\n"), "an opening without any promise");
        stream
    }

    async fn see_pages(&self, count: usize) {
        let views: Vec<Value> = (0..count).map(|_| page_view(USER, &event_id())).collect();
        assert_eq!(self.collect(&views).await.status, StatusCode::OK);
    }

    async fn counted_views(&self) -> Value {
        let state = self.get_as_owner(&format!("/mock/state?key=domain_userid&id={USER}")).await;
        state.json()["profile"][0]["attributes"]["page_views"].clone()
    }
}

fn to_user() -> String {
    format!("domain_userid={USER}")
}

#[tokio::test]
async fn an_instance_is_an_event_without_an_id() {
    let server = hosted();
    let mut stream = server.open_hosted(&[]).await;
    assert_eq!(server.push(&to_user(), "hello_there").await, "success");
    let frame = stream.next().await.unwrap();
    assert!(frame.starts_with("data: {") && frame.ends_with("}\n\n"), "{frame}");
}

#[tokio::test]
async fn what_no_open_stream_had_is_lost() {
    let server = hosted();
    assert_eq!(server.push(&to_user(), "too_early").await, "undelivered");
    let mut first = server.open_hosted(&[]).await;
    assert!(first.is_quiet().await);
}

#[tokio::test]
async fn no_id_resumes_a_stream() {
    let server = hosted();
    let gone = server.open_hosted(&[]).await;
    server.push(&to_user(), "missed").await;
    drop(gone);
    let mut by_header = server.open_hosted(&[("last-event-id", "00000000-0")]).await;
    assert!(by_header.is_quiet().await);
    let query = format!("{}&last_event_id=00000000-0", to_user());
    let mut by_parameter = server.open_with(&query, &[]).await;
    by_parameter.next().await;
    assert!(by_parameter.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn the_collector_answers_first_and_events_count_after_the_delay() {
    let server = hosted();
    let mut stream = server.open_hosted(&[]).await;
    server.see_pages(3).await;
    assert_eq!(server.counted_views().await, 0);
    assert!(stream.is_quiet().await);
    time::sleep(DELAY - Duration::from_millis(1)).await;
    assert_eq!(server.counted_views().await, 0);
    let frame = stream.next().await.unwrap();
    assert!(frame.contains("\"name\":\"third_view\""), "{frame}");
    assert_eq!(server.counted_views().await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_opens_before_the_delay_is_over_gets_what_the_events_trigger() {
    let server = hosted();
    server.see_pages(3).await;
    let mut stream = server.open_hosted(&[]).await;
    assert!(stream.next().await.unwrap().contains("third_view"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_opens_after_the_delay_does_not() {
    let server = hosted();
    server.see_pages(3).await;
    time::sleep(2 * DELAY).await;
    assert_eq!(server.counted_views().await, 3);
    assert!(server.open_hosted(&[]).await.is_quiet().await);
}

#[tokio::test]
async fn a_bad_event_is_set_aside_after_the_delay_too() {
    let server = hosted();
    server.collect(&[json!({"e": "nonsense"})]).await;
    let rows = async || server.get_as_owner("/mock/bad-rows").await.json();
    assert_eq!(rows().await, json!([]));
    time::pause();
    time::sleep(2 * DELAY).await;
    assert_eq!(rows().await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn without_the_flag_nothing_of_this_is_so() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    server.see_pages(3).await;
    assert_eq!(server.counted_views().await, 3);
    let mut stream = server.open_with(&to_user(), &[]).await;
    assert!(stream.next().await.unwrap().contains("event: hello"), "{STREAM}");
    assert_eq!(stream.instance().await.1["name"], "third_view");
}
