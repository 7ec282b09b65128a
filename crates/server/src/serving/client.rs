use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, Request};

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    pub(super) peer: SocketAddr,
    pub(super) over_tls: bool,
}

impl Client {
    /// Adds the client's address and protocol to `request`, as a proxy would.
    pub(super) fn introduce<B>(self, request: &mut Request<B>) {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        if self.over_tls {
            let https = HeaderValue::from_static("https");
            request.headers_mut().entry(X_FORWARDED_PROTO).or_insert(https);
        }
    }
}
