//! Agentic contexts: their registry, and what agents read.

use std::path::Path;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use signals_engine::Definitions;
use signals_mock_server::Persistence;

use crate::program::Directory;
use crate::support::{Answer, NOW, Server, USER, event_id, page_view};

const LOGS: &str = "/api/v1/registry/event_logs/";
const LOG: &str = "/api/v1/registry/event_logs/now";
const SESSION: &str = "887a6de4-5987-4023-9862-b0ebbd14857a";

/// A server without definitions.
fn bare() -> Server {
    Server::with(|options| options.definitions = Definitions::default())
}

/// Keeps the last pages of a session, as the Python SDK sends it.
fn log(max_events: u64) -> Value {
    json!({
        "name": "now", "version": 1, "owner": "owner@example.com", "prompt": "Help to choose.",
        "attribute_key": {"name": "domain_sessionid"},
        "events": [{
            "event": {"name": "page_view", "vendor": "com.snowplowanalytics.snowplow", "version": "1-0-0"},
            "properties": [
                {"type": "atomic", "name": "event_name"},
                {"type": "atomic", "name": "page_urlpath"},
                {"type": "atomic", "name": "page_title"},
            ],
        }],
        "max_events": max_events, "max_age_seconds": 1_800,
    })
}

impl Server {
    async fn log(&self) -> Value {
        ok(&self.get_as_owner(LOG).await)
    }

    async fn create(&self, log: &Value) {
        ok(&self.post_as_owner(LOGS, log).await);
    }

    async fn edit(&self, log: &Value) -> Value {
        ok(&self.send_as_owner(Method::PUT, LOG, log).await)
    }

    async fn publish(&self) -> Answer {
        self.post_as_owner("/api/v1/engines/publish", &reference()).await
    }

    async fn unpublish(&self) -> Answer {
        self.post_as_owner("/api/v1/engines/unpublish", &reference()).await
    }

    async fn delete(&self) -> Answer {
        self.send_as_owner(Method::DELETE, LOG, &Value::Null).await
    }

    /// Views pages in [`SESSION`].
    async fn browse(&self, paths: &[&str]) {
        for path in paths {
            let mut event = page_view(USER, &event_id());
            event["sid"] = json!(SESSION);
            event["url"] = json!(format!("https://shop.example{path}"));
            assert_eq!(self.collect(&[event]).await.status, StatusCode::OK);
        }
    }

    async fn context(&self, format: &str) -> Answer {
        let path = format!("/api/v1/event_log?name=now&identifier={SESSION}&format={format}");
        self.get_as_owner(&path).await
    }

    /// The paths of the pages in the context.
    async fn pages(&self) -> Vec<Value> {
        let context = ok(&self.context("json").await);
        let events = context["events"].as_array().unwrap().iter();
        events.map(|event| event["page_urlpath"].clone()).collect()
    }
}

fn reference() -> Value {
    json!({"event_logs": [{"name": "now"}]})
}

fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// `is_published` and `has_published_version`.
fn state(log: &Value) -> [bool; 2] {
    ["is_published", "has_published_version"].map(|field| log[field].as_bool().unwrap())
}

#[tokio::test]
async fn an_event_log_is_a_draft_until_it_is_published_by_reference() {
    let server = bare();
    let mut sent = log(50);
    sent["is_published"] = json!(true);
    server.create(&sent).await;
    assert_eq!(state(&server.log().await), [false, false]);
    assert_eq!(server.context("json").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.post_as_owner(LOGS, &sent).await.status, StatusCode::BAD_REQUEST);

    assert_eq!(ok(&server.publish().await)["status"], "published");
    assert_eq!(ok(&server.publish().await)["status"], "nothing to publish");
    let shown = server.log().await;
    assert_eq!(state(&shown), [true, true]);
    assert_eq!(shown["version"], 1);
    assert_eq!(shown["max_events"], 50);
    assert_eq!(shown["events"][0]["event"]["name"], "page_view");
    assert_eq!(shown["events"][0]["properties"], log(50)["events"][0]["properties"]);
    assert_eq!(ok(&server.get_as_owner(LOGS).await)[0], shown);
}

