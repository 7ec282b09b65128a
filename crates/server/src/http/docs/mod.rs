//! The OpenAPI description of the API, and a page that shows it.

use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use super::{
    attributes, collector, credentials, event_log, interventions, metrics, registry, testing,
};
use crate::state::AppState;

/// The parts that do not belong to a single route.
#[derive(OpenApi)]
#[openapi(info(
    title = "signals-server",
    description = "Receives the events of Snowplow trackers, computes attributes and streams interventions."
))]
struct Api;

/// The page. It requests only the description.
const PAGE: &str = include_str!("page.html");

/// Allows only the page's own script, styles and requests.
const POLICY: &str =
    "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// The routes of the description.
pub(super) fn routes(name: &'static str) -> Router<AppState> {
    Router::new()
        .route("/openapi.json", get(async || Json(description())))
        .route("/docs", get(async move || page(name)))
        .route("/docs/", get(async move || page(name)))
}

fn page(name: &str) -> impl IntoResponse + use<> {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE.replace("PROGRAM", name)))
}

/// All routes of the server. Programs that add routes of their own extend this description.
pub fn description() -> Description {
    let mut description = Api::openapi();
    for part in [
        collector::Api::openapi(),
        interventions::description(),
        registry::description(),
        attributes::Api::openapi(),
        event_log::Api::openapi(),
        testing::Api::openapi(),
        credentials::description(),
        metrics::Api::openapi(),
    ] {
        description.merge(part);
    }
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = description.components.get_or_insert_default();
    components.security_schemes.insert("token".to_owned(), token.into());
    description
}
