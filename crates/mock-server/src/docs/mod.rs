//! The API, described for programs and for people.

use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use crate::state::AppState;
use crate::{attributes, collector, credentials, mock_api, registry, stream, testing};

/// Everything that is not about single routes.
#[derive(OpenApi)]
#[openapi(info(
    title = "signals-mock-server",
    description = "Stands in for the Snowplow collector and for Signals."
))]
struct Api;

/// Shows the description. It asks for nothing but that.
const PAGE: &str = include_str!("page.html");

/// Lets the page load what it is made of and nothing else.
const POLICY: &str =
    "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// The routes of the description.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/openapi.json", get(async || Json(description())))
        .route("/docs", get(async || page()))
        .route("/docs/", get(async || page()))
}

fn page() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE))
}

fn description() -> Description {
    let mut description = Api::openapi();
    for part in [
        collector::Api::openapi(),
        stream::description(),
        registry::description(),
        attributes::Api::openapi(),
        testing::Api::openapi(),
        credentials::description(),
        mock_api::Api::openapi(),
    ] {
        description.merge(part);
    }
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = description.components.get_or_insert_default();
    components.security_schemes.insert("token".to_owned(), token.into());
    description
}
