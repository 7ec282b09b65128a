use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use axum::Router;
use axum::http::{Method, Request, Version};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower::Service;

use super::client::Client;
use super::endless::{Endless, EndlessResponse};

/// Answers the requests on `socket` until the client disconnects, a response that took over the connection ends, or the server stops.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    socket: S,
    client: Client,
    router: Router,
    mut stopping: watch::Receiver<()>,
) {
    let Some((socket, response)) = answer_requests(socket, client, router, &mut stopping).await
    else {
        return;
    };
    if let Err(error) = EndlessResponse::new(socket, response).await {
        tracing::trace!("a stream failed: {error}");
    }
}

/// Answers requests until the connection ends, or until there is an endless response, which is returned with the connection.
async fn answer_requests<S: AsyncRead + AsyncWrite + Unpin>(
    socket: S,
    client: Client,
    router: Router,
    stopping: &mut watch::Receiver<()>,
) -> Option<(S, Response)> {
    let endless = Mutex::new(None);
    let is_first = AtomicBool::new(true);
    let service = service_fn(|mut request: Request<Incoming>| {
        // Unwritten parts of an earlier response would be lost with hyper's connection.
        let may_take_over =
            is_first.swap(false, Ordering::Relaxed) && leaves_framing_to_us(&request);
        client.introduce(&mut request);
        let answer = router.clone().call(request);
        let endless = &endless;
        async move {
            let response: Response = answer.await?;
            if may_take_over && response.extensions().get::<Endless>().is_some() {
                *endless.lock() = Some(response);
                // The caller takes the connection and drops this future.
                return pending().await;
            }
            Ok::<_, Infallible>(response)
        }
    });
    // Boxed, so that its memory is free once an endless response has taken over.
    let mut connection =
        Box::new(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
    let mut stop = pin!(stopping.changed());
    let mut is_stopping = false;
    let response = poll_fn(|context| {
        if !is_stopping && stop.as_mut().poll(context).is_ready() {
            is_stopping = true;
            Pin::new(&mut *connection).graceful_shutdown();
        }
        if let Poll::Ready(result) = Pin::new(&mut *connection).poll(context) {
            if let Err(error) = result {
                tracing::trace!("a connection failed: {error}");
            }
            return Poll::Ready(None);
        }
        endless.lock().take().map_or(Poll::Pending, |response| Poll::Ready(Some(response)))
    })
    .await?;
    Some((connection.into_parts().io.into_inner(), response))
}

/// Whether the response to `request` has a body, in chunks.
fn leaves_framing_to_us<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET && request.version() == Version::HTTP_11
}
