//! The server over TLS, with HTTP/1.1 and HTTP/2.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode, Version, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use signals_mock_server::Tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::program::{Directory, failure};
use crate::support::{Running, STREAM, Server, TP2, USER, event_id, page_view, payload};

/// After this time, a test fails with a message instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A test's own certificate, in files.
struct Certificate {
    directory: Directory,
    certified: CertifiedKey<KeyPair>,
}

impl Certificate {
    fn new() -> Self {
        let certified = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let directory = Directory::new();
        directory.write("cert.pem", &certified.cert.pem());
        directory.write("key.pem", &certified.signing_key.serialize_pem());
        Self { directory, certified }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path.join(name)
    }

    fn tls(&self) -> Tls {
        Tls::from_files(&self.file("cert.pem"), &self.file("key.pem")).unwrap()
    }

    /// Connects as a client that trusts this certificate and offers `protocols`, preferred first.
    async fn connect(&self, server: &Running, protocols: &[&str]) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certified.cert.der().clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols =
            protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let socket = TcpStream::connect(server.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap()
    }

    /// An HTTP/2 client. Clones share its connection.
    async fn http2(&self, server: &Running) -> http2::SendRequest<Body> {
        let socket = self.connect(server, &["h2", "http/1.1"]).await;
        assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (client, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

fn get(path: &str) -> Request<Body> {
    let uri = format!("https://localhost{path}");
    Request::builder().uri(uri).body(Body::empty()).unwrap()
}

fn stream_of(user: &str) -> Request<Body> {
    get(&format!("{STREAM}?domain_userid={user}"))
}

async fn respond(
    client: &mut http2::SendRequest<Body>,
    request: Request<Body>,
) -> Response<Incoming> {
    let response = timeout(PATIENCE, client.send_request(request)).await.unwrap().unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    response
}

/// The next part of a body, or `None` at its end.
async fn next(response: &mut Response<Incoming>) -> Option<String> {
    loop {
        let frame = timeout(PATIENCE, response.body_mut().frame()).await.unwrap()?.unwrap();
        let data: Bytes = frame.into_data().ok()?;
        // The end of a body can be an empty part.
        if !data.is_empty() {
            return Some(String::from_utf8(data.into()).unwrap());
        }
    }
}

#[tokio::test]
async fn over_http2_any_number_of_streams_and_requests_share_one_connection() {
    let (server, certificate) = (Server::new(), Certificate::new());
    let running = server.run_with(Some(certificate.tls())).await;
    let mut client = certificate.http2(&running).await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        let mut stream = respond(&mut client, stream_of(USER)).await;
        assert_eq!(stream.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert!(!stream.headers().contains_key(header::CONNECTION));
        assert!(next(&mut stream).await.unwrap().contains("event: hello"));
        streams.push(stream);
    }
    assert_eq!(respond(&mut client, get("/health")).await.status(), StatusCode::OK);
    server.push(&format!("domain_userid={USER}"), "hello_there").await;
    for stream in &mut streams {
        assert!(next(stream).await.unwrap().contains("\"name\":\"hello_there\""));
    }
    drop(streams.split_off(4));
    let closing = async {
        while server.metric("signals_open_streams").await > 4.0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, closing).await.unwrap();
    running.stop().await;
    for stream in &mut streams {
        assert_eq!(next(stream).await, None, "the server ends its streams in order");
    }
}

#[tokio::test]
async fn over_http1_a_stream_has_its_connection_for_itself_as_without_tls() {
    let (server, certificate) = (Server::new(), Certificate::new());
    let running = server.run_with(Some(certificate.tls())).await;
    let socket = certificate.connect(&running, &["http/1.1"]).await;
    let (mut client, connection) = http1::handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let mut stream =
        timeout(PATIENCE, client.send_request(stream_of(USER))).await.unwrap().unwrap();
    assert_eq!(stream.version(), Version::HTTP_11);
    assert_eq!(stream.headers()[header::CONNECTION], "close");
    assert!(next(&mut stream).await.unwrap().contains("event: hello"));
    // More than the buffers hold: data that waits to be encrypted must be sent too.
    let long_name = "x".repeat(500_000);
    server.push(&format!("domain_userid={USER}"), &long_name).await;
    let mut received = String::new();
    while !received.ends_with("\n\n") {
        received.push_str(&next(&mut stream).await.unwrap());
    }
    assert!(received.contains(&long_name));
    running.stop().await;
    assert_eq!(next(&mut stream).await, None);
}

#[tokio::test]
async fn a_client_that_names_no_protocol_gets_http1() {
    let (server, certificate) = (Server::new(), Certificate::new());
    let running = server.run_with(Some(certificate.tls())).await;
    let mut socket = certificate.connect(&running, &[]).await;
    socket
        .write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, socket.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn the_collectors_cookie_is_for_other_sites_too() {
    let (server, certificate) = (Server::new(), Certificate::new());
    let running = server.run_with(Some(certificate.tls())).await;
    let mut client = certificate.http2(&running).await;
    let events = payload(&[page_view(USER, &event_id())]).to_string();
    let request =
        Request::post(format!("https://localhost{TP2}")).body(Body::from(events)).unwrap();
    let response = respond(&mut client, request).await;
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("SameSite=None") && cookie.contains("Secure"), "{cookie}");
    running.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_speak_tls_is_turned_away_and_holds_nobody_up() {
    let (server, certificate) = (Server::new(), Certificate::new());
    let running = server.run_with(Some(certificate.tls())).await;
    let _silent = TcpStream::connect(running.address).await.unwrap();
    let mut plain = TcpStream::connect(running.address).await.unwrap();
    plain.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, plain.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
    let mut client = certificate.http2(&running).await;
    assert_eq!(respond(&mut client, get("/health")).await.status(), StatusCode::OK);
    running.stop().await;
}

#[test]
fn files_that_cannot_be_used_are_named_with_the_flag_and_the_reason_in_one_line() {
    let (certificate, other) = (Certificate::new(), Certificate::new());
    let nothing = certificate.directory.write("nothing.pem", "");
    let garbage = certificate
        .directory
        .write("garbage.pem", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n");
    let (cert, key) = (certificate.file("cert.pem"), certificate.file("key.pem"));
    let missing = certificate.file("missing.pem");
    for (cert, key, at_fault, flag, reason) in [
        (&missing, &key, &missing, "--tls-cert", "No such file"),
        (&nothing, &key, &nothing, "--tls-cert", "contains no certificate in PEM format"),
        (&key, &key, &key, "--tls-cert", "contains no certificate in PEM format"),
        (&garbage, &key, &garbage, "--tls-cert", "not a valid certificate"),
        (&cert, &missing, &missing, "--tls-key", "No such file"),
        (&cert, &cert, &cert, "--tls-key", "contains no private key in PEM format"),
        (
            &cert,
            &other.file("key.pem"),
            &other.file("key.pem"),
            "--tls-key",
            "does not belong to the certificate in",
        ),
    ] {
        let paths = [cert, key].map(|path| path.to_str().unwrap());
        let error = failure(&["--port", "0", "--tls-cert", paths[0], "--tls-key", paths[1]]);
        let expected = format!("error: {flag} {}: {reason}", at_fault.display());
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn certificate_and_key_come_together() {
    for (given, needed) in [("--tls-cert", "--tls-key"), ("--tls-key", "--tls-cert")] {
        let error = failure(&["--port", "0", given, "file.pem"]);
        assert!(error.contains(given) && error.contains(&format!("needs {needed}")), "{error}");
    }
}
