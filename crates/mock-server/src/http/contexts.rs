//! Agentic contexts for pages: the demo shop shows what an agent would read about the visitor.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use signals_engine::Timestamp;
use signals_server::{
    ApiError, CheckedQuery, Clock, ErrorBody, Pipeline, Problem, Registry, narrative,
};
use signals_wire::identifier::is_canonical_uuid;
use tower::ServiceBuilder;
use tower_http::cors::{Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::{OpenApi, ToSchema};

use crate::state::AppState;

/// The description of this route.
#[derive(OpenApi)]
#[openapi(paths(contexts_of_session))]
pub(super) struct Api;

/// The route for pages.
pub(super) fn routes() -> Router<AppState> {
    let no_store = HeaderValue::from_static("no-store");
    let layers = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, no_store))
        .layer(CorsLayer::new().allow_origin(Any));
    Router::new().route("/mock/contexts", get(contexts_of_session).layer(layers))
}

/// The session to read.
#[derive(Debug, Deserialize)]
struct Session {
    identifier: Option<String>,
}

/// All published contexts of a session at `now`, in the order of their publication.
pub(super) fn contexts_of(
    session: &str,
    registry: &Registry,
    pipeline: &Pipeline,
    now: Timestamp,
) -> Vec<Context> {
    let published = registry.published_event_logs().into_iter();
    let contexts = published.filter_map(|log| {
        let reading = pipeline.context(&log.name, session, now)?;
        let narrative = narrative(&reading, now);
        Some(Context { name: log.name, description: log.description, narrative })
    });
    contexts.collect()
}

/// All contexts of a session.
#[derive(Debug, Serialize, ToSchema)]
struct Contexts {
    contexts: Vec<Context>,
}

/// One context as an agent reads it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Context {
    /// The name of the event log.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// The text, which begins with the prompt.
    narrative: String,
}

/// Reads all published contexts of a session, as text. Needs no token, because the demo shop has none: the id is a secret of its
/// own.
#[utoipa::path(
    get,
    path = "/mock/contexts",
    tag = "mock",
    params(("identifier" = String, Query, description = "The session's `domain_sessionid`, a UUID.")),
    responses(
        (status = 200, description = "The contexts, in the order of their publication.", body = Contexts),
        (status = 422, body = ErrorBody, description = "The id is missing or no UUID."),
    )
)]
async fn contexts_of_session(
    State(registry): State<Arc<Registry>>,
    State(pipeline): State<Arc<Pipeline>>,
    State(clock): State<Clock>,
    CheckedQuery(Session { identifier }): CheckedQuery<Session>,
) -> Result<Json<Contexts>, ApiError> {
    let identifier =
        identifier.ok_or_else(|| Problem::in_query("identifier", "missing", "is missing"))?;
    if !is_canonical_uuid(&identifier) {
        let msg = "must be a canonical UUID, because the request has no token";
        return Err(Problem::in_query("identifier", "uuid_parsing", msg).into());
    }
    let contexts = contexts_of(&identifier, &registry, &pipeline, clock.now());
    Ok(Json(Contexts { contexts }))
}
