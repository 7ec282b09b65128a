//! Starting, serving and stopping.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::process::Command;

use crate::program::{Directory, failure, program, start};
use crate::support::{NOW, STREAM, Server, USER, request};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::json;
use signals_mock_server::load_definitions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn open_stream(port: u16) -> TcpStream {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET {STREAM}?domain_userid={USER} HTTP/1.1\r\nhost: x\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    while !String::from_utf8_lossy(&received).contains("event: hello") {
        assert_ne!(connection.read_buf(&mut received).await.unwrap(), 0, "closed early");
    }
    connection
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_open_streams_at_once() {
    let server = Server::new();
    let running = server.run().await;
    let mut connection = open_stream(running.address.port()).await;
    let started = tokio::time::Instant::now();
    running.stop().await;
    let mut rest = String::new();
    connection.read_to_string(&mut rest).await.unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "the stream ends in order: {rest:?}");
    assert_eq!(started.elapsed().as_secs(), 0, "nothing was waited for");
}

#[tokio::test]
async fn a_signal_ends_the_program_cleanly_while_streams_are_open() {
    for signal in ["TERM", "INT"] {
        let (mut child, mut stdout, port) = start(&[]);
        let mut connection = open_stream(port).await;
        let kill =
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        connection.read_to_end(&mut Vec::new()).await.unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("token: sandbox"), "{rest}");
    }
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_eq!(
        failure(&["--port", &port]),
        format!(
            "error: cannot listen on 127.0.0.1:{port}: the port is in use. Choose another one with --port"
        )
    );
}

#[test]
fn the_default_token_is_refused_where_others_can_reach_the_server() {
    let line = failure(&["--host", "0.0.0.0", "--port", "0"]);
    assert!(line.contains("0.0.0.0") && line.contains("--token"), "{line}");
}

#[test]
fn every_flag_can_be_an_environment_variable() {
    let output = program(&[])
        .envs([
            ("SIGNALS_HOST", "0.0.0.0"),
            ("SIGNALS_PORT", "0"),
            ("SIGNALS_STRICT_IDS", "true"),
            ("SIGNALS_LOG", "warn"),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("refusing to listen on 0.0.0.0"));
}

#[test]
fn a_definitions_file_that_is_not_there_is_named() {
    let line = failure(&["--definitions", "nowhere.json"]);
    assert!(line.starts_with("error: nowhere.json: "), "{line}");
}

#[test]
fn a_directory_of_files_that_is_not_there_is_named() {
    assert_eq!(failure(&["--www", "nowhere"]), "error: --www nowhere: not a directory");
}

#[test]
fn a_broken_definitions_file_is_named_with_position_and_field() {
    let directory = Directory::new();
    let file = directory.write(
        "broken.json",
        "{\n  \"interventions\": [\n    {\"name\": \"x\", \"version\": \"one\", \"criteria\": {}}\n  ]\n}\n",
    );
    let line = failure(&["--definitions", &file.to_string_lossy()]);
    let place = line.strip_prefix(&format!("error: {}:", file.display())).unwrap();
    assert!(place.starts_with("3:"), "{line}");
    assert!(place.contains("interventions.0.version"), "{line}");
}

#[test]
fn definitions_that_are_not_json_are_named_with_the_position() {
    let directory = Directory::new();
    let file = directory.write("oops.json", "{\n  oops\n}");
    let line = failure(&["--definitions", &file.to_string_lossy()]);
    assert!(line.starts_with(&format!("error: {}:2:", file.display())), "{line}");
}

#[test]
fn definitions_that_make_no_sense_are_named_with_the_field() {
    let directory = Directory::new();
    let file = directory.write(
        "senseless.json",
        r#"{"interventions": [{"name": "x", "version": 1,
            "criteria": {"attribute": "nowhere:nothing", "operator": "=", "value": 1}}]}"#,
    );
    let line = failure(&["--definitions", &file.to_string_lossy()]);
    assert!(line.contains("senseless.json"), "{line}");
    assert!(line.contains("interventions.0.criteria.attribute"), "{line}");
}

#[test]
fn several_definitions_files_are_merged() {
    let directory = Directory::new();
    let group = r#"{"attribute_groups": [{"name": "views", "version": 1, "attribute_key": {"name": "domain_userid"},
        "attributes": [{"name": "n", "type": "int32", "events": [], "aggregation": "counter"}]}]}"#;
    let rule = r#"{"interventions": [{"name": "x", "version": 1,
        "criteria": {"attribute": "views:n", "operator": ">", "value": 1}}]}"#;
    let [group, rule] = [directory.write("group.json", group), directory.write("rule.json", rule)];
    let definitions = load_definitions(&[group.clone(), rule]).unwrap();
    assert_eq!((definitions.attribute_groups.len(), definitions.interventions.len()), (1, 1));
    let twice = load_definitions(&[group.clone(), group]).unwrap_err().to_string();
    assert!(twice.contains("group.json"), "{twice}");
}

