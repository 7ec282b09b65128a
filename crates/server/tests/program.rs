//! Runs the program `signals-server` as people run it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

const USER: &str = "218e8926-3858-431d-b2ed-66da03a1cbe5";
const STREAM: &str = "/api/v1/interventions";
const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

/// A server, which ends with the test.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_signals-server"))
            .args(["--port", "0", "--log", "error"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim_end().strip_prefix("listening on http://127.0.0.1:").unwrap();
        Self { port: port.parse().unwrap(), process }
    }

    /// Sends a request and returns the connection, which ends with the response.
    fn send(&self, request: &str, body: &str) -> TcpStream {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let length = body.len();
        let head = "host: localhost\r\nconnection: close\r\nauthorization: Bearer sandbox";
        write!(
            connection,
            "{request} HTTP/1.1\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        connection
    }

    /// The status and the body of the whole response.
    fn answer(&self, request: &str, body: &Value) -> (u16, String) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut text = String::new();
        self.send(request, &body).read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Asks the server to end, and waits until it has ended.
    fn terminate(&mut self) -> std::process::ExitStatus {
        let kill = format!("kill -TERM {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.process.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn view(id: &str) -> Value {
    json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
        "data": [{"e": "pv", "p": "web", "tv": "js-4.10.1", "duid": USER, "eid": id}],
    })
}

/// Reads lines until one contains `text`, and returns it.
fn line_with(reader: &mut impl BufRead, text: &str) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "it ended before {text}");
        if line.contains(text) {
            return line;
        }
    }
}

/// Registers and publishes a rule for the first view of a page.
fn publish_rule(server: &Server) {
    let group = json!({
        "name": "views", "attribute_key": {"name": "domain_userid"},
        "attributes": [{"name": "n", "type": "int32", "events": [{"name": "page_view"}], "aggregation": "counter"}],
        "is_published": true,
    });
    let rule = json!({
        "name": "welcome", "criteria": {"attribute": "views:n", "operator": "=", "value": 1}, "is_published": true,
    });
    for (collection, definition) in [("attribute_groups", group), ("interventions", rule)] {
        let request = format!("POST /api/v1/registry/{collection}/");
        assert_eq!(server.answer(&request, &definition).0, 200, "{collection}");
    }
}

#[test]
fn an_event_brings_an_intervention_onto_an_open_stream_which_ends_cleanly_with_the_server() {
    let mut server = Server::start();
    publish_rule(&server);
    let stream = server.send(&format!("GET {STREAM}?domain_userid={USER}"), "");
    let mut stream = BufReader::new(stream);
    let hello = line_with(&mut stream, "data:{");
    assert!(hello.contains(r#""server":"signals-server""#), "{hello}");

    assert_eq!(server.answer(&format!("POST {TP2}"), &view("one")), (200, "ok".to_owned()));
    let data = line_with(&mut stream, "data: ");
    let instance: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(instance["name"], "welcome");
    let id: uuid::Uuid = instance["intervention_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(id.get_version_num(), 8);

    assert_eq!(server.terminate().code(), Some(0));
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "the stream breaks off: {rest:?}");
}

#[test]
fn there_is_nothing_of_the_mock_server() {
    let server = Server::start();
    let paths = [
        "/mock/state",
        "/mock/journal",
        "/mock/definitions",
        "/mock/x",
        "/mock",
        "/inspector",
        "/inspector/main.js",
        "/",
    ];
    for path in paths {
        let answer = server.answer(&format!("GET {path}"), &Value::Null);
        assert_eq!(answer, (404, r#"{"detail":"not found"}"#.to_owned()), "{path}");
    }
    for path in ["/mock/reset", "/mock/clock", "/mock/faults", "/mock", "/inspector", "/"] {
        assert_eq!(server.answer(&format!("POST {path}"), &json!({})).0, 404, "{path}");
    }
    let (_, description) = server.answer("GET /openapi.json", &Value::Null);
    let description: Value = serde_json::from_str(&description).unwrap();
    assert_eq!(description["info"]["title"], "signals-server");
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.contains_key("/metrics") && paths.keys().all(|path| !path.contains("mock")));
    assert!(server.answer("GET /docs", &Value::Null).1.contains("<h1>signals-server API</h1>"));
}

#[test]
fn flags_of_the_mock_server_are_unknown() {
    for flag in ["--www=.", "--hosted", "--processing-delay=1"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signals-server"));
        let output = command.args(["--port", "0", flag]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag}");
    }
    let help = Command::new(env!("CARGO_BIN_EXE_signals-server")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("/health") && !help.contains("shop"), "{help}");
}
