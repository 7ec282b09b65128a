//! The registry of definitions.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use signals_engine::Definitions;

use crate::support::{Answer, Server, USER, as_owner, event_id, page_view, request};

const GROUPS: &str = "/api/v1/registry/attribute_groups/";
const KEYS: &str = "/api/v1/registry/attribute_keys/";
const SERVICES: &str = "/api/v1/registry/services/";
const RULES: &str = "/api/v1/registry/interventions/";

/// A server without definitions.
fn bare() -> Server {
    Server::with(|options| options.definitions = Definitions::default())
}

/// A group with one attribute, `page_views`.
fn views(version: u64, is_published: bool) -> Value {
    json!({
        "name": "views",
        "version": version,
        "attribute_key": {"name": "domain_userid", "key": "domain_userid", "is_published": false},
        "attributes": [{
            "name": "page_views",
            "type": "int32",
            "events": [{"name": "page_view"}],
            "aggregation": "counter",
        }],
        "online": true,
        "offline": false,
        "owner": "owner@example.com",
        "is_published": is_published,
    })
}

/// An intervention that triggers at a user's `count`th page.
fn rule(count: u64, is_published: bool) -> Value {
    json!({
        "name": "welcome",
        "version": 1,
        "criteria": {"attribute": "views:page_views", "operator": "=", "value": count},
        "is_published": is_published,
    })
}

fn service(is_published: bool) -> Value {
    json!({
        "name": "shop",
        "attribute_groups": [{"name": "views", "version": 1}],
        "is_published": is_published,
    })
}

impl Server {
    async fn put_as_owner(&self, path: &str, body: &Value) -> Answer {
        self.send_as_owner(Method::PUT, path, body).await
    }

    async fn delete_as_owner(&self, path: &str) -> Answer {
        self.send_as_owner(Method::DELETE, path, &Value::Null).await
    }

