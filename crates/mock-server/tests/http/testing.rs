//! Testing attribute groups before they are registered.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use signals_engine::Definitions;

use crate::support::{OTHER_USER, Server, USER, event_id, page_view};

const TRY: &str = "/api/v1/testing/attribute_groups/";

fn bare() -> Server {
    Server::with(|options| options.definitions = Definitions::default())
}

fn group() -> Value {
    json!({
        "name": "draft",
        "attribute_key": {"name": "domain_userid"},
        "attributes": [
            {"name": "views", "type": "int32", "events": [{"name": "page_view"}], "aggregation": "counter"},
            {
                "name": "apps", "type": "string_list", "events": [], "aggregation": "unique_list",
                "property": {"type": "atomic", "name": "app_id"},
            },
        ],
    })
}

impl Server {
    async fn try_out(&self, more: &Value) -> Value {
        let mut body = json!({"attribute_group": group()});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.post_as_owner(TRY, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }

    async fn refused(&self, more: &Value) -> Vec<Value> {
        let mut body = json!({"attribute_group": group()});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post_as_owner(TRY, &body).await.locs()
    }

    async fn view(&self, user: &str, app: &str) {
        let mut view = page_view(user, &event_id());
        view["aid"] = json!(app);
        assert_eq!(self.collect(&[view]).await.status, StatusCode::OK);
    }
}

fn row(user: &str, views: u64, apps: &[&str]) -> Value {
    json!({"domain_userid": user, "views": views, "apps": apps})
}

#[tokio::test]
async fn a_group_is_computed_over_the_latest_events_without_being_registered() {
    let server = bare();
    for (user, app) in [(USER, "shop"), (OTHER_USER, "shop"), (USER, "blog")] {
        server.view(user, app).await;
    }
    let rows = server.try_out(&json!({"attribute_key_ids": [USER, "nobody"]})).await;
    assert_eq!(rows, json!([row(USER, 2, &["shop", "blog"]), row("nobody", 0, &[])]));
    let listed = server.get_as_owner("/api/v1/registry/attribute_groups/").await;
    assert_eq!(listed.json(), json!([]));
}

#[tokio::test]
async fn without_ids_it_is_about_the_ten_that_had_an_event_last() {
    let server = bare();
    assert_eq!(server.try_out(&json!({})).await, json!([]));
    for number in 0..12 {
        server.view(&format!("shopper-{number}"), "shop").await;
    }
    server.view("shopper-5", "shop").await;
    let rows = server.try_out(&json!({"attribute_key_ids": []})).await;
    let ids: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["domain_userid"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), ids[0], ids[1], ids[9]), (10, "shopper-5", "shopper-11", "shopper-2"));
}

#[tokio::test]
async fn only_events_of_the_apps_and_the_window_count() {
    let server = bare();
    server.view(USER, "shop").await;
    server.clock.advance(Duration::from_secs(30 * 60));
    server.view(USER, "shop").await;
    server.view(USER, "blog").await;
    let of_apps = server.try_out(&json!({"app_ids": ["shop"]})).await;
    assert_eq!(of_apps, json!([row(USER, 2, &["shop"])]));
    let of_window = server.try_out(&json!({"window": "PT30M"})).await;
    assert_eq!(of_window, json!([row(USER, 2, &["shop", "blog"])]));
    server.clock.advance(Duration::from_secs(40 * 60));
    let of_last_hour = server.try_out(&json!({})).await;
    assert_eq!(of_last_hour, json!([row(USER, 2, &["shop", "blog"])]));
}

#[tokio::test]
async fn a_group_may_use_an_attribute_key_that_is_registered() {
    let server = bare();
    let key = json!({"name": "page", "key": "page_urlpath"});
    server.post_as_owner("/api/v1/registry/attribute_keys/", &key).await;
    let mut view = page_view(USER, &event_id());
    view["url"] = json!("https://shop.example/kettle");
    server.collect(&[view]).await;
    let mut by_page = group();
    by_page["attribute_key"] = json!({"name": "page"});
    let rows = server.try_out(&json!({"attribute_group": by_page})).await;
    assert_eq!(rows, json!([{"page": "/kettle", "views": 1, "apps": ["shop"]}]));
}

#[tokio::test]
async fn what_makes_no_sense_is_named() {
    let server = bare();
    let mut wrong_type = group();
    wrong_type["attributes"][1]["type"] = json!("string");
    let mut unknown_key = group();
    unknown_key["attribute_key"] = json!({"name": "unknown"});
    for (more, loc) in [
        (
            json!({"attribute_group": wrong_type}),
            json!(["attribute_group", "attributes", 1, "type"]),
        ),
        (
            json!({"attribute_group": unknown_key}),
            json!(["attribute_group", "attribute_key", "name"]),
        ),
        (json!({"attribute_group": []}), json!(["attribute_group"])),
        (json!({"attribute_key_ids": vec!["x"; 51]}), json!(["attribute_key_ids"])),
        (json!({"attribute_key_ids": ["x", ""]}), json!(["attribute_key_ids", 1])),
        (json!({"app_ids": vec!["x"; 11]}), json!(["app_ids"])),
        (json!({"window": "an hour"}), json!(["window"])),
    ] {
        let mut expected = vec![json!("body")];
        expected.extend(loc.as_array().unwrap().clone());
        assert_eq!(server.refused(&more).await, [json!(expected)], "{more}");
    }
    assert_eq!(server.send_as_owner(axum::http::Method::GET, TRY, &Value::Null).await.status, 405);
}
