//! The commands that talk to a running server, as people run them.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::{Value, json};
use signals_mock_server::Cli;

use crate::program::{Directory, failure, program, start};
use crate::support::{OTHER_USER, USER, event_id, page_view};

/// A server that stops at the end of its test.
struct Running {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    url: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let (child, stdout, port) = start(arguments);
        Self { child, _stdout: stdout, url: format!("http://127.0.0.1:{port}") }
    }

    fn events_taken_in(&self, outcome: &str) -> u64 {
        let text = ureq::get(format!("{}/metrics", self.url)).call().unwrap();
        let text = text.into_body().read_to_string().unwrap();
        let name = format!("signals_events_total{{outcome=\"{outcome}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command, which must succeed, and returns its output.
fn success(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = program(arguments).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(0), "{stderr}");
    String::from_utf8(stdout).unwrap()
}

/// Reads lines until one matches.
fn wait_for(lines: &mut impl BufRead, wanted: impl Fn(&str) -> bool) -> String {
    let mut line = String::new();
    while !wanted(&line) {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "it says no more");
    }
    line
}

fn fixture(name: &str) -> String {
    format!("{}/../../tests/fixtures/collector/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn help_names_every_command_and_has_examples_that_can_be_parsed() {
    let help = success(&["--help"]);
    for word in [
        "check",
        "export",
        "trigger",
        "watch",
        "replay",
        "--data",
        "SIGNALS_DATA",
        "--hosted",
        "--tls-cert",
        "Examples:",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    let mut examples = examples_in(&help);
    for command in ["trigger", "watch", "replay"] {
        let help = success(&[command, "--help"]);
        assert!(help.contains("--url") && help.contains("SIGNALS_URL"), "{help}");
        let own = examples_in(&help);
        assert!(!own.is_empty(), "{help}");
        examples.extend(own);
    }
    assert!(examples.len() > 10, "{examples:?}");
    for example in examples {
        Cli::try_parse_from(&example).unwrap_or_else(|error| panic!("{example:?}: {error}"));
    }
}

/// The arguments of every example in a help text, split like in a shell.
fn examples_in(help: &str) -> Vec<Vec<String>> {
    let lines = help.lines().skip_while(|line| !line.starts_with("Example"));
    let calls = lines.filter_map(|line| {
        let begin = line.find("signals-mock-server")?;
        line[begin..].split(" | ").next()?.split(" && ").next()
    });
    let words = |call: &str| {
        let mut words = Vec::new();
        for (index, part) in call.split('\'').enumerate() {
            // Every second part was in quotes.
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        words
    };
    calls.map(words).filter(|words| words[0] == "signals-mock-server").collect()
}

#[test]
fn a_trigger_says_whether_somebody_got_it() {
    let server = Running::start(&[]);
    let trigger = |arguments: &[&str]| {
        let common = ["trigger", "discount", "--url", &server.url, "--id", USER];
        success(&[&common, arguments].concat())
    };
    assert!(trigger(&[]).starts_with("undelivered: "), "nobody is there");

    let mut watch = program(&["watch", "--url", &server.url, "--id", USER, "--id", OTHER_USER])
        .spawn()
        .unwrap();
    let mut shown = BufReader::new(watch.stdout.take().unwrap());
    let first = wait_for(&mut shown, |line| line.contains("discount"));
    assert!(first.contains(&format!("discount v1 for domain_userid {USER} (")), "{first}");

    let arguments = ["--attributes", r#"{"code": "SAVE10", "n": 4}"#, "--version", "2"];
    assert_eq!(trigger(&arguments), "success\n");
    let second = wait_for(&mut shown, |line| line.contains("discount"));
    assert!(second.contains(r#"discount v2 code="SAVE10" n=4 for domain_userid"#), "{second}");
    watch.kill().unwrap();
    watch.wait().unwrap();

    // Both were delivered. Only a client that resumes gets them again.
    let arguments = ["--id", USER, "--json", "--last-event-id", "unknown", "--count", "2"];
    let shown = success(&[&["watch", "--url", &server.url], &arguments[..]].concat());
    let versions: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["version"].clone())
        .collect();
    assert_eq!(versions, [1, 2]);
}

#[test]
fn a_trigger_that_makes_no_sense_is_refused_in_one_line() {
    let server = Running::start(&[]);
    let refusal = |arguments: &[&str]| {
        failure(&[&["trigger", "discount", "--url", &server.url], arguments].concat())
    };
    let no_uuid = refusal(&["--id", "somebody"]);
    assert!(
        no_uuid.contains("422") && no_uuid.contains("query.domain_userid: must be"),
        "{no_uuid}"
    );
    let no_key = refusal(&["--id", "somebody", "--key", "nickname"]);
    assert!(no_key.contains("query.nickname: not an attribute key"), "{no_key}");
    let no_token = refusal(&["--id", USER, "--token", "wrong"]);
    assert!(no_token.contains("403") && no_token.contains("wrong token"), "{no_token}");
    let output = program(&["trigger", "x", "--id", USER, "--attributes", "[1]"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("must be a JSON object"));
}

#[test]
fn watching_goes_on_where_it_was_when_the_server_was_away() {
    let directory = Directory::new();
    let data = directory.path.join("data");
    let data = ["--data", data.to_str().unwrap(), "--log", "error"];
    let server = Running::start(&data);
    let url = server.url.clone();
    let trigger = |name: &str| {
        success(&["trigger", name, "--url", &url, "--key", "user_id", "--id", "alice"])
    };
    let arguments =
        ["watch", "--url", &url, "--key", "user_id", "--id", "alice", "--json", "--count", "3"];
    let mut watch = program(&arguments).spawn().unwrap();
    let mut status = BufReader::new(watch.stderr.take().unwrap());
    let mut shown = BufReader::new(watch.stdout.take().unwrap());
    assert_eq!(wait_for(&mut status, |line| line.contains("watching")), "watching user_id alice\n");
    let mut next = || -> Value {
        serde_json::from_str(&wait_for(&mut shown, |line| !line.is_empty())).unwrap()
    };
    assert_eq!(trigger("one"), "success\n");
    assert_eq!(next()["name"], "one");

    let mut stopping = server;
    let kill = Command::new("kill").args(["-TERM", &stopping.child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    stopping.child.wait().unwrap();
    wait_for(&mut status, |line| line.contains("Reconnecting in"));
    let port = url.rsplit_once(':').unwrap().1;
    let again = [&data[..], &["--port", port]].concat();
    let mut server = program(&again).spawn().unwrap();
    wait_for(&mut BufReader::new(server.stdout.take().unwrap()), |line| line.contains("listening"));
    trigger("two");
    assert_eq!(next()["name"], "two");
    trigger("three");
    let three = next();
    assert_eq!(three["name"], "three");
    assert_eq!(three["target_attribute_key"], json!({"name": "user_id", "id": "alice"}));
    assert_eq!(watch.wait().unwrap().code(), Some(0), "that was all it was to wait for");
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn watching_what_the_server_refuses_ends_at_once() {
    let server = Running::start(&[]);
    let refused = failure(&["watch", "--url", &server.url, "--id", "somebody"]);
    assert!(refused.contains("query.domain_userid: must be a UUID"), "{refused}");
    let nowhere = failure(&["watch", "--url", "127.0.0.1:8787", "--id", USER]);
    assert!(nowhere.contains("cannot reach 127.0.0.1:8787"), "{nowhere}");
}

#[test]
fn what_a_real_tracker_sent_can_be_replayed() {
    let server = Running::start(&[]);
    for (name, said, known) in [
        ("v4-post.json", "sent 7 events in 1 requests", 7),
        ("v4-get.json", "sent 7 events in 7 requests", 14),
        ("v4-custompath.json", "sent 7 events in 1 requests", 21),
        ("v4-anonymous.json", "sent 7 events in 1 requests", 28),
    ] {
        let shown = success(&["replay", &fixture(name), "--url", &server.url, "--speed", "max"]);
        assert!(shown.starts_with(said), "{shown}");
        assert_eq!(server.events_taken_in("good"), known, "{name}");
    }
    let post = fixture("v4-post.json");
    success(&["replay", &post, "--url", &server.url]);
    assert_eq!(server.events_taken_in("duplicate"), 7, "the server knows these events");
    success(&["replay", &post, "--url", &server.url, "--new-ids"]);
    assert_eq!(server.events_taken_in("good"), 35);
}

/// Writes a recording of page views at this interval in milliseconds.
fn recording(directory: &Directory, times: &[u64]) -> String {
    let lines = times.iter().map(|time| {
        let mut event = page_view(USER, &event_id());
        event["dtm"] = json!((1_795_333_700_000 + time).to_string());
        format!("{event}\n")
    });
    let file = directory.write("recorded.jsonl", &lines.collect::<String>());
    file.to_string_lossy().into_owned()
}

#[test]
fn a_replay_takes_its_time_or_a_tenth_of_it_or_none() {
    let directory = Directory::new();
    let server = Running::start(&[]);
    let file = recording(&directory, &[0, 1_000, 6_000]);
    let took = |speed: &str| {
        let started = Instant::now();
        let arguments = ["replay", &file, "--url", &server.url, "--speed", speed, "--new-ids"];
        let shown = success(&arguments);
        assert!(shown.starts_with("sent 3 events in 3 requests in "), "{shown}");
        started.elapsed()
    };
    assert!(took("10") >= Duration::from_millis(600));
    assert!(took("40") >= Duration::from_millis(150));
    // It does not wait, although the recording lasts an hour.
    let hour = recording(&directory, &[0, 3_600_000]);
    success(&["replay", &hour, "--url", &server.url, "--speed", "max"]);
    assert_eq!(server.events_taken_in("good"), 8);
}

/// The number of events in `tests/fixtures/enriched.tsv`.
const ENRICHED_EVENTS: u64 = 54;

fn enriched_fixture() -> String {
    fixture("../enriched.tsv")
}

#[test]
fn enriched_events_can_be_replayed() {
    let server = Running::start(&["--token", "secret"]);
    let replay = |more: &[&str]| {
        let file = enriched_fixture();
        let common = ["replay", "--format", "enriched-tsv", &file, "--url", &server.url];
        let speed = ["--speed", "max", "--token", "secret"];
        success(&[&common[..], &speed[..], more].concat())
    };
    let shown = replay(&[]);
    assert!(shown.starts_with("sent 54 events in 1 requests in "), "{shown}");
    assert_eq!(server.events_taken_in("good"), ENRICHED_EVENTS);
    replay(&[]);
    assert_eq!(server.events_taken_in("duplicate"), ENRICHED_EVENTS);
    replay(&["--new-ids"]);
    assert_eq!(server.events_taken_in("good"), 2 * ENRICHED_EVENTS);
    assert_eq!(server.events_taken_in("bad"), 0);
}

#[test]
fn enriched_events_are_sent_at_the_intervals_at_which_they_were_collected() {
    let directory = Directory::new();
    let server = Running::start(&[]);
    let enriched = std::fs::read_to_string(enriched_fixture()).unwrap();
    // Three events, one second apart.
    let lines: Vec<&str> = enriched.lines().take(3).collect();
    let file = directory.write("enriched.tsv", &lines.join("\n"));
    let file = file.to_string_lossy();
    let replay = ["replay", "--format", "enriched-tsv", &file, "--url", &server.url];
    let started = Instant::now();
    let shown = success(&[&replay[..], &["--speed", "4"]].concat());
    assert!(shown.starts_with("sent 3 events in 3 requests in "), "{shown}");
    assert!(started.elapsed() >= Duration::from_millis(500));
    assert_eq!(server.events_taken_in("good"), 3);
}

#[test]
fn of_lines_that_are_no_enriched_events_the_first_is_named_and_the_others_count() {
    let directory = Directory::new();
    let server = Running::start(&[]);
    let enriched = std::fs::read(enriched_fixture()).unwrap();
    let text = [&enriched[..], b"\n\xffnonsense\n{}\n", &enriched[..]].concat();
    let file = directory.path.join("mixed.tsv");
    std::fs::write(&file, text).unwrap();
    let file = file.to_string_lossy();
    let replay = ["replay", "--format", "enriched-tsv", &file, "--url", &server.url];
    let refused = failure(&[&replay[..], &["--speed", "max", "--new-ids"]].concat());
    assert_eq!(
        refused,
        "error: 2 of 110 lines are not enriched events. First: line 56: columns: found 1 of 131 tab-separated columns"
    );
    assert_eq!(server.events_taken_in("good"), 2 * ENRICHED_EVENTS);
    assert_eq!(server.events_taken_in("bad"), 2);
}

#[test]
fn a_replay_of_enriched_events_that_cannot_be_is_one_clear_line() {
    let directory = Directory::new();
    let server = Running::start(&["--token", "secret"]);
    let line = |file: &str| {
        failure(&[
            "replay",
            "--format",
            "enriched-tsv",
            file,
            "--url",
            &server.url,
            "--speed",
            "max",
        ])
    };
    let without_token = line(&enriched_fixture());
    assert!(
        without_token.contains("refused 1 of 1 requests") && without_token.contains("403"),
        "{without_token}"
    );
    let empty = directory.write("empty.tsv", "\n");
    let expected = format!("error: {}: recording: contains no events", empty.display());
    assert_eq!(line(&empty.to_string_lossy()), expected);
    assert_eq!(server.events_taken_in("good"), 0);
}

#[test]
fn a_recording_can_come_from_the_standard_input() {
    let server = Running::start(&[]);
    let mut replay =
        program(&["replay", "-", "--url", &server.url]).stdin(Stdio::piped()).spawn().unwrap();
    let line = page_view(USER, &event_id()).to_string();
    replay.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
    assert!(replay.wait().unwrap().success());
    assert_eq!(server.events_taken_in("good"), 1);
}

#[test]
fn a_replay_that_cannot_be_is_one_clear_line() {
    let directory = Directory::new();
    let server = Running::start(&[]);
    let line = |file: &Path| failure(&["replay", &file.to_string_lossy(), "--url", &server.url]);
    let text = directory.write("text", "{\"e\": \"pv\"}\nhello\n");
    let place = format!("error: {}: line 2: not JSON: ", text.display());
    assert!(line(&text).starts_with(&place), "{}", line(&text));
    let nowhere = directory.path.join("nowhere");
    assert!(line(&nowhere).contains("No such file"), "{}", line(&nowhere));
    let not_a_collector =
        directory.write("path", r#"{"method": "POST", "path": "/nowhere", "body": {"data": []}}"#);
    let refused = line(&not_a_collector);
    assert!(refused.contains("refused 1 of 1 requests") && refused.contains("404"), "{refused}");
    assert_eq!(server.events_taken_in("good"), 0, "nothing is sent of what cannot be read whole");
    let file = recording(&directory, &[0]);
    let url = server.url.clone();
    drop(server);
    let nobody = failure(&["replay", &file, "--url", &url]);
    assert!(nobody.contains("cannot reach") && nobody.contains(&url), "{nobody}");
}
