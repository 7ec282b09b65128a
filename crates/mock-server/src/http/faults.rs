//! Applies scripted faults to requests before they reach the server, which does not know about them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Json;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use signals_server::{collector_cors, interventions_cors, is_intervention};
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

/// Applies the scripted faults to a request: delays it, answers it instead of the server, or ends its stream early.
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
    let is_stream = request.uri().path() == INTERVENTIONS_PATH;
    let response = next.run(request).await;
    if is_stream && response.status() == StatusCode::OK {
        response.map(|body| Body::new(FaultyStream::new(body, faults)))
    } else {
        response
    }
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

/// The body of a stream's response until a scripted fault ends it.
struct FaultyStream {
    body: Body,
    faults: Arc<Faults>,
    /// What to write after the opening. Boxed, because few streams have it.
    raw: Option<Box<Bytes>>,
    /// Instances written so far.
    instances: u32,
    is_open: bool,
}

impl FaultyStream {
    fn new(body: Body, faults: Arc<Faults>) -> Self {
        let raw = faults.take_raw().map(Box::new);
        Self { body, faults, raw, instances: 0, is_open: false }
    }
}

impl HttpBody for FaultyStream {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        // The first frame of every stream is its opening.
        let is_over = self.is_open && self.faults.drops_stream_after(self.instances);
        let next = match is_over {
            true => Poll::Ready(None),
            false => Pin::new(&mut self.body).poll_frame(context),
        };
        if (is_over || next.is_pending())
            && let Some(raw) = self.raw.take()
        {
            return Poll::Ready(Some(Ok(http_body::Frame::data(*raw))));
        }
        let frame = ready!(next);
        self.is_open = true;
        let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
        if data.is_some_and(|data| is_intervention(data)) {
            self.instances = self.instances.saturating_add(1);
        }
        Poll::Ready(frame)
    }
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
