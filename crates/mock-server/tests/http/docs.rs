//! The description of the API.

use std::collections::HashSet;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::support::{Server, as_owner, request};

async fn description(server: &Server) -> Value {
    let answer = server.get("/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

/// Every value of a field `$ref` in `value`.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(elements) => elements.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_description_is_openapi_3_1_and_refers_to_nothing_that_is_not_there() {
    let description = description(&Server::new()).await;
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut found = Vec::new();
    references(&description, &mut found);
    assert!(found.len() > 50, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn everything_described_is_there_and_asks_for_the_token_where_it_says_so() {
    let server = Server::new();
    let description = description(&server).await;
    let mut operations = HashSet::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        let concrete = path
            .replace("{kind}", "attribute_groups")
            .replace("{name}", "x")
            .replace("{version}", "1");
        for (method, operation) in methods.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let send = async |builder: axum::http::request::Builder| {
                server.send(builder.body(Body::from("{}")).unwrap()).await
            };
            let answer = send(as_owner(request(method.clone(), &concrete))).await;
            let text = answer.text();
            assert!(!text.contains("\"not found\"") && !text.contains("that method"), "{path}");
            let status = answer.status.as_u16().to_string();
            for response in operation["responses"].as_object().unwrap().values() {
                assert!(response["description"].is_string(), "{method} {path}");
            }
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(operations.insert(id), "{method} {path}: its id is taken");
            // Of versioned definitions, those paths want a version.
            let is_described = operation["responses"].get(&status).is_some();
            assert!(is_described || status == "405", "{method} {path}: {status}");

            let wants_token = operation["security"]
                .as_array()
                .is_some_and(|schemes| schemes.iter().all(|it| it.get("token").is_some()));
            let anybody = send(request(method.clone(), &concrete)).await;
            let refused = anybody.status == StatusCode::UNAUTHORIZED;
            assert_eq!(refused, wants_token, "{method} {path}");
        }
    }
    assert!(operations.len() >= 20, "{operations:?}");
}

#[tokio::test]
async fn the_page_for_people_loads_nothing_from_elsewhere() {
    let answer = Server::new().get("/docs").await;
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; connect-src 'self';"), "{policy}");
    let page = answer.text();
    assert!(page.contains("fetch('openapi.json')"));
    assert!(!page.contains("//"), "an address elsewhere in {page}");
}
