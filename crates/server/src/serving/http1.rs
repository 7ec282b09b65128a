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

/// Answers the requests that come on `socket`, until the client goes, a response takes the connection over and ends, or all is
/// to stop.
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
        tracing::trace!("a stream broke off: {error}");
    }
}

/// Answers requests until the connection is over; or until there is a response to be written by somebody else, which is
/// returned with the connection.
async fn answer_requests<S: AsyncRead + AsyncWrite + Unpin>(
    socket: S,
    client: Client,
    router: Router,
    stopping: &mut watch::Receiver<()>,
) -> Option<(S, Response)> {
    let endless = Mutex::new(None);
    let is_first = AtomicBool::new(true);
    let service = service_fn(|mut request: Request<Incoming>| {
        // What is still to be written of an earlier answer would be lost with the rest of hyper's connection.
        let may_take_over =
            is_first.swap(false, Ordering::Relaxed) && leaves_framing_to_us(&request);
        client.introduce(&mut request);
        let answer = router.clone().call(request);
        let endless = &endless;
        async move {
            let response: Response = answer.await?;
            if may_take_over && response.extensions().get::<Endless>().is_some() {
                *endless.lock() = Some(response);
                // The connection is taken away from under this future.
                return pending().await;
            }
            Ok::<_, Infallible>(response)
        }
    });
    // In a box, so that it takes no memory when an endless response has taken over.
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
                tracing::trace!("a connection broke off: {error}");
            }
            return Poll::Ready(None);
        }
        endless.lock().take().map_or(Poll::Pending, |response| Poll::Ready(Some(response)))
    })
    .await?;
    Some((connection.into_parts().io.into_inner(), response))
}

/// Whether the answer to `request` has a body, in pieces of any length.
fn leaves_framing_to_us<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET && request.version() == Version::HTTP_11
}
