//! The stream's behaviour for subscribers.

use std::time::Duration;

use crate::support::{
    OTHER_USER, STREAM, Server, TOKEN, USER, as_owner, counting_page_views, event_id, page_view,
    request,
};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::json;
use tokio::time;

fn of_user() -> String {
    format!("domain_userid={USER}")
}

async fn refused(server: &Server, query: &str) -> Vec<serde_json::Value> {
    server.get(&format!("{STREAM}?{query}")).await.locs()
}

#[tokio::test]
async fn a_stream_is_written_byte_for_byte_as_documented() {
    let server = Server::new();
    let mut stream = server.open_with(&of_user(), &[]).await;
    let opening = stream.next().await.unwrap();
    let epoch =
        opening.lines().nth(2).unwrap().strip_prefix("id: ").unwrap().strip_suffix("-0").unwrap();
    assert_eq!(
        opening,
        format!(
            "retry: 2000\n\nid: {epoch}-0\nevent: hello\ndata:{{\"server\":\"signals-mock-server\",\
             \"resume_param\":\"last_event_id\",\"keep_alive_ms\":15000}}\n\n"
        )
    );
    let instance = json!({
        "intervention_id": "550e8400-e29b-41d4-a716-446655440000",
        "name": "discount",
        "version": 1,
        "attributes": {"count_product_views": 4},
    });
    server.post_as_owner(&format!("{STREAM}?{}", of_user()), &instance).await;
    assert_eq!(
        stream.next().await.unwrap(),
        format!(
            "id: {epoch}-1\ndata: {{\"intervention_id\":\"550e8400-e29b-41d4-a716-446655440000\",\
             \"name\":\"discount\",\"version\":1,\"attributes\":{{\"count_product_views\":4}},\
             \"target_attribute_key\":{{\"name\":\"domain_userid\",\"id\":\"{USER}\"}}}}\n\n"
        )
    );
}

#[tokio::test]
async fn a_stream_can_be_read_from_any_origin_and_is_neither_stored_nor_buffered() {
    let stream = Server::new().open_with(&of_user(), &[("origin", "http://shop.example")]).await;
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("access-control-allow-origin", "*"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(stream.headers[name], value);
    }
}