    async fn register(&self, path: &str, body: &Value) -> Value {
        let answer = self.post_as_owner(path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }

    /// The names that a list shows.
    async fn listed(&self, path: &str) -> Vec<String> {
        let answer = self.get_as_owner(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let list = answer.json().as_array().unwrap().clone();
        list.into_iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    }

    async fn view_page(&self) {
        self.collect(&[page_view(USER, &event_id())]).await;
    }
}

fn refusal(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_published_computes_and_triggers_from_then_on() {
    let server = bare();
    server.view_page().await;
    server.register(GROUPS, &views(1, true)).await;
    server.register(RULES, &rule(2, true)).await;
    let mut stream = server.open(&format!("domain_userid={USER}")).await;
    server.view_page().await;
    assert!(stream.is_quiet().await, "the view before publishing does not count");
    server.view_page().await;
    assert_eq!(stream.instance().await.1["name"], "welcome");
}

#[tokio::test]
async fn what_is_not_published_does_nothing() {
    let server = bare();
    server.register(GROUPS, &views(1, true)).await;
    server.register(RULES, &rule(1, false)).await;
    let mut stream = server.open(&format!("domain_userid={USER}")).await;
    server.view_page().await;
    assert!(stream.is_quiet().await);
}

#[tokio::test]
async fn profiles_outlive_changes_of_other_definitions() {
    let server = bare();
    server.register(GROUPS, &views(1, true)).await;
    server.view_page().await;
    server.register(RULES, &rule(2, true)).await;
    let mut stream = server.open(&format!("domain_userid={USER}")).await;
    server.view_page().await;
    assert_eq!(stream.instance().await.1["attributes"]["page_views"], 2);
}

#[tokio::test]
async fn the_registry_needs_the_token() {
    let server = bare();
    for path in [GROUPS, "/api/v1/registry/services/x", "/mock/definitions"] {
        assert_eq!(server.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
        let wrong = request(Method::GET, path).header("authorization", "Bearer wrong");
        let answer = server.send(wrong.body("".into()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    let create = request(Method::POST, GROUPS).body(views(1, true).to_string().into()).unwrap();
    assert_eq!(server.send(create).await.status, StatusCode::UNAUTHORIZED);
    assert!(server.listed(GROUPS).await.is_empty());
}

#[tokio::test]
async fn what_exists_cannot_be_created_again_but_replaced() {
    let server = bare();
    server.register(GROUPS, &views(1, false)).await;
    let again = server.post_as_owner(GROUPS, &views(1, true)).await;
    assert_eq!(refusal(&again), "attribute group `views` version 1 already exists");
    let answer = server.put_as_owner(&format!("{GROUPS}views/versions/1"), &views(1, true)).await;
    assert_eq!((answer.status, &answer.json()["is_published"]), (StatusCode::OK, &json!(true)));
}

#[tokio::test]
async fn a_trailing_slash_makes_no_difference() {
    let server = bare();
    server.register("/api/v1/registry/attribute_groups", &views(1, false)).await;
    for path in ["attribute_groups/views/", "attribute_groups/views/versions/1/"] {
        let answer = server.get_as_owner(&format!("/api/v1/registry/{path}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn the_latest_version_is_shown_unless_another_is_asked_for() {
    let server = bare();
    for version in [2, 10, 1] {
        server.register(GROUPS, &views(version, false)).await;
    }
    let latest = server.get_as_owner(&format!("{GROUPS}views")).await.json();
    assert_eq!(latest["version"], 10);
    let other = server.get_as_owner(&format!("{GROUPS}views/versions/2")).await.json();
    assert_eq!(other["version"], 2);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let server = bare();
    for path in [
        "attribute_groups/views",
        "attribute_groups/views/versions/1",
        "services/shop",
        "services/shop/versions/1",
        "attribute_keys/nothing",
        "teapots/",
        "services/%FF",
    ] {
        let path = format!("/api/v1/registry/{path}");
        let answer = server.get_as_owner(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.json()["detail"].is_string());
    }
    let path = format!("{GROUPS}views/versions/1");
    assert_eq!(server.put_as_owner(&path, &views(1, true)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.delete_as_owner(&path).await.status, StatusCode::NOT_FOUND);
    let path = format!("{GROUPS}views/versions/one");
    assert_eq!(server.get_as_owner(&path).await.locs(), [json!(["path", "version"])]);
}

#[tokio::test]
async fn a_published_version_does_not_change() {
    let server = bare();
    server.register(GROUPS, &views(1, true)).await;
    let path = format!("{GROUPS}views/versions/1");
    let mut changed = views(1, true);
    changed["attributes"][0]["name"] = json!("renamed");
    for is_published in [true, false] {
        changed["is_published"] = json!(is_published);
        let reason = refusal(&server.put_as_owner(&path, &changed).await);
        assert!(reason.contains("`views` version 1"), "{reason}");
    }
    let kept = server.get_as_owner(&path).await.json();
    assert_eq!(kept["attributes"][0]["name"], "page_views");
    assert_eq!(kept["is_published"], true);
    let same = server.put_as_owner(&path, &views(1, true)).await;
    assert_eq!(same.status, StatusCode::OK, "the same again is fine");

    server.put_as_owner(&path, &views(1, false)).await;
    assert_eq!(server.put_as_owner(&path, &changed).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_the_python_sdk_publishes_of_the_tutorial_is_fine_beside_the_default_definitions() {
    let server = Server::new();
    let recorded = include_str!("../../../../tests/fixtures/registry/python-sdk-0.4.10.json");
    let recorded: Vec<Value> = serde_json::from_str(recorded).unwrap();
    let published =
        recorded.iter().take_while(|it| it["path"].as_str().unwrap().contains("registry"));
    let mut count = 0;
    for request in published {
        let (path, body) = (request["path"].as_str().unwrap(), &request["body"]);
        assert!(refusal(&server.post_as_owner(path, body).await).contains("already exists"));
        let version = body.get("version").map(|it| format!("/versions/{it}")).unwrap_or_default();
        let path = format!("{path}{}{version}", body["name"].as_str().unwrap());
        let answer = server.put_as_owner(&path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.json()["owner"], "user@company.com");
        count += 1;
    }
    assert_eq!(count, 5);
}

#[tokio::test]
async fn an_answer_can_be_sent_back_as_it_is() {
    let server = bare();
    let shown = server.register(GROUPS, &views(1, true)).await;
    let answer = server.put_as_owner(&format!("{GROUPS}views/versions/1"), &shown).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, shown));
}

#[tokio::test]
async fn services_and_attribute_keys_can_change_while_they_are_published() {
    let server = bare();
    server.register(GROUPS, &views(1, true)).await;
    server.register(SERVICES, &service(true)).await;
    let mut changed = service(true);
    changed["description"] = json!("changed");
    let answer = server.put_as_owner(&format!("{SERVICES}shop"), &changed).await;
    assert_eq!(answer.json()["description"], "changed");
}

#[tokio::test]
async fn what_is_published_or_needed_cannot_be_deleted() {
    let server = bare();
    server.register(GROUPS, &views(1, true)).await;
    server.register(SERVICES, &service(false)).await;
    let group = format!("{GROUPS}views/versions/1");
    let reason = refusal(&server.delete_as_owner(&group).await);
    assert!(reason.contains("Unpublish it first"), "{reason}");

    server.put_as_owner(&group, &views(1, false)).await;
    let reason = refusal(&server.delete_as_owner(&group).await);
    assert!(reason.contains("service `shop` needs"), "{reason}");
    assert_eq!(server.listed(GROUPS).await, ["views"]);

    let answer = server.delete_as_owner(&format!("{SERVICES}shop")).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"ok": true})));
    assert_eq!(server.delete_as_owner(&group).await.status, StatusCode::OK);
    assert!(server.listed(GROUPS).await.is_empty());
}

#[tokio::test]
async fn a_group_stays_published_while_a_published_service_contains_it() {
    let server = bare();
    server.register(GROUPS, &views(1, true)).await;
    server.register(SERVICES, &service(true)).await;
    let off = "/api/v1/engines/unpublish";
    let group = json!([{"name": "views", "version": 1}]);
    let by_reference = server.post_as_owner(off, &json!({"attribute_groups": group})).await;
    let by_body = server.put_as_owner(&format!("{GROUPS}views/versions/1"), &views(1, false)).await;
    for answer in [by_reference, by_body] {
        assert_eq!(
            refusal(&answer),
            "the published service `shop` contains attribute group `views` version 1. Unpublish the service first"
        );
    }
    assert_eq!(server.listed(&format!("{GROUPS}?applied=true")).await, ["views"]);

    let both = json!({"attribute_groups": group, "services": [{"name": "shop"}]});
    let answer = server.post_as_owner(off, &both).await;
    assert_eq!(answer.json(), json!({"status": "unpublished"}));
}

#[tokio::test]
async fn a_service_that_names_no_version_keeps_the_last_published_one() {
    let server = bare();
    for version in [1, 2] {
        server.register(GROUPS, &views(version, true)).await;
    }
    let mut any_version = service(true);
    any_version["attribute_groups"] = json!([{"name": "views"}]);
    server.register(SERVICES, &any_version).await;
    let unpublish = async |version: u64| {
        let path = format!("{GROUPS}views/versions/{version}");
        server.put_as_owner(&path, &views(version, false)).await.status
    };
    assert_eq!(unpublish(2).await, StatusCode::OK);
    assert_eq!(unpublish(1).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn interventions_that_mention_a_group_are_unpublished_with_it() {
    let server = bare();
    server.register(GROUPS, &views(1, true)).await;
    server
        .register(GROUPS, &{
            let mut other = views(1, true);
            other["name"] = json!("others");
            other
        })
        .await;
    let named = |name: &str, attribute: &str, payload: Value| {
        json!({
            "name": name, "is_published": true, "payload_attribute_groups": payload,
            "criteria": {"any": [{"none": [{"attribute": attribute, "operator": ">", "value": 9}]}]},
        })
    };
    let views_in_payload = json!([{"name": "views"}]);
    server.register(RULES, &named("by_criteria", "views:page_views", Value::Null)).await;
    server.register(RULES, &named("by_payload", "others:page_views", views_in_payload)).await;
    server.register(RULES, &named("unrelated", "others:page_views", Value::Null)).await;
    let group = json!({"attribute_groups": [{"name": "views", "version": 1}]});
    let answer = server.post_as_owner("/api/v1/engines/unpublish", &group).await;
    assert_eq!(
        answer.json(),
        json!({"status": "unpublished", "interventions": [
            {"name": "by_criteria", "version": 1}, {"name": "by_payload", "version": 1},
        ]})
    );
    assert_eq!(server.listed(&format!("{RULES}?applied=true")).await, ["unrelated"]);
}

#[tokio::test]
async fn interventions_stay_published_while_another_published_version_has_their_attributes() {
    let server = bare();
    for version in [1, 2] {
        server.register(GROUPS, &views(version, true)).await;
    }
    server.register(RULES, &rule(1, true)).await;
    server.put_as_owner(&format!("{GROUPS}views/versions/2"), &views(2, false)).await;
    assert_eq!(server.listed(&format!("{RULES}?applied=true")).await, ["welcome"]);
    server.put_as_owner(&format!("{GROUPS}views/versions/1"), &views(1, false)).await;
    assert!(server.listed(&format!("{RULES}?applied=true")).await.is_empty());
}

#[tokio::test]
async fn attributes_of_a_warehouse_live_for_a_year_unless_somebody_says_otherwise() {
    let server = bare();
    let source =
        json!({"name": "s", "database": "d", "schema": "s", "table": "t", "timestamp_field": "at"});
    let mut group = views(1, true);
    group["attributes"] = Value::Null;
    group["fields"] = json!([{"name": "segment", "type": "string"}]);
    group["batch_source"] = source;
    group["offline"] = json!(true);
    let ttl = "attribute_group_or_attribute_key_ttl";
    assert_eq!(server.register(GROUPS, &group).await[ttl], "P365D");
    (group["version"], group["ttl"]) = (json!(2), json!("P30D"));
    assert_eq!(server.register(GROUPS, &group).await[ttl], "P30D");
    assert_eq!(server.register(GROUPS, &views(3, true)).await[ttl], Value::Null);
}

#[tokio::test]
async fn a_change_that_another_definition_cannot_live_with_names_that() {
    let server = bare();
    server.register(GROUPS, &views(1, false)).await;
    server.register(RULES, &rule(1, false)).await;
    let mut changed = views(1, false);
    changed["attributes"][0]["name"] = json!("renamed");
    let answer = server.put_as_owner(&format!("{GROUPS}views/versions/1"), &changed).await;
    let reason = refusal(&answer);
    assert!(reason.contains("intervention `welcome` version 1"), "{reason}");
    assert!(reason.contains("criteria.attribute"), "{reason}");
}

#[tokio::test]
async fn references_to_nothing_are_named() {
    let server = bare();
    server.register(GROUPS, &views(1, true)).await;
    let unknown = json!({"attribute": "views:nothing", "operator": "=", "value": 1});
    let cases = [
        (
            RULES,
            json!({"name": "r", "criteria": {"all": [unknown]}}),
            json!(["body", "criteria", "all", 0, "attribute"]),
        ),
        (
            RULES,
            json!({
                "name": "r",
                "criteria": rule(1, true)["criteria"],
                "target_attribute_keys": [{"name": "user_id"}, {"name": "nobody"}],
            }),
            json!(["body", "target_attribute_keys", 1, "name"]),
        ),
        (
            SERVICES,
            json!({"name": "s", "attribute_groups": [{"name": "views", "version": 2}]}),
            json!(["body", "attribute_groups", 0]),
        ),
        (
            GROUPS,
            json!({"name": "g", "attribute_key": {"name": "nobody"}}),
            json!(["body", "attribute_key", "name"]),
        ),
    ];
    for (path, body, loc) in cases {
        assert_eq!(server.post_as_owner(path, &body).await.locs(), [loc]);
    }
    assert!(server.listed(RULES).await.is_empty());
    assert!(server.listed(SERVICES).await.is_empty());
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let server = bare();
    let with = |field: &str, value: Value| {
        let mut group = views(1, true);
        group[field] = value;
        group
    };
    let cases = [
        (with("name", json!("line\nbreak")), json!(["body", "name"])),
        (with("name", json!("")), json!(["body", "name"])),
        (with("version", json!("1")), json!(["body", "version"])),
        (with("version", json!(-1)), json!(["body", "version"])),
        (with("ttl", json!("a week")), json!(["body", "ttl"])),
        (with("attributes", json!([{}])), json!(["body", "attributes", 0, "name"])),
        (with("is_published", json!("yes")), json!(["body", "is_published"])),
        (json!({}), json!(["body", "name"])),
        (json!([]), json!(["body"])),
    ];
    for (body, loc) in cases {
        let answer = server.post_as_owner(GROUPS, &body).await;
        assert_eq!(answer.locs(), [loc], "{body}");
        let problem = &answer.json()["detail"][0];
        assert!(problem["msg"].is_string() && problem["type"].is_string());
    }
    let not_json = as_owner(request(Method::POST, GROUPS)).body("{".into()).unwrap();
    assert_eq!(server.send(not_json).await.locs(), [json!(["body"])]);
}

#[tokio::test]
async fn what_is_missing_is_told_from_what_is_wrong_at_any_depth() {
    let server = bare();
    for (field, value, kind) in [
        ("type", Value::Null, "missing"),
        ("aggregation", json!("sum"), "missing"),
        ("property", json!({"type": "atomic"}), "missing"),
        ("property", json!({"type": "atomic", "name": "nothing"}), "value_error"),
    ] {
        let mut group = views(1, true);
        group["attributes"][0][field] = value;
        let answer = server.post_as_owner(GROUPS, &group).await;
        assert_eq!(answer.json()["detail"][0]["type"], kind, "{group}");
    }
    assert!(server.listed(GROUPS).await.is_empty());
}

#[tokio::test]
async fn a_body_is_about_what_its_path_names() {
    let server = bare();
    server.register(GROUPS, &views(1, false)).await;
    server.register(GROUPS, &views(2, false)).await;
    let path = format!("{GROUPS}views/versions/1");
    let answer = server.put_as_owner(&path, &views(2, false)).await;
    assert_eq!(answer.locs(), [json!(["body", "version"])]);
    let mut other = views(1, false);
    other["name"] = json!("other");
    assert_eq!(server.put_as_owner(&path, &other).await.locs(), [json!(["body", "name"])]);
}

#[tokio::test]
async fn each_version_is_replaced_for_itself() {
    let server = bare();
    server.register(GROUPS, &views(1, false)).await;
    for method in [Method::PUT, Method::DELETE] {
        let path = format!("{GROUPS}views");
        let answer = server.send_as_owner(method, &path, &views(1, false)).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(answer.json()["detail"].as_str().unwrap().contains("/versions/"));
    }
    let answer = server.send_as_owner(Method::PATCH, GROUPS, &Value::Null).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(answer.json()["detail"].is_string());
    assert!(answer.header("allow").unwrap().contains("POST"));
}

#[tokio::test]
async fn lists_can_leave_out_what_is_not_published() {
    let server = bare();
    server.register(GROUPS, &views(1, true)).await;
    server.register(GROUPS, &views(2, false)).await;
    assert_eq!(server.listed(GROUPS).await.len(), 2);
    assert_eq!(server.listed(&format!("{GROUPS}?applied=false")).await.len(), 2);
    let applied = server.get_as_owner(&format!("{GROUPS}?applied=true")).await.json();
    assert_eq!(applied.as_array().unwrap().len(), 1);
    assert_eq!(applied[0]["version"], 1);
    let unclear = server.get_as_owner(&format!("{GROUPS}?applied=perhaps")).await;
    assert_eq!(unclear.locs(), [json!(["query", "applied"])]);
}

#[tokio::test]
async fn built_in_attribute_keys_are_there_to_stay() {
    let server = bare();
    let built_in = [
        "domain_userid",
        "domain_sessionid",
        "network_userid",
        "user_id",
        "client_session_user_id",
        "client_session_session_id",
    ];
    assert_eq!(server.listed(KEYS).await, built_in);
    let path = format!("{KEYS}domain_userid");
    let reason = refusal(&server.delete_as_owner(&path).await);
    assert!(reason.contains("built in"), "{reason}");

    let as_sdks_do = json!({
        "name": "domain_userid", "key": "domain_userid", "description": "The user.", "is_published": true,
    });
    assert!(refusal(&server.post_as_owner(KEYS, &as_sdks_do).await).contains("already exists"));
    let answer = server.put_as_owner(&path, &as_sdks_do).await;
    assert_eq!(answer.json()["description"], "The user.");
    let elsewhere =
        json!({"name": "domain_userid", "property": {"type": "atomic", "name": "user_id"}});
    assert!(refusal(&server.put_as_owner(&path, &elsewhere).await).contains("built in"));

    let path = format!("{KEYS}client_session_user_id");
    let mut phone = server.get_as_owner(&path).await.json();
    assert_eq!(phone["property"]["name"], "client_session");
    phone["description"] = json!("The phone.");
    assert_eq!(server.put_as_owner(&path, &phone).await.json()["description"], "The phone.");
}

#[tokio::test]
async fn custom_attribute_keys_can_be_subscribed_to() {
    let server = bare();
    let stream = "/api/v1/interventions?page=x";
    assert_eq!(server.get(stream).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let key = json!({
        "name": "page", "property": {"type": "atomic", "name": "page_urlpath"}, "ttl": "P1D", "is_published": true,
    });
    let shown = server.register(KEYS, &key).await;
    assert_eq!(shown["blobl_path"], "page_urlpath");
    assert_eq!(server.push("page=x", "hello").await, "undelivered");
    assert!(
        refusal(&server.delete_as_owner(&format!("{KEYS}page")).await)
            .contains("Unpublish it first")
    );
}

#[tokio::test]
async fn groups_are_shown_with_every_field_of_the_clients_models() {
    let server = bare();
    let mut group = views(3, true);
    group["attributes"][0]["property"] = json!({
        "type": "entity", "vendor": "com.acme", "name": "product", "major_version": 1, "path": "price", "index": 0,
    });
    group["attribute_key"]["ttl"] = json!("P30D");
    let written = server.register(GROUPS, &group).await;
    for (field, expected) in [
        ("full_name", json!("views_v3")),
        ("feast_name", json!("views_v3")),
        ("stream_source_name", Value::Null),
        ("attribute_key_or_name", json!("domain_userid")),
        ("attribute_group_or_attribute_key_ttl", json!("P30D")),
        ("ttl", Value::Null),
        ("batch_source", Value::Null),
        ("fields", Value::Null),
        ("online", json!(true)),
        ("offline", json!(false)),
        ("description", Value::Null),
        ("owner", json!("owner@example.com")),
        ("backfill_since_tstamp", Value::Null),
        ("refresh_rate", Value::Null),
    ] {
        assert_eq!(written.get(field), Some(&expected), "{field}");
    }
    for field in ["blobl_path", "external_column", "property", "key", "is_published"] {
        assert!(written["attribute_key"].get(field).is_some(), "{field}");
    }
    assert_eq!(written["attributes"][0]["property"], group["attributes"][0]["property"]);
    let read = server.get_as_owner(&format!("{GROUPS}views")).await.json();
    assert_eq!(read["attributes"][0]["property"], "contexts_com_acme_product_1[0].price");
}

#[tokio::test]
async fn references_are_published_and_taken_back_together_or_not_at_all() {
    let server = bare();
    server.register(GROUPS, &views(1, false)).await;
    server.register(RULES, &rule(1, false)).await;
    let references = json!({
        "attribute_groups": [{"name": "views", "version": 1}],
        "interventions": [{"name": "welcome", "version": 1}],
    });
    let mut wrong = references.clone();
    wrong["interventions"][0]["version"] = json!(2);
    let answer = server.post_as_owner("/api/v1/engines/publish", &wrong).await;
    assert_eq!(answer.locs(), [json!(["body", "interventions", 0])]);
    assert!(server.listed(&format!("{GROUPS}?applied=true")).await.is_empty());

    let publish = async |path: &str, body: &Value| {
        server.post_as_owner(path, body).await.json()["status"].as_str().unwrap().to_owned()
    };
    let (on, off) = ("/api/v1/engines/publish", "/api/v1/engines/unpublish");
    assert_eq!(publish(on, &references).await, "published");
    assert_eq!(publish(on, &references).await, "nothing to publish");
    let mut stream = server.open(&format!("domain_userid={USER}")).await;
    server.view_page().await;
    assert_eq!(stream.instance().await.1["name"], "welcome");
    assert_eq!(publish(off, &references).await, "unpublished");
    assert_eq!(publish(off, &json!({})).await, "nothing to unpublish");
    assert!(server.listed(&format!("{RULES}?applied=true")).await.is_empty());

    let logs = json!({"event_logs": [{"name": "log"}]});
    assert_eq!(server.post_as_owner(on, &logs).await.locs(), [json!(["body", "event_logs", 0])]);
}

#[tokio::test]
async fn what_is_registered_can_be_had_as_a_definitions_file() {
    let server = bare();
    server.register(GROUPS, &views(2, true)).await;
    server.register(GROUPS, &views(1, false)).await;
    server.register(SERVICES, &service(true)).await;
    server.register(RULES, &rule(1, true)).await;
    let file = server.get_as_owner("/mock/definitions").await.text();
    assert!(!file.contains("null"), "{file}");
    assert!(!file.contains("network_userid"), "built-in keys need no entry: {file}");

    let definitions = Definitions::from_json(&file).unwrap();
    let versions: Vec<_> = definitions.attribute_groups.iter().map(|it| it.version).collect();
    assert_eq!(versions, [1, 2]);
    let copy = Server::with(|options| options.definitions = definitions);
    assert_eq!(
        copy.get_as_owner("/mock/definitions").await.json()["interventions"],
        server.get_as_owner("/mock/definitions").await.json()["interventions"]
    );
}
