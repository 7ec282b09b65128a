//! The intervention stream, and direct interventions.

mod direct;
mod targets;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use signals_wire::stream::{INTERVENTIONS_PATH, RESUME_PARAM};
use tower_http::cors::{Any, CorsLayer};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;

pub(in crate::http) use self::targets::TargetRules;
use crate::frame::Dialect;
use crate::http::error::{self, ApiError, ErrorBody};
use crate::http::query;
use crate::http::sdk::{self, X_SIGNALS_SDK_NAME};
use crate::hub::{DeliveryHub, Subscription};
use crate::serving::Endless;
use crate::state::AppState;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The routes of the stream.
pub(in crate::http) fn routes() -> Router<AppState> {
    let route = get(open).post(direct::publish);
    // The CORS layer answers preflight requests in the place of the fallback.
    let route = route.fallback(error::method_not_allowed).layer(cors());
    Router::new().route(INTERVENTIONS_PATH, route)
}

/// Every page can read streams: anyone who knows an id can read its interventions.
pub fn cors() -> CorsLayer {
    CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::POST]).allow_headers([
        header::AUTHORIZATION,
        header::CACHE_CONTROL,
        header::CONTENT_TYPE,
        LAST_EVENT_ID,
        X_SIGNALS_SDK_NAME,
    ])
}

/// The description of the stream.
#[derive(OpenApi)]
#[openapi(paths(open))]
struct Api;

/// The description of the stream and of direct interventions.
pub(in crate::http) fn description() -> Description {
    let mut description = Api::openapi();
    description.merge(direct::Api::openapi());
    description
}

/// Streams the interventions of the targets in the query, each as `{attribute key}={id}`. The response does not end.
#[utoipa::path(
    get,
    path = "/api/v1/interventions",
    operation_id = "pull_interventions",
    tag = "interventions",
    params(
        ("domain_userid" = Option<Vec<String>>, Query),
        ("domain_sessionid" = Option<Vec<String>>, Query),
        ("last_event_id" = Option<String>, Query, description = "Replay the interventions after this event."),
        ("Last-Event-ID" = Option<String>, Header, description = "The same. Takes precedence over the parameter."),
    ),
    responses(
        (status = 200, description = "Server-Sent Events. Each event without a name is one intervention.", content_type = "text/event-stream", body = String),
        (status = 422, body = ErrorBody, description = "The query has no id, or an id or attribute key is invalid."),
    )
)]
async fn open(
    State(rules): State<TargetRules>,
    State(hub): State<DeliveryHub>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let query = query.unwrap_or_default();
    let (resume, ids): (Vec<_>, Vec<_>) =
        query::parameters(&query)?.into_iter().partition(|(name, _)| name == RESUME_PARAM);
    let targets = rules.targets(ids)?;
    // When an EventSource reconnects, it repeats its URL. The header is therefore newer.
    let last_event_id = text(&headers, &LAST_EVENT_ID)
        .or_else(|| resume.last().map(|(_, value)| value.as_ref()))
        .filter(|id| !id.is_empty());

    tracing::debug!(?targets, last_event_id, "stream opened");
    let subscription = hub.subscribe(&targets, dialect(&headers), last_event_id);
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Asks proxies not to hold frames back.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let body = Body::new(StreamBody { subscription });
    Ok((Extension(Endless), headers, body).into_response())
}

fn dialect(headers: &HeaderMap) -> Dialect {
    if sdk::is_python_sdk(headers) { Dialect::PythonSdk } else { Dialect::Standard }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The body of a stream's response: the frames of its subscription.
struct StreamBody {
    subscription: Subscription,
}

impl HttpBody for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        let frame = ready!(self.subscription.poll_next(context));
        Poll::Ready(frame.map(|frame| Ok(http_body::Frame::data(frame.into_bytes()))))
    }
}
