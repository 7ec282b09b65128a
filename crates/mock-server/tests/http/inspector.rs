//! The journal that the inspector follows, and the page itself.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::support::{OTHER_USER, Server, USER, counting_page_views, event_id, page_view};

async fn journal(server: &Server, query: &str) -> Value {
    let answer = server.get_as_owner(&format!("/mock/journal{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

fn kinds(journal: &Value) -> Vec<&str> {
    journal["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_journal_tells_what_happened_in_order() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    let again = page_view(USER, &event_id());
    let _stream = server.open(&format!("domain_userid={USER}")).await;
    server.collect(&[again.clone(), again, page_view(USER, &event_id())]).await;
    server.collect(&[json!({"e": "pv", "dtm": "yesterday", "duid": USER})]).await;
    server.collect(&[page_view(USER, &event_id())]).await;

    let journal = journal(&server, "").await;
    assert_eq!(
        kinds(&journal),
        ["stream_opened", "good", "duplicate", "good", "bad", "good", "published"]
    );
    let entries = &journal["entries"];
    assert_eq!(entries[1]["event"]["event_name"], "page_view");
    assert_eq!(entries[1]["ids"][0], json!({"name": "domain_userid", "id": USER}));
    assert_eq!(entries[4]["bad_row"]["field"], "dtm");
    assert_eq!(entries[6]["instance"]["name"], "third_view");
    assert_eq!(entries[6]["streams"], 1);
    assert_eq!(journal["latest"], 7);
    assert_eq!(journal["missed"], 0);
}

#[tokio::test]
async fn the_journal_of_one_id_leaves_out_the_others() {
    let server = Server::new();
    server.collect(&[page_view(USER, &event_id()), page_view(OTHER_USER, &event_id())]).await;
    server.collect(&[json!({"e": "pv", "dtm": "yesterday", "duid": USER})]).await;
    let path = |user: &str| format!("?key=domain_userid&id={user}");
    assert_eq!(kinds(&journal(&server, &path(USER)).await), ["good", "bad"]);
    assert_eq!(kinds(&journal(&server, &path(OTHER_USER)).await), ["good"]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_waits_is_answered_when_something_happens_or_its_time_is_up() {
    let server = Server::new();
    let started = Instant::now();
    let nothing = journal(&server, "?wait_ms=4000").await;
    assert_eq!((kinds(&nothing).len(), started.elapsed()), (0, Duration::from_secs(4)));

    let waiting = journal(&server, "?wait_ms=30000");
    let something = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.collect(&[page_view(USER, &event_id())]).await;
    };
    let (news, _) =
        timeout(Duration::from_secs(2), async { tokio::join!(waiting, something) }).await.unwrap();
    assert_eq!(kinds(&news), ["good"]);
}

#[tokio::test]
async fn the_journal_is_for_the_owner_and_names_what_makes_no_sense() {
    let server = Server::new();
    assert_eq!(server.get("/mock/journal").await.status, StatusCode::UNAUTHORIZED);
    for (query, name) in [
        ("after=soon", "after"),
        ("wait_ms=-1", "wait_ms"),
        ("key=domain_userid", "id"),
        ("id=1", "key"),
        ("key=shoe_size&id=1", "key"),
    ] {
        let answer = server.get_as_owner(&format!("/mock/journal?{query}")).await;
        assert_eq!(answer.locs(), [json!(["query", name])], "{query}");
    }
}

#[tokio::test]
async fn a_reset_forgets_the_journal_and_goes_on_counting() {
    let server = Server::new();
    server.collect(&[page_view(USER, &event_id())]).await;
    server.post_as_owner("/mock/reset", &json!({})).await;
    let journal = journal(&server, "").await;
    assert_eq!((kinds(&journal).len(), journal["latest"].as_u64()), (0, Some(1)));
}

#[tokio::test]
async fn the_state_of_an_id_explains_its_interventions() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    server.collect(&[page_view(USER, &event_id())]).await;
    let _stream = server.open(&format!("domain_userid={USER}")).await;
    let state =
        server.get_as_owner(&format!("/mock/state?key=domain_userid&id={USER}")).await.json();
    assert_eq!(state["ids"][0], json!({"name": "domain_userid", "id": USER}));
    assert_eq!(state["ids"][1]["name"], "network_userid", "whom the collector gave a cookie");
    assert_eq!(state["open_streams"], 1);
    let rule = &state["interventions"][0];
    assert_eq!((&rule["name"], &rule["criteria"]["holds"]), (&json!("third_view"), &json!(false)));
    assert_eq!(rule["criteria"]["actual"], 1);
    assert_eq!(rule["received_by"], json!([]));
}

#[tokio::test]
async fn everything_the_inspector_page_refers_to_is_there() {
    let server = Server::new();
    let page = server.get("/inspector").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self'"));
    let html = page.text();
    let mut wanted: Vec<String> =
        html.split('"').filter(|part| part.starts_with("inspector/")).map(str::to_owned).collect();
    assert!(wanted.len() >= 4, "{wanted:?}");
    let mut looked_at = 0;
    while let Some(path) = wanted.get(looked_at).cloned() {
        looked_at += 1;
        let file = server.get(&format!("/{path}")).await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        for import in file.text().split("from './").skip(1) {
            let name = import.split('\'').next().unwrap();
            let imported = format!("inspector/{name}");
            if !wanted.contains(&imported) {
                wanted.push(imported);
            }
        }
    }
}
