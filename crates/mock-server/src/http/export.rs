//! Exports the registry as a definitions file.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use signals_server::{ApiError, Authorized, Registry, TokenRefused};
use utoipa::OpenApi;

use crate::state::AppState;

/// The fields that come first, for readability. The others follow in alphabetical order.
const FIRST: [&str; 16] = [
    "name",
    "version",
    "description",
    "owner",
    "is_published",
    "attribute_key",
    "type",
    "vendor",
    "major_version",
    "path",
    "events",
    "aggregation",
    "property",
    "attribute",
    "operator",
    "value",
];

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(paths(definitions))]
pub(super) struct Api;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/mock/definitions", get(definitions))
}

/// Exports everything that is registered, in a stable form. You can start a server with it.
#[utoipa::path(
    get,
    path = "/mock/definitions",
    tag = "mock",
    security(("token" = [])),
    responses((status = 200, description = "A definitions file.", body = Object), TokenRefused)
)]
async fn definitions(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
) -> Result<Response, ApiError> {
    let mut collections = Vec::new();
    for (collection, mut documents) in registry.registered() {
        documents.sort_by_key(|document| {
            let text = |name| document.get(name).and_then(Value::as_str).map(str::to_owned);
            (text("name"), document.get("version").and_then(Value::as_u64))
        });
        let documents = documents.into_iter().map(Value::Object).collect();
        collections.push((collection, Value::Array(documents)));
    }
    let file = File(collections);
    let mut text = serde_json::to_string_pretty(&file)
        .map_err(|error| ApiError::Internal(error.to_string()))?;
    text.push('\n');
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

struct File(Vec<(&'static str, Value)>);

impl Serialize for File {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let collections = self.0.iter().map(|(name, documents)| (name, ForPeople(documents)));
        serializer.collect_map(collections)
    }
}

/// Serialises a value for people: objects begin with the important fields and have no null fields.
struct ForPeople<'a>(&'a Value);

impl Serialize for ForPeople<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(None)?;
                for (name, value) in in_order(fields) {
                    map.serialize_entry(name, &ForPeople(value))?;
                }
                map.end()
            }
            Value::Array(elements) => {
                let mut list = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    list.serialize_element(&ForPeople(element))?;
                }
                list.end()
            }
            value => value.serialize(serializer),
        }
    }
}

fn in_order(fields: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    let first = FIRST.into_iter().filter_map(|name| Some((name, fields.get(name)?)));
    let rest = fields.iter().map(|(name, value)| (name.as_str(), value));
    let rest = rest.filter(|(name, _)| !FIRST.contains(name));
    first.chain(rest).filter(|(_, value)| !value.is_null())
}
