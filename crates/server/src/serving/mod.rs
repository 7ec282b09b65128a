//! Connections: takes them in, answers the requests on them, and ends them when the server ends.
//!
//! It differs from [`axum::serve()`] in one thing: a response that is [`Endless`] gets its connection for itself. Most
//! connections of this server carry one, for minutes or hours, and what HTTP needs to read requests and to write answers of
//! any kind would be most of their memory. Over TLS clients may choose HTTP/2, where many responses share one connection, endless
//! ones among them.

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

/// Serves `router` on `listener` until `shutdown` completes, and returns when all connections have ended. Those that answer a
/// request do so first; an endless response has to be ended by who writes it.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let mut listener = listener.tap_io(|connection| {
        // Without this, a small frame may wait for the acknowledgement of the one before.
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
    // Every connection has a receiver for as long as it is open.
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
        // Nobody has asked for anything yet.
        _ = stopping.changed() => return,
    };
    let client = Client { peer, over_tls: true };
    match socket {
        Ok(socket) if tls::speaks_http2(&socket) => {
            http2::serve(socket, client, router, stopping).await;
        }
        Ok(socket) => http1::serve(socket, client, router, stopping).await,
        Err(error) => tracing::debug!("no TLS with a client: {error}"),
    }
}