#[tokio::test]
async fn a_stream_is_never_compressed() {
    let stream = Server::new().open_with(&of_user(), &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(stream.headers.get("content-encoding"), None);
}

#[tokio::test]
async fn preflight_requests_for_the_stream_are_allowed() {
    let request = request(Method::OPTIONS, STREAM)
        .header("origin", "http://shop.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "last-event-id");
    let answer = Server::new().send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn a_stream_without_ids_is_refused() {
    let server = Server::new();
    assert_eq!(refused(&server, "").await, [json!(["query"])]);
    assert_eq!(refused(&server, "last_event_id=41").await, [json!(["query"])]);
}

#[tokio::test]
async fn every_parameter_at_fault_is_named() {
    let server = Server::new();
    for (query, name) in [
        ("domain_userid=", "domain_userid"),
        ("domain_userid=not-a-uuid", "domain_userid"),
        ("domain_sessionid=218E892638584 31D", "domain_sessionid"),
        ("network_userid=218e89263858431db2ed66da03a1cbe5", "network_userid"),
        ("user_id=", "user_id"),
        ("user_id=a%0Ab", "user_id"),
        ("shoe_size=44", "shoe_size"),
    ] {
        let locs = refused(&server, &query.replace(' ', "")).await;
        assert_eq!(locs, [json!(["query", name])], "{query}");
    }
    let two = refused(&server, &format!("shoe_size=44&user_id=&{}", of_user())).await;
    assert_eq!(two, [json!(["query", "shoe_size"]), json!(["query", "user_id"])]);
}

#[tokio::test]
async fn a_stream_may_be_for_a_hundred_ids_and_no_more() {
    let server = Server::new();
    let of =
        |count: usize| (0..count).map(|number| format!("user_id={number}&")).collect::<String>();
    server.open(&of(100)).await;
    assert_eq!(refused(&server, &of(101)).await, [json!(["query"])]);
}

#[tokio::test]
async fn ids_of_other_attribute_keys_may_have_any_form_unless_the_server_is_strict() {
    Server::new().open("user_id=jane@example.com").await;
    let strict = Server::with(|options| options.strict_ids = true);
    assert_eq!(refused(&strict, "user_id=jane@example.com").await, [json!(["query", "user_id"])]);
    strict.open(&format!("user_id={USER}")).await;
    strict.open("client_session_user_id=a1b2c3d4e5f60718").await;
    let session = "client_session_session_id=a1b2c3d4e5f60718";
    assert_eq!(refused(&strict, session).await, [json!(["query", "client_session_session_id"])]);
}

#[tokio::test]
async fn an_id_in_a_query_is_decoded() {
    let server = Server::new();
    let mut stream = server.open("user_id=jane%40example.com").await;
    server.push("user_id=jane@example.com", "hello_jane").await;
    assert_eq!(stream.names(1).await, ["hello_jane"]);
}

#[tokio::test(start_paused = true)]
async fn an_open_stream_is_kept_alive_every_fifteen_seconds() {
    let server = Server::new();
    let running = server.run().await;
    let mut stream = server.open(&of_user()).await;
    let opened = time::Instant::now();
    assert_eq!(stream.next().await.unwrap(), "event: ping\ndata:{}\n\n");
    let first = opened.elapsed();
    assert!((Duration::from_secs(14)..=Duration::from_secs(15)).contains(&first), "{first:?}");
    assert_eq!(stream.next().await.unwrap(), "event: ping\ndata:{}\n\n");
    assert_eq!(opened.elapsed() - first, Duration::from_secs(15));
    running.stop().await;
}

#[tokio::test]
async fn an_instance_that_triggers_is_delivered_to_its_target_alone() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    let mut stream = server.open(&of_user()).await;
    let mut other = server.open(&format!("domain_userid={OTHER_USER}")).await;
    server.collect(&[(); 5].map(|()| page_view(USER, &event_id()))).await;
    let (_, instance) = stream.instance().await;
    assert_eq!(instance["name"], "third_view");
    assert_eq!(instance["attributes"], json!({"page_views": 3}));
    assert_eq!(instance["target_attribute_key"], json!({"name": "domain_userid", "id": USER}));
    assert!(stream.is_quiet().await, "once only");
    assert!(other.is_quiet().await);
}

#[tokio::test]
async fn an_instance_that_triggers_before_its_stream_is_open_waits_for_it() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    server.collect(&[(); 3].map(|()| page_view(USER, &event_id()))).await;
    server.clock.advance(Duration::from_secs(59));
    assert_eq!(server.open(&of_user()).await.names(1).await, ["third_view"]);
    assert!(server.open(&of_user()).await.is_quiet().await, "the first stream had it");
}

#[tokio::test]
async fn an_instance_still_waits_when_its_first_client_vanished_while_connecting() {
    let server = Server::new();
    server.push(&of_user(), "hello").await;
    drop(server.open_with(&of_user(), &[]).await);
    drop(server.open(&of_user()).await);
    let mut stream = server.open(&of_user()).await;
    assert_eq!(stream.names(1).await, ["hello"]);
    drop(stream);
    assert!(server.open(&of_user()).await.is_quiet().await, "it was written");
}

#[tokio::test]
async fn a_client_resumes_by_header_or_by_parameter() {
    let server = Server::new();
    let mut stream = server.open(&of_user()).await;
    for name in ["one", "two", "three"] {
        server.push(&of_user(), name).await;
    }
    let (id, _) = stream.instance().await;
    drop(stream);

    let query = of_user();
    let mut by_header = server.open_with(&query, &[("last-event-id", &id)]).await;
    by_header.skip_opening().await;
    assert_eq!(by_header.names(2).await, ["two", "three"]);
    assert!(by_header.is_quiet().await);

    let mut by_parameter = server.open(&format!("{query}&last_event_id={id}")).await;
    assert_eq!(by_parameter.names(2).await, ["two", "three"]);
    assert!(by_parameter.is_quiet().await);
}

#[tokio::test]
async fn the_header_is_newer_than_the_parameter() {
    let server = Server::new();
    let mut stream = server.open(&of_user()).await;
    server.push(&of_user(), "one").await;
    let (newer, _) = stream.instance().await;
    let older = newer.replace("-1", "-0");
    let query = format!("{}&last_event_id={older}", of_user());
    let mut resumed = server.open_with(&query, &[("last-event-id", &newer)]).await;
    resumed.skip_opening().await;
    assert!(resumed.is_quiet().await);
}

#[tokio::test]
async fn a_page_that_received_nothing_yet_resumes_from_hello() {
    let server = Server::new();
    let mut stream = server.open_with(&of_user(), &[]).await;
    let hello = stream.skip_opening().await;
    server.push(&of_user(), "one").await;
    drop(stream);
    let mut resumed = server.open(&format!("{}&last_event_id={hello}", of_user())).await;
    assert_eq!(resumed.names(1).await, ["one"]);
}

#[tokio::test]
async fn an_id_from_before_a_restart_replays_all_that_is_kept() {
    let before = Server::new();
    let mut stream = before.open(&of_user()).await;
    for name in ["one", "two", "three"] {
        before.push(&of_user(), name).await;
    }
    let (_, _) = stream.instance().await;
    let (id, _) = stream.instance().await;

    let after = Server::new();
    let _other_page = after.open(&of_user()).await;
    for name in ["four", "five", "six"] {
        after.push(&of_user(), name).await;
    }
    let mut resumed = after.open(&format!("{}&last_event_id={id}", of_user())).await;
    assert_eq!(resumed.names(3).await, ["four", "five", "six"]);
}

#[tokio::test]
async fn an_instance_with_two_targets_arrives_once_on_a_stream_of_both() {
    let server = Server::new();
    let targets = format!("{}&user_id=jane", of_user());
    let mut stream = server.open(&targets).await;
    server.push(&targets, "one").await;
    server.push(&targets, "two").await;
    assert_eq!(stream.names(2).await, ["one", "two"]);
    assert!(stream.is_quiet().await);
}

#[tokio::test]
async fn a_slow_reader_is_disconnected_and_no_other_is_delayed() {
    let server = Server::new();
    let mut slow = server.open(&of_user()).await;
    let mut quick = server.open(&of_user()).await;
    let instance =
        json!({"name": "large", "version": 1, "attributes": {"text": "x".repeat(100_000)}});
    for _ in 0..20 {
        server.post_as_owner(&format!("{STREAM}?{}", of_user()), &instance).await;
        assert_eq!(quick.names(1).await, ["large"]);
    }
    assert_eq!(slow.next().await, None);
    assert_eq!(server.metric("signals_open_streams").await, 1.0);
    let mut healed = server.open(&format!("{}&last_event_id=unknown", of_user())).await;
    assert_eq!(healed.names(20).await.len(), 20);
}

#[tokio::test]
async fn closing_a_stream_ends_its_subscription() {
    let server = Server::new();
    let stream = server.open(&of_user()).await;
    assert_eq!(server.metric("signals_open_streams").await, 1.0);
    drop(stream);
    assert_eq!(server.metric("signals_open_streams").await, 0.0);
}

#[tokio::test]
async fn the_python_sdk_gets_attribute_values_as_strings() {
    let server = Server::new();
    let sdk = [("x-signals-sdk-name", "signals-py 0.4.10")];
    let mut stream = server.open_with(&of_user(), &sdk).await;
    stream.skip_opening().await;
    let instance = json!({"name": "n", "version": 1, "attributes": {"count": 4, "name": "Jane"}});
    server.post_as_owner(&format!("{STREAM}?{}", of_user()), &instance).await;
    let (_, received) = stream.instance().await;
    assert_eq!(received["attributes"], json!({"count": "4", "name": "Jane"}));
    assert_eq!(received["version"], 1);
}

#[tokio::test]
async fn a_direct_intervention_is_delivered_or_waits() {
    let server = Server::new();
    assert_eq!(server.push(&of_user(), "early").await, "undelivered");
    let mut stream = server.open(&of_user()).await;
    assert_eq!(server.push(&of_user(), "live").await, "success");
    assert_eq!(stream.names(2).await, ["early", "live"]);
}

#[tokio::test]
async fn a_direct_intervention_gets_an_id_and_attributes_when_it_has_none() {
    let server = Server::new();
    let mut stream = server.open(&of_user()).await;
    server.push(&of_user(), "bare").await;
    let (_, instance) = stream.instance().await;
    assert!(uuid::Uuid::parse_str(instance["intervention_id"].as_str().unwrap()).is_ok());
    assert_eq!(instance["attributes"], json!({}));
}

#[tokio::test]
async fn an_id_that_a_query_repeats_is_one_target() {
    let server = Server::new();
    server.push(&format!("{0}&{0}", of_user()), "once").await;
    let path = format!("/mock/state?key=domain_userid&id={USER}");
    let state = server.get_as_owner(&path).await.json();
    assert_eq!(state["instances"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_direct_intervention_needs_the_token() {
    let server = Server::new();
    let post = || request(Method::POST, &format!("{STREAM}?{}", of_user()));
    let body = || Body::from(json!({"name": "n", "version": 1}).to_string());
    let without = server.send(post().body(body()).unwrap()).await;
    assert_eq!(without.status, StatusCode::UNAUTHORIZED);
    assert_eq!(without.header("www-authenticate"), Some("Bearer"));
    for wrong in ["Bearer wrong", "Bearer ", &format!("Bearer {TOKEN}x")] {
        let answer = server.send(post().header("authorization", wrong).body(body()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{wrong}");
    }
    let basic = server.send(post().header("authorization", "Basic x").body(body()).unwrap()).await;
    assert_eq!(basic.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_direct_intervention_that_makes_no_sense_is_refused_naming_the_field() {
    let server = Server::new();
    for (body, field) in [
        (json!({"version": 1}), "name"),
        (json!({"name": "n"}), "version"),
        (json!({"name": "n", "version": "one"}), "version"),
        (json!({"name": "n", "version": 1, "attributes": []}), "attributes"),
        (json!({"name": "", "version": 1}), "name"),
        (json!({"name": "a\nb", "version": 1}), "name"),
        (json!({"name": "n", "version": 1, "intervention_id": "\r"}), "intervention_id"),
    ] {
        let answer = server.post_as_owner(&format!("{STREAM}?{}", of_user()), &body).await;
        assert_eq!(answer.locs(), [json!(["body", field])], "{body}");
    }
    let nobody = server.post_as_owner(STREAM, &json!({"name": "n", "version": 1})).await;
    assert_eq!(nobody.locs(), [json!(["query"])]);
}

#[tokio::test]
async fn scripted_faults_need_the_token_and_known_fields() {
    let server = Server::new();
    let post = request(Method::POST, "/mock/faults").body("{}".into()).unwrap();
    assert_eq!(server.send(post).await.status, StatusCode::UNAUTHORIZED);
    let answer = server.post_as_owner("/mock/faults", &json!({"stream": {"statsu": 503}})).await;
    assert_eq!(answer.locs(), [json!(["body", "stream", "statsu"])]);
}

#[tokio::test]
async fn scripted_statuses_strike_streams_until_they_are_cleared() {
    let server = Server::new();
    server.post_as_owner("/mock/faults", &json!({"stream": {"status": 503}})).await;
    for _ in 0..3 {
        let answer = server.get(&format!("{STREAM}?{}", of_user())).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.json()["detail"].is_string());
    }
    let clear = as_owner(request(Method::DELETE, "/mock/faults"));
    server.send(clear.body(Body::empty()).unwrap()).await;
    server.open(&of_user()).await;
}

#[tokio::test]
async fn a_scripted_drop_ends_streams_after_so_many_instances() {
    let server = Server::new();
    server.post_as_owner("/mock/faults", &json!({"stream": {"drop_after_events": 2}})).await;
    let mut stream = server.open(&of_user()).await;
    for name in ["one", "two", "three"] {
        server.push(&of_user(), name).await;
    }
    assert_eq!(stream.names(2).await, ["one", "two"]);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn scripted_garbage_is_written_to_open_streams_or_to_the_next_one() {
    let server = Server::new();
    let script = json!({"stream": {"send_raw": "data: {oops\n\n"}});
    server.post_as_owner("/mock/faults", &script).await;
    let mut stream = server.open(&of_user()).await;
    assert_eq!(stream.next().await.unwrap(), "data: {oops\n\n");
    server.post_as_owner("/mock/faults", &script).await;
    assert_eq!(stream.next().await.unwrap(), "data: {oops\n\n");
    assert!(server.open(&of_user()).await.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn a_scripted_delay_holds_the_answer_back() {
    let server = Server::new();
    let script = json!({"stream": {"delay_headers_ms": 4000, "times": 1}});
    server.post_as_owner("/mock/faults", &script).await;
    let started = time::Instant::now();
    server.open(&of_user()).await;
    assert_eq!(started.elapsed(), Duration::from_secs(4));
    server.open(&of_user()).await;
    assert_eq!(started.elapsed(), Duration::from_secs(4));
}

#[tokio::test]
async fn the_state_of_an_id_shows_profile_events_and_instances() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    server.collect(&[(); 3].map(|()| page_view(USER, &event_id()))).await;
    let state =
        server.get_as_owner(&format!("/mock/state?key=domain_userid&id={USER}")).await.json();
    assert_eq!(state["profile"][0]["name"], "views");
    assert_eq!(state["profile"][0]["attributes"], json!({"page_views": 3}));
    assert_eq!(state["events"].as_array().unwrap().len(), 3);
    assert_eq!(state["events"][0]["event_name"], "page_view");
    assert_eq!(state["instances"][0]["instance"]["name"], "third_view");
    let other =
        server.get_as_owner(&format!("/mock/state?key=domain_userid&id={OTHER_USER}")).await;
    assert_eq!(other.json()["events"], json!([]));
    assert_eq!(
        server.get_as_owner("/mock/state?key=shoe_size&id=1").await.locs(),
        [json!(["query", "key"])]
    );
    assert_eq!(
        server.get_as_owner("/mock/state?key=user_id").await.locs(),
        [json!(["query", "id"])]
    );
    assert_eq!(server.get("/mock/state?key=user_id&id=1").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_id_that_is_not_utf8_is_refused_rather_than_made_into_another_one() {
    let server = Server::new();
    let refused = server.get("/api/v1/interventions?user_id=jane%FF").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.locs(), [json!(["query", "user_id"])]);
    let direct = json!({"name": "hello", "version": 1});
    let refused = server.post_as_owner("/api/v1/interventions?user_id=jane%FF", &direct).await;
    assert_eq!(refused.locs(), [json!(["query", "user_id"])]);
}

#[tokio::test]
async fn versions_of_direct_interventions_count_from_one() {
    let server = Server::new();
    let path = format!("/api/v1/interventions?{}", of_user());
    let refused = server.post_as_owner(&path, &json!({"name": "hello", "version": 0})).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.locs(), [json!(["body", "version"])]);
    let state =
        server.get_as_owner(&format!("/mock/state?key=domain_userid&id={USER}")).await.json();
    assert_eq!(state["instances"], json!([]), "what was refused waits for nobody");
}
