//! Applies scripted faults to requests before they reach the server, which does not know about them.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use signals_server::{collector_cors, interventions_cors};
use signals_wire::stream::INTERVENTIONS_PATH;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::cors::CorsLayer;

use crate::faults::Faults;

/// The requests that faults can affect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Stream,
    Collector,
}

/// Applies the scripted faults to a request: delays it, or answers it instead of the server.
pub(super) async fn strike(
    State(faults): State<Arc<Faults>>,
    request: Request,
    next: Next,
) -> Response {
    let (fault, cors) = match wanted(request.method(), request.uri().path()) {
        Some(Wanted::Stream) => (faults.strike_stream(), interventions_cors as fn() -> CorsLayer),
        Some(Wanted::Collector) => (faults.strike_collector(), collector_cors as _),
        None => return next.run(request).await,
    };
    if !fault.delay.is_zero() {
        tokio::time::sleep(fault.delay).await;
    }
    if let Some(status) = fault.status {
        // A scripted refusal has the CORS headers too, like that of a real server.
        let refuse = service_fn(async |_: Request| Ok::<_, Infallible>(refusal(status)));
        let Ok(response) = cors().layer(refuse).oneshot(request).await;
        return response;
    }
    next.run(request).await
}

/// Which faults can affect the request, if any. A browser's preflight request is not affected.
fn wanted(method: &Method, path: &str) -> Option<Wanted> {
    if method == Method::OPTIONS {
        None
    } else if path == INTERVENTIONS_PATH {
        matches!(*method, Method::GET | Method::HEAD).then_some(Wanted::Stream)
    } else {
        is_of_collector(path).then_some(Wanted::Collector)
    }
}

/// Whether trackers can send to `path`. They can be configured to post to any path of two segments.
fn is_of_collector(path: &str) -> bool {
    let segments = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    let is_of_two = segments.is_some_and(|(first, second)| {
        !first.is_empty() && !second.is_empty() && !second.contains('/')
    });
    is_of_two || matches!(path, "/i" | "/ice.png")
}

fn refusal(status: StatusCode) -> Response {
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return status.into_response();
    }
    (status, Json(json!({ "detail": "scripted fault" }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_and_wherever_trackers_send_can_be_struck_and_nothing_else() {
        for path in ["/i", "/ice.png", "/com.snowplowanalytics.snowplow/tp2", "/com.acme/track"] {
            assert_eq!(wanted(&Method::POST, path), Some(Wanted::Collector), "{path}");
            assert_eq!(wanted(&Method::OPTIONS, path), None, "{path}");
        }
        assert_eq!(wanted(&Method::GET, INTERVENTIONS_PATH), Some(Wanted::Stream));
        assert_eq!(wanted(&Method::POST, INTERVENTIONS_PATH), None);
        for path in ["/", "/metrics", "/docs/", "//x", "/a/b/c", "/api/v1/registry/services"] {
            assert_eq!(wanted(&Method::POST, path), None, "{path}");
        }
    }
}
