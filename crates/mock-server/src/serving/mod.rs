//! Connections: takes them in, answers the requests on them, and ends them when the server ends.
//!
//! It differs from [`axum::serve()`] in one thing: a response that is [`Endless`] gets its connection for itself. Most
//! connections of this server carry one, for minutes or hours, and what HTTP needs to read requests and to write answers of
//! any kind would be most of their memory.

mod connection;
mod endless;

use std::net::SocketAddr;
use std::pin::pin;

use axum::Router;
use axum::serve::Listener;
use tokio::net::TcpStream;
use tokio::sync::watch;

pub(crate) use self::endless::Endless;

/// Serves `router` on `listener` until `shutdown` completes, and returns when all connections have ended. Those that answer a
/// request do so first; an endless response has to be ended by who writes it.
pub(crate) async fn serve(
    mut listener: impl Listener<Io = TcpStream, Addr = SocketAddr>,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopping) = watch::channel(());
    let mut shutdown = pin!(shutdown);
    loop {
        let (socket, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        tokio::spawn(connection::serve(socket, peer, router.clone(), stopping.clone()));
    }
    drop(listener);
    drop(stopping);
    stop.send_replace(());
    // Every connection has a receiver for as long as it is open.
    stop.closed().await;
}