#[tokio::test]
async fn an_edit_waits_as_a_draft_while_the_published_form_keeps_events() {
    let server = bare();
    server.create(&log(50)).await;
    server.publish().await;
    server.browse(&["/a", "/b"]).await;

    assert_eq!(state(&server.edit(&log(1)).await), [false, true]);
    assert_eq!(server.log().await["max_events"], 1);
    let applied = ok(&server.get_as_owner(&format!("{LOGS}?applied=true")).await);
    assert_eq!((&applied[0]["max_events"], state(&applied[0])), (&json!(50), [true, true]));
    server.browse(&["/c"]).await;
    assert_eq!(server.pages().await, ["/a", "/b", "/c"]);

    // The draft is what was published before, so there is nothing to publish.
    assert_eq!(state(&server.edit(&log(50)).await), [true, true]);
    assert_eq!(ok(&server.publish().await)["status"], "nothing to publish");
    assert_eq!(server.pages().await, ["/a", "/b", "/c"]);

    server.edit(&log(1)).await;
    assert_eq!(ok(&server.publish().await)["status"], "published");
    assert_eq!(state(&server.log().await), [true, true]);
    server.browse(&["/d", "/e"]).await;
    assert_eq!(server.pages().await, ["/e"]);
}

#[tokio::test]
async fn a_new_prompt_does_not_forget_the_events() {
    let server = bare();
    server.create(&log(50)).await;
    server.publish().await;
    server.browse(&["/a"]).await;
    let mut edited = log(50);
    edited["prompt"] = json!("Sell more.");
    server.edit(&edited).await;
    assert_eq!(ok(&server.context("json").await)["prompt"], "Help to choose.");
    server.publish().await;
    assert_eq!(ok(&server.context("json").await)["prompt"], "Sell more.");
    assert_eq!(server.pages().await, ["/a"]);
}

#[tokio::test]
async fn only_an_unpublished_event_log_can_be_deleted() {
    let server = bare();
    server.create(&log(50)).await;
    server.publish().await;
    server.edit(&log(1)).await;
    let refused = server.delete().await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["detail"], "event log `now` is published. Unpublish it first");

    assert_eq!(ok(&server.unpublish().await)["status"], "unpublished");
    assert_eq!(ok(&server.unpublish().await)["status"], "nothing to unpublish");
    assert_eq!(state(&server.log().await), [false, false]);
    assert_eq!(server.log().await["max_events"], 1, "the draft stays");
    assert_eq!(server.context("json").await.status, StatusCode::NOT_FOUND);
    ok(&server.delete().await);
    for answer in [server.get_as_owner(LOG).await, server.delete().await] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let edited = server.send_as_owner(Method::PUT, LOG, &log(1)).await;
    assert_eq!(edited.status, StatusCode::NOT_FOUND);
    assert_eq!(server.publish().await.locs(), [json!(["body", "event_logs", 0])]);
}

#[tokio::test]
async fn an_invalid_event_log_is_refused_by_its_field() {
    let server = bare();
    server.create(&log(50)).await;
    server.publish().await;
    server.edit(&log(40)).await;
    for (pointer, value, path) in [
        ("/max_events", json!(101), json!(["max_events"])),
        ("/max_events", json!(-1), json!(["max_events"])),
        ("/max_age_seconds", json!(3_601), json!(["max_age_seconds"])),
        ("/prompt", json!("x".repeat(3_801)), json!(["prompt"])),
        ("/attribute_key/name", json!("user_id"), json!(["attribute_key", "name"])),
        ("/events", json!([]), json!(["events"])),
        ("/events/0/properties", json!([]), json!(["events", 0, "properties"])),
        (
            "/events/0/properties/0/type",
            json!("calculated"),
            json!(["events", 0, "properties", 0, "type"]),
        ),
        ("/events/0/event/version", json!("1"), json!(["events", 0, "event", "version"])),
    ] {
        let mut sent = log(50);
        *sent.pointer_mut(pointer).unwrap() = value;
        let answer = server.send_as_owner(Method::PUT, LOG, &sent).await;
        let mut loc = json!(["body"]);
        loc.as_array_mut().unwrap().extend(path.as_array().unwrap().clone());
        assert_eq!(answer.locs(), [loc], "{pointer}");
    }
    assert_eq!(server.log().await["max_events"], 40);
    let mut named = log(50);
    named["name"] = json!("a-b");
    assert_eq!(server.post_as_owner(LOGS, &named).await.locs(), [json!(["body", "name"])]);
}