#[test]
fn definitions_can_be_checked_without_a_server() {
    let directory = Directory::new();
    let file = directory.write(
        "shop.json",
        "{\n  \"interventions\": [\n    {\"name\": \"x\", \"criteria\": {\"attribute\": \"a:b\", \"operator\": \"changed\"}}\n  ]\n}\n",
    );
    let output = program(&["check", &file.to_string_lossy()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = report.lines().collect();
    let place = lines[0].strip_prefix(&format!("error: {}:3:", file.display())).unwrap();
    assert!(place.contains("interventions.0.criteria.attribute: "), "{report}");
    assert!(lines[2].starts_with("3 |     {\"name\": \"x\""), "{report}");
    assert!(lines[3].trim_end().ends_with('^'), "{report}");

    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/../../definitions/ecommerce.json");
    let output = program(&["check", good]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        text,
        "OK: 0 attribute keys, 1 attribute groups, 2 services, 3 interventions, 1 event logs\n"
    );
    assert_eq!(program(&["check"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn the_export_of_a_server_can_start_another() {
    let directory = Directory::new();
    let (mut child, _stdout, port) = start(&[]);
    let url = format!("http://127.0.0.1:{port}");
    let export = program(&["export", "--url", &url]).output().unwrap();
    assert_eq!(export.status.code(), Some(0), "{}", String::from_utf8_lossy(&export.stderr));
    let refused = failure(&["export", "--url", &url, "--token", "wrong"]);
    assert!(refused.contains("403") && refused.contains("wrong token"), "{refused}");
    child.kill().unwrap();
    child.wait().unwrap();
    let file = directory.write("exported.json", std::str::from_utf8(&export.stdout).unwrap());
    let definitions = load_definitions(&[file]).unwrap();
    assert_eq!((definitions.attribute_groups.len(), definitions.interventions.len()), (1, 3));
    let nobody = failure(&["export", "--url", &url]);
    assert!(nobody.contains("cannot reach"), "{nobody}");
}

#[tokio::test]
async fn the_clock_can_be_moved_forward_but_not_back() {
    let server = Server::new();
    let answer = server.post_as_owner("/mock/clock", &json!({"advance": "PT11M"})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let now = NOW.plus_millis(11 * 60 * 1_000);
    assert_eq!(answer.json(), json!({"now": now.to_string()}));
    for wrong in ["-PT1M", "PT-1M", "P1M", "P1Y", "11m", "11 minutes", "", "P"] {
        let answer = server.post_as_owner("/mock/clock", &json!({"advance": wrong})).await;
        assert_eq!(answer.locs(), [json!(["body", "advance"])], "{wrong}");
    }
    assert_eq!(server.post_as_owner("/mock/clock", &json!({})).await.status, 422);
    assert_eq!(server.clock.now(), now);
    let anybody = request(Method::POST, "/mock/clock").body(Body::from("{}")).unwrap();
    assert_eq!(server.send(anybody).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_files_the_root_says_how_to_get_the_shop() {
    let answer = Server::new().get("/").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().contains("--www"), "{}", answer.text());
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let answer = Server::new().get("/api/v1/nothing").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["detail"], "not found");
}

#[tokio::test]
async fn a_compressed_file_of_the_shop_goes_to_those_who_take_it_in_place_of_the_plain_one() {
    let directory = Directory::new();
    directory.write("app.js", "export {}");
    directory.write("app.js.gz", "compressed");
    directory.write("plain.js", "export {}");
    let www = directory.path.clone();
    let server = Server::with(|options| options.www = Some(www));
    for (path, takes, encoding, content) in [
        ("/app.js", "gzip, br", Some("gzip"), "compressed"),
        ("/app.js", "identity", None, "export {}"),
        ("/plain.js", "gzip, br", None, "export {}"),
    ] {
        let request = request(Method::GET, path).header("accept-encoding", takes);
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.text(), content, "{path} for {takes}");
        assert_eq!(answer.header("content-encoding"), encoding);
        assert_eq!(answer.header("content-type"), Some("text/javascript"));
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
}

#[tokio::test]
async fn the_shop_is_served_with_types_and_is_never_stale() {
    let directory = Directory::new();
    fs::create_dir(directory.path.join("assets")).unwrap();
    directory.write("index.html", "<!doctype html>");
    directory.write("app.js", "export {}");
    directory.write("assets/app.wasm", "\0asm");
    directory.write("assets/mug.svg", "<svg/>");
    let www = directory.path.clone();
    let server = Server::with(|options| options.www = Some(www));
    for (path, content_type) in [
        ("/", "text/html"),
        ("/app.js", "text/javascript"),
        ("/assets/app.wasm", "application/wasm"),
        ("/assets/mug.svg", "image/svg+xml"),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let actual = answer.header("content-type").unwrap();
        assert!(actual.starts_with(content_type), "{path}: {actual}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");

        let etag = answer.header("etag").unwrap();
        let again = request(Method::GET, path).header("if-none-match", etag);
        let again = server.send(again.body(Body::empty()).unwrap()).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
    }
    assert_eq!(server.get("/nothing.js").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/assets/../../etc/passwd").await.status, StatusCode::NOT_FOUND);
}
