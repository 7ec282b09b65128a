//! The route of the metrics.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::OpenApi;

use super::error::ApiError;
use crate::metrics::{CONTENT_TYPE, Metrics};
use crate::pipeline::Pipeline;
use crate::state::AppState;

/// The route of the metrics.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/metrics", get(metrics_text))
}

/// The description of the metrics.
#[derive(OpenApi)]
#[openapi(paths(metrics_text))]
pub(super) struct Api;

/// Shows the server's metrics in OpenMetrics format, for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "metrics",
    responses(
        (status = 200, description = "The metrics.", content_type = "application/openmetrics-text", body = String),
    )
)]
async fn metrics_text(
    State(metrics): State<Metrics>,
    State(pipeline): State<Arc<Pipeline>>,
) -> Result<Response, ApiError> {
    metrics.profiles.set(pipeline.profile_count() as i64);
    let text = metrics.to_text().map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}
