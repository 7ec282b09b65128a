//! Tests an attribute group before it is registered, against the events in the journal.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value};
use signals_engine::{
    AttributeGroup, DefinitionError, Definitions, Engine, Event, LocSegment, Timestamp,
    parse_duration_ms,
};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use crate::clock::Clock;
use crate::http::auth::Authorized;
use crate::http::body::JsonBody;
use crate::http::error::{ApiError, BodyRefused, Problem, Step, TokenRefused};
use crate::journal::Journal;
use crate::json::Object;
use crate::registry::Registry;
use crate::state::AppState;

/// How many ids a request may name.
const MAX_IDS: usize = 50;

/// How many apps a request may name.
const MAX_APPS: usize = 10;

/// How many ids are used if a request names none.
const DEFAULT_IDS: usize = 10;

const ONE_HOUR: &str = "PT1H";

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(paths(test_attribute_group))]
pub(super) struct Api;

/// The routes for testing definitions.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/testing/attribute_groups", post(test_attribute_group))
        .route("/api/v1/testing/attribute_groups/", post(test_attribute_group))
}

/// The group to test, and the events to test it with.
#[derive(Debug, Deserialize, ToSchema)]
struct Trial {
    /// The group. You do not need to register or publish it.
    #[schema(value_type = AttributeGroup)]
    attribute_group: Object<AttributeGroup>,
    /// The ids to compute attributes for. By default, the ten ids with the most recent events.
    #[schema(max_items = 50)]
    attribute_key_ids: Option<Vec<String>>,
    /// The apps whose events count. By default, all apps.
    #[schema(max_items = 10)]
    app_ids: Option<Vec<String>>,
    /// How far back events count, as an ISO 8601 duration. By default, `PT1H`.
    window: Option<String>,
}

/// Computes an attribute group over recent events. Returns one row per id, with the id and all attributes.
#[utoipa::path(
    post,
    path = "/api/v1/testing/attribute_groups/",
    tag = "testing",
    security(("token" = [])),
    request_body = Trial,
    responses(
        (status = 200, description = "The rows.", body = Vec<HashMap<String, Value>>),
        BodyRefused,
        TokenRefused,
    )
)]
async fn test_attribute_group(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    State(journal): State<Journal>,
    State(clock): State<Clock>,
    JsonBody(trial): JsonBody<Trial>,
) -> Result<Json<Vec<Map<String, Value>>>, ApiError> {
    let Trial { attribute_group: Object(group), attribute_key_ids, app_ids, window } = trial;
    let app_ids = bounded(app_ids, "app_ids", MAX_APPS)?;
    let ids = bounded(attribute_key_ids, "attribute_key_ids", MAX_IDS)?;
    let window_ms = parse_duration_ms(window.as_deref().unwrap_or(ONE_HOUR))
        .map_err(|reason| Problem::in_body([Step::from("window")], "duration_parsing", reason))?;
    let key = group.attribute_key.name.clone();
    let mut engine = engine_of(group, &registry)?;

    let now = clock.now();
    let since = now.plus_millis(window_ms.saturating_neg());
    let counts = |event: &Event| {
        let app = event.atomic("app_id");
        event.collector_tstamp() > since
            && (app_ids.is_empty()
                || app.as_str().is_some_and(|app| app_ids.iter().any(|id| id == app)))
    };
    let remembered = journal.good_events();
    let events: Vec<&Event> =
        remembered.iter().filter_map(|entry| entry.good_event()).filter(|it| counts(it)).collect();
    for event in &events {
        engine.process(event, &mut Uuid::new_v4);
    }
    let ids = if ids.is_empty() { latest_ids(&engine, &key, &events) } else { ids };
    Ok(Json(ids.into_iter().map(|id| row(&engine, &key, id, now)).collect()))
}

/// An engine with only this group.
fn engine_of(mut group: AttributeGroup, registry: &Registry) -> Result<Engine, ApiError> {
    group.is_published = true;
    let attribute_keys = registry.attribute_keys()?;
    let definitions =
        Definitions { attribute_keys, attribute_groups: vec![group], ..Definitions::default() };
    Engine::new(&definitions).map_err(|error| problem(&error).into())
}

/// Translates the location of an error to the request: only the group can be invalid.
fn problem(error: &DefinitionError) -> Problem {
    // Skip the name of the list and the position in it.
    let path = error.loc.iter().skip(2).map(|segment| match segment {
        LocSegment::Field(name) => Step::from(name.as_str()),
        LocSegment::Index(index) => Step::Index(*index),
    });
    let kind = if error.is_missing { "missing" } else { "value_error" };
    Problem::in_body([Step::from("attribute_group")].into_iter().chain(path), kind, &error.message)
}

/// The strings of an optional list.
fn bounded(list: Option<Vec<String>>, field: &str, limit: usize) -> Result<Vec<String>, Problem> {
    let list = list.unwrap_or_default();
    if list.len() > limit {
        let msg = format!("at most {limit}, not {}", list.len());
        return Err(Problem::in_body([Step::from(field)], "too_long", msg));
    }
    if let Some(index) = list.iter().position(String::is_empty) {
        let path = [Step::from(field), Step::Index(index)];
        return Err(Problem::in_body(path, "empty_id", "cannot be empty"));
    }
    Ok(list)
}

/// The ids with the most recent events, the latest first.
fn latest_ids(engine: &Engine, key: &str, events: &[&Event]) -> Vec<String> {
    let mut latest: Vec<String> = Vec::new();
    let ids = events.iter().rev().flat_map(|event| engine.ids(event));
    for id in ids.filter(|id| id.name == key).map(|id| id.id) {
        if latest.len() == DEFAULT_IDS {
            break;
        }
        if !latest.contains(&id) {
            latest.push(id);
        }
    }
    latest
}

/// One id and its attributes, as a read returns them.
fn row(engine: &Engine, key: &str, id: String, now: Timestamp) -> Map<String, Value> {
    let groups = engine.attributes(key, &id, now);
    let attributes = groups.into_iter().flat_map(|group| group.attributes);
    let id = (key.to_owned(), Value::String(id));
    [id].into_iter().chain(attributes.map(|attribute| (attribute.name, attribute.value))).collect()
}
