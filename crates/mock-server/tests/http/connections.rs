//! Connections: a stream has its own, and other requests share one. Clients notice the difference only in the headers.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::support::{Running, STREAM, Server, USER};

/// After this time, a test fails with a message instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that writes raw requests.
struct Client {
    socket: TcpStream,
    received: String,
}

impl Client {
    async fn connect(server: &Running) -> Self {
        let socket = TcpStream::connect(server.address).await.unwrap();
        Self { socket, received: String::new() }
    }

    async fn send(&mut self, request: &str) {
        self.socket.write_all(request.as_bytes()).await.unwrap();
    }

    /// Reads up to and including the next `end`.
    async fn receive_until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.received.find(end) {
                let rest = self.received.split_off(at + end.len());
                return std::mem::replace(&mut self.received, rest);
            }
            let mut bytes = [0; 1024];
            let read = timeout(PATIENCE, self.socket.read(&mut bytes));
            let length = read.await.unwrap().unwrap();
            assert_ne!(length, 0, "closed without {end:?}: {:?}", self.received);
            self.received.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
        }
    }

    async fn is_closed(&mut self) -> bool {
        let mut bytes = [0; 1024];
        let read = timeout(PATIENCE, self.socket.read(&mut bytes));
        self.received.is_empty() && read.await.unwrap().unwrap_or(0) == 0
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")
}

fn stream() -> String {
    format!("{STREAM}?domain_userid={USER}")
}

async fn push(server: &Server) {
    server.push(&format!("domain_userid={USER}"), "hello_there").await;
}

async fn streams_are_closed(server: &Server) {
    let closing = async {
        while server.metric("signals_open_streams").await > 0.0 {
            yield_now().await;
        }
    };
    timeout(PATIENCE, closing).await.unwrap();
}

/// Opens a stream. Returns its head and the chunk of its first instance.
async fn head_and_instance(server: &Server, client: &mut Client) -> (String, String) {
    client.send(&get(&stream())).await;
    let head = client.receive_until("\r\n\r\n").await;
    client.receive_until("event: hello").await;
    client.receive_until("\n\n\r\n").await;
    push(server).await;
    (head, client.receive_until("\n\n\r\n").await)
}

#[tokio::test]
async fn a_stream_reads_the_same_whether_its_connection_has_answered_before_or_not() {
    let server = Server::new();
    let running = server.run().await;
    let (mut fresh, mut used) = (Client::connect(&running).await, Client::connect(&running).await);
    used.send(&get("/health")).await;
    used.receive_until("\r\n\r\nok").await;
    let (fresh_head, fresh_instance) = head_and_instance(&server, &mut fresh).await;
    let (used_head, used_instance) = head_and_instance(&server, &mut used).await;
    assert_eq!(fresh_instance.len(), used_instance.len());
    for head in [&fresh_head, &used_head] {
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        for header in [
            "content-type: text/event-stream",
            "transfer-encoding: chunked",
            "access-control-allow-origin: *",
            "date: ",
        ] {
            assert!(head.contains(&format!("\r\n{header}")), "{header} in {head}");
        }
    }
    assert!(fresh_head.contains("\r\nconnection: close\r\n"), "{fresh_head}");
    running.stop().await;
    for client in [&mut fresh, &mut used] {
        client.receive_until("0\r\n\r\n").await;
        assert!(client.is_closed().await);
    }
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_a_stream_without_chunks() {
    let server = Server::new();
    let running = server.run().await;
    let mut client = Client::connect(&running).await;
    client.send(&format!("GET {} HTTP/1.0\r\n\r\n", stream())).await;
    let head = client.receive_until("\r\n\r\n").await;
    assert!(!head.contains("chunked"), "{head}");
    assert!(client.receive_until("\n\n").await.starts_with("retry: "));
    running.stop().await;
}

#[tokio::test]
async fn the_head_of_a_stream_leaves_the_connection_as_it_is() {
    let server = Server::new();
    let running = server.run().await;
    let mut client = Client::connect(&running).await;
    client.send(&format!("HEAD {} HTTP/1.1\r\nhost: x\r\n\r\n", stream())).await;
    client.receive_until("\r\n\r\n").await;
    client.send(&get("/health")).await;
    client.receive_until("\r\n\r\nok").await;
    streams_are_closed(&server).await;
    running.stop().await;
}

#[tokio::test]
async fn a_refused_stream_leaves_the_connection_as_it_is() {
    let server = Server::new();
    let running = server.run().await;
    let mut client = Client::connect(&running).await;
    client.send(&get(STREAM)).await;
    assert!(client.receive_until("\r\n\r\n").await.starts_with("HTTP/1.1 422 "));
    client.receive_until("]}").await;
    client.send(&get("/health")).await;
    client.receive_until("\r\n\r\nok").await;
    running.stop().await;
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_stream() {
    let server = Server::new();
    let running = server.run().await;
    let mut client = Client::connect(&running).await;
    client.send(&get(&stream())).await;
    client.receive_until("event: hello").await;
    assert_eq!(server.metric("signals_open_streams").await, 1.0);
    drop(client);
    streams_are_closed(&server).await;
    running.stop().await;
}

#[tokio::test]
async fn a_request_sent_ahead_of_the_answer_to_another_gets_its_stream_after_that_answer() {
    let server = Server::new();
    let running = server.run().await;
    let mut client = Client::connect(&running).await;
    client.send(&(get("/health") + &get(&stream()))).await;
    client.receive_until("\r\n\r\nok").await;
    client.receive_until("event: hello").await;
    running.stop().await;
}

#[tokio::test]
async fn stopping_waits_for_answers_but_not_for_idle_connections() {
    let server = Server::new();
    let running = server.run().await;
    let mut idle = Client::connect(&running).await;
    idle.send(&get("/health")).await;
    idle.receive_until("\r\n\r\nok").await;
    let script = json!({"stream": {"delay_headers_ms": 500, "status": 503}});
    server.post_as_owner("/mock/faults", &script).await;
    let mut waiting = Client::connect(&running).await;
    waiting.send(&get(&stream())).await;
    // A request that was sent later was answered, so the first one is being processed.
    idle.send(&get("/health")).await;
    idle.receive_until("\r\n\r\nok").await;
    let stopping = tokio::spawn(running.stop());
    assert!(idle.is_closed().await);
    assert!(waiting.receive_until("fault\"}").await.starts_with("HTTP/1.1 503 "));
    assert!(waiting.is_closed().await);
    stopping.await.unwrap();
}
