//! The collector: where trackers send their events.

mod payload;
mod pixel;
mod visitor;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::{HeaderName, Method, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::OpenApi;

use self::pixel::Pixel;
use self::visitor::Visitor;
use crate::clock::Clock;
use crate::http::body::RawBody;
use crate::http::error::{self, ApiError, ErrorBody};
use crate::pipeline::Pipeline;
use crate::state::AppState;

/// Asks the collector to use neither the client's address nor a cookie.
const SP_ANONYMOUS: HeaderName = HeaderName::from_static("sp-anonymous");

/// How long browsers may remember the answer to a preflight request.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(600);

/// The description of the routes that trackers use.
#[derive(OpenApi)]
#[openapi(paths(post_events, get_event))]
pub(in crate::http) struct Api;

/// The routes that trackers use.
///
/// Trackers can be configured to post to any path of two segments. `otherwise` answers `GET` and `HEAD` on such paths.
pub(in crate::http) fn routes<T: 'static>(otherwise: impl Handler<T, ()>) -> Router<AppState> {
    let not_posted = async move |request: Request| {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            otherwise.call(request, ()).await
        } else {
            error::method_not_allowed().await.into_response()
        }
    };
    Router::new()
        .route("/{vendor}/{version}", with_cors(post(post_events)).fallback(not_posted))
        .route("/i", with_cors(get(get_event)))
        .route("/ice.png", with_cors(get(get_event)))
        .route("/health", get(|| async { "ok" }))
}

fn with_cors(route: MethodRouter<AppState>) -> MethodRouter<AppState> {
    route.options(preflight).layer(cors())
}

/// Every page can send events. With credentials, browsers require the exact origin: they reject a wildcard.
pub fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::OPTIONS])
        .allow_headers([header::CONTENT_TYPE, SP_ANONYMOUS])
        .max_age(PREFLIGHT_MAX_AGE)
}

/// Registers the method. The CORS layer answers.
async fn preflight() -> StatusCode {
    StatusCode::OK
}

/// Receives a tracker's events. Any path of two segments works.
#[utoipa::path(
    post,
    path = "/com.snowplowanalytics.snowplow/tp2",
    tag = "collector",
    request_body = Object,
    responses(
        (status = 200, description = "The events are processed.", content_type = "text/plain", body = String),
        (status = 400, body = ErrorBody, description = "The body is not a tracker payload."),
        (status = 413, body = ErrorBody, description = "The body is too large."),
    )
)]
async fn post_events(
    State(pipeline): State<Arc<Pipeline>>,
    State(clock): State<Clock>,
    visitor: Visitor,
    RawBody(body): RawBody,
) -> Result<Response, ApiError> {
    let body = payload::text_of(&body);
    let events = payload::events_in_body(&body)?.map(|event| visitor.redact(event));
    pipeline.take_in(events, &visitor.arrival(clock.now()));
    Ok((AppendHeaders(visitor.set_cookie()), "ok").into_response())
}

/// Receives one event, which is in the query.
#[utoipa::path(
    get,
    path = "/i",
    tag = "collector",
    responses(
        (status = 200, content_type = "image/gif", body = [u8], description = "A transparent pixel."),
    )
)]
async fn get_event(
    State(pipeline): State<Arc<Pipeline>>,
    State(clock): State<Clock>,
    visitor: Visitor,
    uri: Uri,
) -> Response {
    let event = visitor.redact(payload::event_in_query(uri.query().unwrap_or_default()));
    pipeline.take_in([event], &visitor.arrival(clock.now()));
    (AppendHeaders(visitor.set_cookie()), Pixel::for_path(uri.path())).into_response()
}
