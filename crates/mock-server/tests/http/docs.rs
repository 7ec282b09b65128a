//! The description of the API.

use std::collections::HashSet;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

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
            assert!(!text.contains("\"not found\"") && !text.contains("this method"), "{path}");
            let status = answer.status.as_u16().to_string();
            for response in operation["responses"].as_object().unwrap().values() {
                assert!(response["description"].is_string(), "{method} {path}");
            }
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(operations.insert(id), "{method} {path}: its id is taken");
            // For versioned definitions, these paths require a version.
            let is_described = operation["responses"].get(&status).is_some();
            assert!(is_described || status == "405", "{method} {path}: {status}");

            let wants_token = operation["security"].as_array().is_some_and(|schemes| {
                schemes.iter().all(|it| it.as_object().is_some_and(|it| !it.is_empty()))
            });
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
    assert!(page.contains("fetch('/openapi.json')"));
    assert!(!page.contains("//"), "an address elsewhere in {page}");
}

#[tokio::test]
async fn what_definitions_are_made_of_is_described_with_every_name_they_choose_from() {
    let description = description(&Server::new()).await;
    let schemas = &description["components"]["schemas"];
    let names = |schema: &str, field: &str| {
        let names = schemas[schema]["properties"][field]["enum"].as_array();
        names.unwrap_or_else(|| panic!("{schema}.{field} is open")).clone()
    };
    assert_eq!(names("AttributeDefinition", "aggregation").len(), 14);
    for aggregation in ["counter", "approx_count_distinct", "time_since_first"] {
        assert!(names("AttributeDefinition", "aggregation").contains(&aggregation.into()));
    }
    assert!(names("AttributeDefinition", "type").contains(&"string_list".into()));
    assert_eq!(names("Criteria", "operator").len(), 16);
    assert!(!names("EventCriterion", "operator").contains(&"changed".into()));
    assert_eq!(schemas["AttributeGroup"]["required"], json!(["name", "attribute_key"]));
    assert_eq!(schemas["Intervention"]["required"], json!(["name", "criteria"]));
    let required = json!(["name", "attribute_key", "events", "max_events", "max_age_seconds"]);
    assert_eq!(schemas["EventLog"]["required"], required);
    assert_eq!(schemas["EventLog"]["properties"]["max_events"]["maximum"], 100);
    let path = &description["paths"]["/api/v1/registry/{kind}/"]["post"];
    let body = &path["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(body, "#/components/schemas/Definition");
    assert_eq!(schemas["Definition"]["anyOf"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn the_page_is_the_same_with_a_slash_at_its_end() {
    let server = Server::new();
    let (page, with_slash) = (server.get("/docs").await, server.get("/docs/").await);
    assert_eq!((page.status, page.text()), (with_slash.status, with_slash.text()));
    assert!(page.text().contains("fetch('/openapi.json')"), "it is read from two places");
}
