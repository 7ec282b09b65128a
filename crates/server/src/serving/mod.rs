//! Accepts connections, answers their requests, and closes them at shutdown.
//!
//! Unlike with [`axum::serve()`], an [`Endless`] response gets its own connection. Most connections carry one for minutes or
//! hours, and the buffers for general HTTP would be most of their memory. Over TLS, clients can use HTTP/2, where all responses
//! share a connection, including endless ones.

mod client;
mod endless;
mod http1;
mod http2;
mod tls;

use std::net::SocketAddr;
use std::pin::pin;

use axum::Router;
use axum::serve::{Listener, ListenerExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use self::client::Client;
pub(crate) use self::endless::Endless;
pub use self::tls::{Tls, TlsError};

/// Serves `router` on `listener` until `shutdown` completes, and returns when all connections have ended. Pending requests are
/// answered first. The handler of an endless response must end it.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let mut listener = listener.tap_io(|connection| {
        // Without this, a small frame can wait for the acknowledgement of the previous one.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!("cannot set TCP_NODELAY: {error}");
        }
    });
    let (stop, stopping) = watch::channel(());
    let mut shutdown = pin!(shutdown);
    loop {
        let (socket, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (router, stopping) = (router.clone(), stopping.clone());
        match &tls {
            None => {
                let client = Client { peer, over_tls: false };
                tokio::spawn(http1::serve(socket, client, router, stopping));
            }
            Some(tls) => {
                tokio::spawn(serve_over_tls(socket, peer, tls.clone(), router, stopping));
            }
        }
    }
    drop(listener);
    drop(stopping);
    stop.send_replace(());
    // Every open connection has a receiver.
    stop.closed().await;
}

async fn serve_over_tls(
    socket: TcpStream,
    peer: SocketAddr,
    tls: Tls,
    router: Router,
    mut stopping: watch::Receiver<()>,
) {
    let socket = tokio::select! {
        accepted = tls.accept(socket) => accepted,
        // There is no request yet.
        _ = stopping.changed() => return,
    };
    let client = Client { peer, over_tls: true };
    match socket {
        Ok(socket) if tls::speaks_http2(&socket) => {
            http2::serve(socket, client, router, stopping).await;
        }
        Ok(socket) => http1::serve(socket, client, router, stopping).await,
        Err(error) => tracing::debug!("TLS handshake with a client failed: {error}"),
    }
}
