//! The collector's behaviour for trackers.

use crate::support::{
    Server, TP2, USER, counting_page_views, event_id, page_view, payload, request,
};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// `(method, path, headers, body)` of every request that real trackers were recorded to send.
fn recorded_requests() -> Vec<(String, Value)> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/collector");
    let mut requests = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let recorded: Vec<Value> = serde_json::from_str(&text).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        requests.extend(recorded.into_iter().map(|request| (name.clone(), request)));
    }
    assert!(requests.len() > 10, "only {} recorded requests", requests.len());
    requests
}

fn events_in(recorded: &Value) -> usize {
    match recorded["method"].as_str().unwrap() {
        "POST" => recorded["body"]["data"].as_array().unwrap().len(),
        "GET" => 1,
        _ => 0,
    }
}

#[tokio::test]
async fn every_recorded_request_of_real_trackers_is_processed() {
    for (name, recorded) in recorded_requests() {
        let server = Server::new();
        let method = recorded["method"].as_str().unwrap().parse().unwrap();
        let mut request = request(method, recorded["path"].as_str().unwrap());
        for (name, value) in recorded["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let body = recorded.get("body").filter(|body| !body.is_null());
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = server.send(request.body(Body::from(body)).unwrap()).await;

        assert_eq!(answer.status, StatusCode::OK, "{name}");
        let origin = recorded["headers"]["origin"].as_str();
        assert_eq!(answer.header("access-control-allow-origin"), origin, "{name}");
        let good = server.metric("signals_events_total{outcome=\"good\"}").await;
        assert_eq!(good, events_in(&recorded) as f64, "{name}");
        let bad = server.metric("signals_events_total{outcome=\"bad\"}").await;
        assert_eq!(bad, 0.0, "{name}");
        let is_anonymous = recorded["headers"].get("sp-anonymous").is_some();
        let brings_events = events_in(&recorded) > 0;
        assert_eq!(answer.header("set-cookie").is_some(), brings_events && !is_anonymous, "{name}");
    }
}

#[tokio::test]
async fn a_post_is_answered_with_ok_at_any_path_of_two_segments() {
    let server = Server::new();
    for path in [TP2, "/com.acme/track", "/a/b"] {
        let request = request(Method::POST, path).body(payload(&[]).to_string().into());
        let answer = server.send(request.unwrap()).await;
        assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "ok"), "{path}");
    }
}

#[tokio::test]
async fn the_content_type_does_not_matter() {
    let server = Server::new();
    for content_type in ["text/plain;charset=UTF-8", "application/json; charset=iso-8859-1", ""] {
        let body = payload(&[page_view(USER, &event_id())]).to_string();
        let request = request(Method::POST, TP2).header("content-type", content_type);
        let answer = server.send(request.body(body.into()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{content_type}");
    }
    assert_eq!(server.metric("signals_events_total{outcome=\"good\"}").await, 3.0);
}

#[tokio::test]
async fn pixels_are_pictures_that_are_never_cached() {
    let server = Server::new();
    let gif = server.get(&format!("/i?e=pv&p=web&tv=js-4.10.1&duid={USER}")).await;
    assert_eq!(gif.header("content-type"), Some("image/gif"));
    assert!(gif.body.starts_with(b"GIF89a"));
    let png = server.get(&format!("/ice.png?e=pv&p=web&tv=js-4.10.1&duid={USER}")).await;
    assert_eq!(png.header("content-type"), Some("image/png"));
    assert!(png.body.starts_with(b"\x89PNG"));
    assert!(gif.header("cache-control").unwrap().contains("no-store"));
    assert_eq!(server.metric("signals_events_total{outcome=\"good\"}").await, 2.0);
}

#[tokio::test]
async fn health_is_ok() {
    let answer = Server::new().get("/health").await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "ok"));
}

#[tokio::test]
async fn preflight_requests_are_allowed_with_credentials_for_their_very_origin() {
    let server = Server::new();
    for path in [TP2, "/com.acme/track", "/i", "/ice.png"] {
        let request = request(Method::OPTIONS, path)
            .header("origin", "http://shop.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,sp-anonymous");
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://shop.example"));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        let allowed = answer.header("access-control-allow-headers").unwrap().to_lowercase();
        assert!(allowed.contains("content-type") && allowed.contains("sp-anonymous"), "{allowed}");
        assert!(answer.header("vary").unwrap().contains("origin"));
    }
}

