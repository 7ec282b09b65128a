//! Reading attributes.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use signals_engine::Definitions;

use crate::support::{Answer, OTHER_USER, Server, USER, event_id, page_view, request};

const READ: &str = "/api/v1/get-online-attributes";

/// Two groups for users, one for sessions, and services with them.
fn server() -> Server {
    let counter = |name: &str, default: Value| {
        json!({
            "name": name, "type": "int32", "events": [{"name": "page_view"}],
            "aggregation": "counter", "default_value": default,
        })
    };
    let last = |name: &str, of_type: &str, aggregation: &str| {
        json!({
            "name": name, "type": of_type, "events": [], "aggregation": aggregation,
            "property": {"type": "atomic", "name": "page_title"},
        })
    };
    let group = |name: &str, version: u64, key: &str, attributes: Vec<Value>, published: bool| {
        json!({
            "name": name, "version": version, "attribute_key": {"name": key},
            "attributes": attributes, "is_published": published,
        })
    };
    let definitions = json!({
        "attribute_groups": [
            group("user", 1, "domain_userid", vec![counter("views", Value::Null)], true),
            group("user", 2, "domain_userid", vec![
                counter("views", Value::Null),
                counter("from_seven", json!(7)),
                last("title", "string", "last"),
                last("titles", "string_list", "unique_list"),
            ], true),
            group("user", 3, "domain_userid", vec![counter("draft", Value::Null)], false),
            group("session", 1, "domain_sessionid", vec![counter("session_views", Value::Null)], true),
        ],
        "services": [
            {"name": "shop", "attribute_groups": [{"name": "user", "version": 1}, {"name": "session", "version": 1}]},
            {"name": "latest", "attribute_groups": [{"name": "user"}]},
            {"name": "both", "attribute_groups": [{"name": "user", "version": 1}, {"name": "user", "version": 2}]},
            {"name": "public", "attribute_groups": [{"name": "user", "version": 1}], "access_mode": "public"},
            {"name": "draft", "attribute_groups": [{"name": "user"}], "is_published": false, "access_mode": "public"},
        ],
    });
    let definitions = Definitions::from_json(&definitions.to_string()).unwrap();
    Server::with(|options| options.definitions = definitions)
}

fn of_service(service: &str, ids: &[&str]) -> Value {
    json!({"attribute_keys": {"domain_userid": ids}, "service": service})
}

fn of_names(names: &[&str], ids: &[&str]) -> Value {
    json!({"attribute_keys": {"domain_userid": ids}, "attributes": names})
}