#[tokio::test]
async fn a_context_is_read_as_json_and_as_a_narrative() {
    let server = bare();
    server.create(&log(50)).await;
    server.publish().await;
    server.browse(&["/a"]).await;
    server.clock.advance(Duration::from_secs(45));
    server.browse(&["/cart"]).await;
    server.clock.advance(Duration::from_secs(45));

    let summary = "45 seconds on the current page. Session started 90 seconds ago. Based on last 50 recorded events for the last 1800 seconds.";
    let at = |seconds: i64| NOW.plus_millis(seconds * 1_000).to_string();
    assert_eq!(
        ok(&server.context("json").await),
        json!({
            "summary": summary,
            "attribute_key": "domain_sessionid",
            "identifier": SESSION,
            "name": "now",
            "version": 1,
            "prompt": "Help to choose.",
            "started_at_ms": NOW.as_millis(),
            "events": [
                {"derived_tstamp": at(0), "event_name": "page_view", "page_urlpath": "/a"},
                {"derived_tstamp": at(45), "event_name": "page_view", "page_urlpath": "/cart"},
            ],
        })
    );
    let narrative = server.context("narrative").await;
    assert_eq!(narrative.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(
        narrative.text(),
        format!(
            "Help to choose.\n[START CONTEXT]\n{summary}\n## Real-time user behaviour\n\
             Events are ordered from oldest to most recent.\n\
             seconds_since_start_of_session, event, url, event_context\n\
             0, page_view, /a, {{}}\n45, page_view, /cart, {{}}\n[END CONTEXT]"
        )
    );

    server.clock.advance(Duration::from_secs(1_800));
    assert_eq!(ok(&server.context("json").await)["events"], json!([]));
}

#[tokio::test]
async fn reading_needs_the_token_the_parameters_and_a_context_that_is_published() {
    let server = bare();
    server.create(&log(50)).await;
    server.publish().await;
    let path = |query: &str| format!("/api/v1/event_log?{query}");
    assert_eq!(server.get(&path("name=now&identifier=s")).await.status, StatusCode::UNAUTHORIZED);
    let empty = ok(&server.get_as_owner(&path("name=now&identifier=s")).await);
    assert_eq!(empty["events"], json!([]));
    let unknown = server.get_as_owner(&path("name=x&identifier=s")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.json()["detail"], "event log `x` is not published");
    let missing = server.get_as_owner(&path("name=now")).await;
    assert_eq!(missing.locs(), [json!(["query", "identifier"])]);
    let odd = server.get_as_owner(&path("name=now&identifier=s&format=xml")).await;
    assert_eq!(odd.locs(), [json!(["query", "format"])]);
}

/// A server with a data file.
fn saving(file: &Path) -> Server {
    Server::with(|options| {
        options.definitions = Definitions::default();
        options.persistence = Some(Persistence { file: file.to_owned(), republish: false });
    })
}

#[tokio::test]
async fn events_and_drafts_survive_a_restart() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let first = saving(&file);
    first.create(&log(50)).await;
    first.publish().await;
    first.browse(&["/a", "/b"]).await;
    first.edit(&log(1)).await;
    let (draft, context) = (first.log().await, ok(&first.context("json").await));
    first.state.save().unwrap();
    drop(first);

    let second = saving(&file);
    assert_eq!(second.log().await, draft);
    assert_eq!(ok(&second.context("json").await), context);
    second.publish().await;
    second.browse(&["/c"]).await;
    assert_eq!(second.pages().await, ["/c"]);
}

#[tokio::test]
async fn a_definitions_file_has_the_published_form_and_its_draft() {
    let server = bare();
    server.create(&log(50)).await;
    server.publish().await;
    server.edit(&log(1)).await;
    let file = server.get_as_owner("/mock/definitions").await.text();
    let definitions = Definitions::from_json(&file).unwrap();
    let forms: Vec<_> =
        definitions.event_logs.iter().map(|it| (it.max_events, it.is_published)).collect();
    assert_eq!(forms, [(50, true), (1, false)], "{file}");

    let copy = Server::with(|options| options.definitions = definitions);
    assert_eq!(state(&copy.log().await), [false, true]);
    assert_eq!(copy.get_as_owner("/mock/definitions").await.text(), file);
    copy.browse(&["/a", "/b"]).await;
    assert_eq!(copy.pages().await, ["/a", "/b"]);
}

#[tokio::test]
async fn a_reset_forgets_the_events() {
    let server = bare();
    server.create(&log(50)).await;
    server.publish().await;
    server.browse(&["/a"]).await;
    let reset = server.post_as_owner("/mock/reset", &json!({})).await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    assert_eq!(server.pages().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_page_reads_the_contexts_of_a_session_without_a_token_if_nobody_can_guess_its_id() {
    let server = bare();
    server.create(&log(50)).await;
    server.publish().await;
    server.browse(&["/a"]).await;

    let path = format!("/mock/contexts?identifier={SESSION}");
    let answer = server.get(&path).await;
    let contexts = &ok(&answer)["contexts"];
    assert_eq!(contexts.as_array().map(Vec::len), Some(1));
    assert_eq!(contexts[0]["name"], "now");
    assert_eq!(contexts[0]["narrative"], server.context("narrative").await.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));

    for query in ["", "?identifier=", "?identifier=ada", "?identifier=*"] {
        let answer = server.get(&format!("/mock/contexts{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.locs(), [json!(["query", "identifier"])], "{query}");
    }
    server.unpublish().await;
    assert_eq!(ok(&server.get(&path).await), json!({"contexts": []}));
}
