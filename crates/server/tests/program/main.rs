//! Runs the program `signals-server` as people run it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod forwarding;
#[cfg(feature = "kafka")]
mod kafka;
mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::Command;

use serde_json::{Value, json};

use support::Server;

const USER: &str = "218e8926-3858-431d-b2ed-66da03a1cbe5";
const STREAM: &str = "/api/v1/interventions";
const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

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
    let mut server = Server::start(&[]);
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
    assert_eq!(server.log(), "", "nothing is worth a warning");
}

#[test]
fn there_is_nothing_of_the_mock_server() {
    let server = Server::start(&[]);
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

#[test]
fn the_tools_for_agents_need_an_api_key() {
    let server = Server::start(&[]);
    let (status, body) = server.answer("POST /mcp", &json!({}));
    assert_eq!(status, 401, "the token alone is no key");
    assert!(body.contains("X-API-Key-Id"), "{body}");
}