impl Server {
    async fn read(&self, body: &Value) -> Value {
        let answer = self.post_as_owner(READ, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }

    async fn read_without_token(&self, body: &Value) -> Answer {
        let request = request(Method::POST, READ).header("origin", "https://shop.example");
        self.send(request.body(body.to_string().into()).unwrap()).await
    }
}

#[tokio::test]
async fn a_service_gives_one_column_per_attribute_and_one_position_per_id() {
    let server = server();
    server.collect(&[page_view(USER, &event_id()), page_view(USER, &event_id())]).await;
    assert_eq!(
        server.read(&of_service("shop", &[USER, OTHER_USER])).await,
        json!({"domain_userid": [USER, OTHER_USER], "views": [2, 0]}),
    );
}

#[tokio::test]
async fn ids_of_several_keys_are_read_side_by_side() {
    let server = server();
    let mut event = page_view(USER, &event_id());
    event["sid"] = json!(OTHER_USER);
    server.collect(&[event]).await;
    let mut request = of_service("shop", &[USER]);
    request["attribute_keys"]["domain_sessionid"] = json!([OTHER_USER]);
    assert_eq!(
        server.read(&request).await,
        json!({
            "domain_userid": [USER], "domain_sessionid": [OTHER_USER], "views": [1], "session_views": [1],
        }),
    );
}

#[tokio::test]
async fn unset_attributes_are_read_as_their_defaults() {
    let server = server();
    assert_eq!(
        server.read(&of_service("latest", &[USER])).await,
        json!({"domain_userid": [USER], "views": [0], "from_seven": [7], "title": [""], "titles": [[]]}),
    );
}

#[tokio::test]
async fn attributes_can_be_read_one_by_one_under_short_or_full_names() {
    let server = server();
    server.collect(&[page_view(USER, &event_id())]).await;
    let mut request = of_names(&["user_v2:views", "user_v2:from_seven", "user_v2:views"], &[USER]);
    assert_eq!(
        server.read(&request).await,
        json!({"domain_userid": [USER], "views": [1], "from_seven": [1]}),
    );
    request["full_attribute_names"] = json!(true);
    assert_eq!(
        server.read(&request).await,
        json!({"domain_userid": [USER], "user_v2:views": [1], "user_v2:from_seven": [1]}),
    );
}

#[tokio::test]
async fn names_that_would_be_the_same_need_to_be_full() {
    let server = server();
    let mut request = of_service("both", &[USER]);
    let answer = server.post_as_owner(READ, &request).await;
    assert_eq!(answer.locs(), [json!(["body", "full_attribute_names"])]);
    request["full_attribute_names"] = json!(true);
    let read = server.read(&request).await;
    assert!(read.get("user_v1:views").is_some() && read.get("user_v2:views").is_some(), "{read}");
}

#[tokio::test]
async fn an_unknown_or_unpublished_service_is_not_found() {
    let server = server();
    for service in ["nothing", "draft"] {
        let answer = server.post_as_owner(READ, &of_service(service, &[USER])).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{service}");
    }
}

#[tokio::test]
async fn requests_that_make_no_sense_name_the_field() {
    let server = server();
    let keys = |keys: Value| json!({"attribute_keys": keys, "service": "shop"});
    let cases = [
        (json!({"service": "shop"}), json!(["body", "attribute_keys"])),
        (keys(json!({})), json!(["body", "attribute_keys"])),
        (keys(json!({"domain_userid": []})), json!(["body", "attribute_keys", "domain_userid"])),
        (keys(json!({"domain_userid": "x"})), json!(["body", "attribute_keys", "domain_userid"])),
        (
            keys(json!({"domain_userid": [USER, 7]})),
            json!(["body", "attribute_keys", "domain_userid", 1]),
        ),
        (
            keys(json!({"domain_userid": [USER, ""]})),
            json!(["body", "attribute_keys", "domain_userid", 1]),
        ),
        (
            keys(json!({"domain_userid": ["a\nb"]})),
            json!(["body", "attribute_keys", "domain_userid", 0]),
        ),
        (
            keys(json!({"domain_sessionid": [USER], "domain_userid": [USER, USER]})),
            json!(["body", "attribute_keys", "domain_userid"]),
        ),
        (keys(json!({"shoe_size": ["44"]})), json!(["body", "attribute_keys", "shoe_size"])),
        (keys(json!({"user_id": ["me"]})), json!(["body", "attribute_keys"])),
        (keys(json!({"domain_userid": vec![USER; 1_001]})), json!(["body", "attribute_keys"])),
        (json!({"attribute_keys": {"domain_userid": [USER]}}), json!(["body"])),
        (
            json!({"attribute_keys": {"domain_userid": [USER]}, "service": "shop", "attributes": []}),
            json!(["body"]),
        ),
        (of_names(&[], &[USER]), json!(["body", "attributes"])),
        (of_names(&["user_v1:views", "views"], &[USER]), json!(["body", "attributes", 1])),
        (of_names(&["user_v1:nothing"], &[USER]), json!(["body", "attributes", 0])),
        (of_names(&["user_v9:views"], &[USER]), json!(["body", "attributes", 0])),
        (of_names(&["user_v3:draft"], &[USER]), json!(["body", "attributes", 0])),
        (of_names(&["session_v1:session_views"], &[USER]), json!(["body", "attribute_keys"])),
    ];
    for (body, loc) in cases {
        assert_eq!(server.post_as_owner(READ, &body).await.locs(), [loc], "{body}");
    }
}

#[tokio::test]
async fn a_public_service_can_be_read_by_any_page_for_one_unguessable_id() {
    let server = server();
    server.collect(&[page_view(USER, &event_id())]).await;
    let answer = server.read_without_token(&of_service("public", &[USER])).await;
    assert_eq!(answer.json(), json!({"domain_userid": [USER], "views": [1]}));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let several = server.read_without_token(&of_service("public", &[USER, OTHER_USER])).await;
    assert_eq!(several.locs(), [json!(["body", "attribute_keys"])]);
    let guessable = server.read_without_token(&of_service("public", &["me"])).await;
    assert_eq!(guessable.locs(), [json!(["body", "attribute_keys", "domain_userid", 0])]);
}

#[tokio::test]
async fn without_a_token_other_services_do_not_exist() {
    let server = server();
    let shop = server.read_without_token(&of_service("shop", &[USER])).await;
    let none = server.read_without_token(&of_service("none", &[USER])).await;
    assert_eq!((shop.status, none.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!(shop.text(), none.text().replace("none", "shop"));
    assert_eq!(shop.header("cache-control"), Some("no-store"));
    let by_name = server.read_without_token(&of_names(&["user_v1:views"], &[USER])).await;
    assert_eq!(by_name.status, StatusCode::UNAUTHORIZED);
    let wrong = request(Method::POST, READ)
        .header("authorization", "Bearer wrong")
        .body(of_service("public", &[USER]).to_string().into());
    assert_eq!(server.send(wrong.unwrap()).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn pages_of_any_origin_may_ask_before_they_read() {
    let server = server();
    let preflight = request(Method::OPTIONS, READ)
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let answer = server.send(preflight.body("".into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let allowed = answer.header("access-control-allow-headers").unwrap();
    assert!(
        allowed.contains("content-type") && allowed.contains("x-signals-sdk-name"),
        "{allowed}"
    );
}