#[tokio::test]
async fn errors_can_be_read_across_origins_too() {
    let server = Server::new();
    let request = request(Method::POST, TP2).header("origin", "http://shop.example");
    let answer = server.send(request.body("garbage".into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://shop.example"));
}

#[tokio::test]
async fn the_cookie_of_one_answer_makes_the_next_request_known() {
    let server = Server::new();
    let first = server.collect(&[page_view(USER, &event_id())]).await;
    let cookie = first.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let request = request(Method::POST, TP2).header("cookie", &cookie);
    let second = server.send(request.body(payload(&[]).to_string().into()).unwrap()).await;
    assert!(second.header("set-cookie").unwrap().starts_with(&cookie));
}

#[tokio::test]
async fn the_network_user_id_of_the_cookie_can_be_subscribed_to() {
    let server = Server::new();
    let answer = server.collect(&[page_view(USER, "11111111-1111-4111-8111-111111111111")]).await;
    let cookie = answer.header("set-cookie").unwrap();
    let id = cookie.trim_start_matches("sp=").split(';').next().unwrap();
    let state = server.get_as_owner(&format!("/mock/state?key=network_userid&id={id}")).await;
    assert_eq!(state.json()["events"][0]["event_id"], "11111111-1111-4111-8111-111111111111");
}

#[tokio::test]
async fn an_anonymous_request_gets_no_cookie() {
    let request = request(Method::POST, TP2).header("sp-anonymous", "*");
    let body = payload(&[page_view(USER, &event_id())]).to_string();
    let answer = Server::new().send(request.body(body.into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("set-cookie"), None);
}

#[tokio::test]
async fn half_an_emoji_and_control_characters_cost_no_event() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    let view = page_view(USER, "VIEW").to_string();
    let views = [
        view.replace("VIEW", r"cut\ud83d"),
        view.replace("VIEW", "a\tb\n"),
        view.replace("VIEW", "c\u{85}").replacen('{', r#"{"\udc00": "\ud83d", "#, 1),
    ];
    let body = payload(&[]).to_string().replace("[]", &format!("[{}]", views.join(",")));
    assert_eq!(server.collect_body(body).await.status, StatusCode::OK);
    let query = "/i?e=pv&uid=%ed%a0%bd&page=%09%00";
    assert_eq!(server.get(query).await.status, StatusCode::OK);
    assert_eq!(server.metric("signals_events_total{outcome=\"good\"}").await, 4.0);
    assert_eq!(server.metric("signals_events_total{outcome=\"bad\"}").await, 0.0);
    assert_eq!(page_views(&server).await, 3);
}

#[tokio::test]
async fn a_server_that_passes_events_on_names_the_visitor_in_tnuid_unless_the_request_is_anonymous()
{
    let server = Server::new();
    let events_of_visitor = async || {
        let state = server.get_as_owner(&format!("/mock/state?key=network_userid&id={USER}")).await;
        state.json()["events"].as_array().map_or(0, Vec::len)
    };
    let body = || {
        let mut event = page_view(USER, &event_id());
        event["tnuid"] = json!(USER);
        event["nuid"] = json!("11111111-1111-4111-8111-111111111111");
        payload(&[event]).to_string()
    };
    let anonymous = request(Method::POST, TP2).header("sp-anonymous", "*");
    server.send(anonymous.body(body().into()).unwrap()).await;
    assert_eq!(events_of_visitor().await, 0);
    server.collect_body(body()).await;
    assert_eq!(events_of_visitor().await, 1);
}

#[tokio::test]
async fn an_event_without_a_url_is_of_the_page_that_the_referer_names() {
    let definitions = json!({"attribute_keys": [
        {"name": "path", "property": {"type": "atomic", "name": "page_urlpath"}, "is_published": true},
    ]});
    let definitions = signals_engine::Definitions::from_json(&definitions.to_string()).unwrap();
    let server = Server::with(|options| options.definitions = definitions);
    let request = request(Method::GET, "/i?e=pv").header("referer", "https://shop.example/cart");
    server.send(request.body(Body::empty()).unwrap()).await;
    let state = server.get_as_owner("/mock/state?key=path&id=/cart").await.json();
    assert_eq!(state["events"].as_array().map(Vec::len), Some(1), "{state}");
}

#[tokio::test]
async fn a_bad_event_does_not_lose_the_others_of_its_batch() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    let bad_entity = json!({"e": "pv", "p": "web", "tv": "t", "duid": USER, "co": "{oops"});
    let answer = server
        .collect(&[
            page_view(USER, &event_id()),
            bad_entity,
            json!("not an object"),
            page_view(USER, &event_id()),
        ])
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(server.metric("signals_events_total{outcome=\"good\"}").await, 2.0);
    assert_eq!(server.metric("signals_events_total{outcome=\"bad\"}").await, 2.0);
    let rows = server.get_as_owner("/mock/bad-rows").await.json();
    assert_eq!(rows[0]["field"], "co");
    assert!(rows[0]["payload"].as_str().unwrap().contains("{oops"));
    assert_eq!(rows[1]["field"], "data[2]");
    assert_eq!(page_views(&server).await, 2);
}

#[tokio::test]
async fn a_body_that_is_no_payload_is_refused_with_the_reason() {
    let server = Server::new();
    for (body, reason) in [
        ("e=pv".to_owned(), "not a tracker payload"),
        (json!({"schema": "iglu:com.acme/x/jsonschema/1-0-0", "data": []}).to_string(), "schema"),
        (json!({"schema": payload(&[])["schema"], "data": 1}).to_string(), "sequence"),
    ] {
        let answer = server.collect_body(body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(reason), "{detail}");
    }
}

#[tokio::test]
async fn a_body_may_have_one_mebibyte_and_no_more() {
    let server = Server::new();
    let empty = payload(&[]).to_string();
    let of_size = |bytes: usize| empty.clone() + &" ".repeat(bytes - empty.len());
    assert_eq!(server.collect_body(of_size(1 << 20)).await.status, StatusCode::OK);
    let answer = server.collect_body(of_size((1 << 20) + 1)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.json()["detail"].is_string());
}

#[tokio::test]
async fn an_event_that_was_seen_before_changes_nothing() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    let event = page_view(USER, &event_id());
    server.collect(&[event.clone(), event.clone()]).await;
    server.collect(&[event]).await;
    assert_eq!(server.metric("signals_events_total{outcome=\"duplicate\"}").await, 2.0);
    assert_eq!(page_views(&server).await, 1);
}

#[tokio::test]
async fn the_answer_means_that_attributes_can_be_read_and_instances_are_queued() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    let mut stream = server.open(&format!("domain_userid={USER}")).await;
    server.collect(&[(); 3].map(|()| page_view(USER, &event_id()))).await;
    assert_eq!(page_views(&server).await, 3);
    assert_eq!(stream.names(1).await, ["third_view"]);
}

#[tokio::test]
async fn a_reset_forgets_profiles_and_events() {
    let server = Server::with(|options| options.definitions = counting_page_views());
    let event = page_view(USER, &event_id());
    server.collect(std::slice::from_ref(&event)).await;
    let answer = server.post_as_owner("/mock/reset", &Value::Null).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(page_views(&server).await, 0);
    server.collect(&[event]).await;
    assert_eq!(page_views(&server).await, 1, "the event is new again");
}

#[tokio::test]
async fn scripted_statuses_strike_the_collector_as_often_as_asked() {
    let server = Server::new();
    let script = json!({"collector": {"status": 500, "times": 2}});
    assert_eq!(server.post_as_owner("/mock/faults", &script).await.status, StatusCode::NO_CONTENT);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(server.collect(&[page_view(USER, &event_id())]).await.status.as_u16());
    }
    assert_eq!(statuses, [500, 500, 200]);
    assert_eq!(server.metric("signals_events_total{outcome=\"good\"}").await, 1.0);
}

async fn page_views(server: &Server) -> u64 {
    let state = server.get_as_owner(&format!("/mock/state?key=domain_userid&id={USER}")).await;
    state.json()["profile"][0]["attributes"]["page_views"].as_u64().unwrap()
}
