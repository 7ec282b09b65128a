//! Forwards interventions to receivers on real ports.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::{Directory, Server, refusal, wait_for, wait_for_metric, wait_until_saved};
use crate::{STREAM, TP2, line_with, publish_rule};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// A request that a receiver got.
#[derive(Debug, Clone)]
struct Received {
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Received {
    fn id(&self) -> String {
        self.headers["webhook-id"].clone()
    }

    fn user(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["attributeKey"]["id"].as_str().unwrap().to_owned()
    }

    /// Checks the signature with the library that receivers use.
    fn verify(&self) {
        let mut headers = http::HeaderMap::new();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.insert(name, self.headers[name].parse().unwrap());
        }
        Webhook::new(SECRET).unwrap().verify(self.body.as_bytes(), &headers).unwrap();
    }
}

/// What a receiver does with a request: answers with this head, or closes the connection if it is empty.
type Behaviour = Box<dyn Fn(&Received) -> String + Send>;

/// A receiver of webhooks. It stops when it is dropped.
struct Receiver {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    behaviour: Arc<Mutex<Behaviour>>,
    is_stopped: Arc<AtomicBool>,
}

fn answer(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nok")
}

impl Receiver {
    /// A receiver that accepts everything.
    fn start() -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn start_on(listener: TcpListener) -> Self {
        let receiver = Self {
            port: listener.local_addr().unwrap().port(),
            received: Arc::default(),
            behaviour: Arc::new(Mutex::new(Box::new(|_| answer("200 OK")))),
            is_stopped: Arc::default(),
        };
        let (received, behaviour) =
            (Arc::clone(&receiver.received), Arc::clone(&receiver.behaviour));
        let is_stopped = Arc::clone(&receiver.is_stopped);
        thread::spawn(move || {
            for connection in listener.incoming() {
                if is_stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (received, behaviour) = (Arc::clone(&received), Arc::clone(&behaviour));
                thread::spawn(move || serve(&connection.unwrap(), &received, &behaviour));
            }
        });
        receiver
    }

    fn answers(&self, behaviour: impl Fn(&Received) -> String + Send + 'static) {
        *self.behaviour.lock().unwrap() = Box::new(behaviour);
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn wait_for(&self, count: usize) -> Vec<Received> {
        wait_for("messages", || (self.received().len() >= count).then(|| self.received()))
    }

    /// The metric of an outcome.
    fn metric(&self, outcome: &str) -> String {
        let port = self.port;
        format!("signals_forwarded_total{{receiver=\"127.0.0.1:{port}\",outcome=\"{outcome}\"}}")
    }

    fn waiting(&self) -> String {
        format!("signals_forwarding_waiting{{receiver=\"127.0.0.1:{}\"}}", self.port)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(connection: &TcpStream, received: &Mutex<Vec<Received>>, behaviour: &Mutex<Behaviour>) {
    let mut reader = BufReader::new(connection);
    while let Some(request) = read(&mut reader) {
        received.lock().unwrap().push(request.clone());
        let response = behaviour.lock().unwrap()(&request);
        if response.is_empty() {
            let _ = connection.shutdown(Shutdown::Both);
            return;
        }
        let mut writer = connection;
        if writer.write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Received> {
    let mut lines = reader.lines().map_while(Result::ok);
    let request_line = lines.next()?;
    let path = request_line.strip_prefix("POST ").unwrap().split(' ').next().unwrap().to_owned();
    let headers: BTreeMap<_, _> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_lowercase(), value.to_owned()))
        })
        .collect();
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    Some(Received { path, headers, body: String::from_utf8(body).unwrap() })
}

fn user(number: usize) -> String {
    format!("218e8926-3858-431d-b2ed-{number:012}")
}

/// Sends the first page view of a user, which triggers.
pub(crate) fn view(server: &Server, user: &str) {
    let view = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
        "data": [{"e": "pv", "p": "web", "tv": "js-4.10.1", "duid": user, "eid": user}],
    });
    assert_eq!(server.answer(&format!("POST {TP2}"), &view).0, 200);
}

fn forwarding_to(urls: &[&str], more: &[&str]) -> Server {
    let forward = urls.iter().flat_map(|url| ["--forward", url]);
    let flags: Vec<&str> =
        forward.chain(["--forward-secret", SECRET]).chain(more.iter().copied()).collect();
    let server = Server::start(&flags);
    publish_rule(&server);
    server
}

#[test]
fn a_triggered_intervention_is_forwarded_signed_although_no_stream_is_open() {
    let receiver = Receiver::start();
    let url = receiver.url("/hook?tenant=7");
    let server = forwarding_to(&[&url], &[]);
    view(&server, &user(1));

    let received = receiver.wait_for(1).remove(0);
    received.verify();
    assert_eq!(received.path, "/hook?tenant=7");
    assert_eq!(received.headers["content-type"], "application/json");
    assert!(received.headers["user-agent"].starts_with("signals-server/"));
    let body: Value = serde_json::from_str(&received.body).unwrap();
    let id = body["intervention_id"].as_str().unwrap();
    assert_eq!(received.id(), format!("{id}_domain_userid"));
    assert_eq!(
        body,
        json!({
            "intervention_id": id, "name": "welcome", "version": 1,
            "attributeKey": {"name": "domain_userid", "id": user(1)},
            "attributes": [{"attribute": "views:n", "value": "1"}],
        })
    );
    wait_for_metric(&server, &receiver.metric("sent"), 1);
    assert_eq!(server.metric(&receiver.waiting()), Some(0));
}

#[test]
fn an_intervention_that_is_pushed_by_hand_is_not_forwarded() {
    let receiver = Receiver::start();
    let server = forwarding_to(&[&receiver.url("/")], &[]);
    let pushed = json!({"name": "by_hand", "version": 1});
    let request = format!("POST {STREAM}?domain_userid={}", user(1));
    assert_eq!(server.answer(&request, &pushed).0, 200);
    view(&server, &user(2));
    let received = receiver.wait_for(1);
    assert_eq!(received[0].user(), user(2));
    wait_for_metric(&server, &receiver.metric("sent"), 1);
}

#[test]
fn a_receiver_that_starts_later_gets_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let server = forwarding_to(&[&format!("http://{address}/")], &[]);
    (0..30).for_each(|number| view(&server, &user(number)));
    wait_for("a warning", || server.log().contains("cannot forward to").then_some(()));

    let receiver = Receiver::start_on(TcpListener::bind(address).unwrap());
    let users: BTreeSet<String> = receiver.wait_for(30).iter().map(Received::user).collect();
    assert_eq!(users, (0..30).map(user).collect());
    wait_for_metric(&server, &receiver.metric("sent"), 30);
    let log = server.log();
    assert_eq!(log.matches("cannot forward to").count(), 1, "{log}");
    assert!(
        log.contains(&format!("cannot forward to http://{address}/: Connection refused")),
        "{log}"
    );
}

#[test]
fn server_errors_and_too_many_requests_are_tried_again_with_the_same_id() {
    for status in
        ["500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests", ""]
    {
        let receiver = Receiver::start();
        let server = forwarding_to(&[&receiver.url("/")], &[]);
        let is_first = AtomicBool::new(true);
        receiver.answers(move |_| match is_first.swap(false, Ordering::Relaxed) {
            true if status.is_empty() => String::new(),
            true => answer(status),
            false => answer("204 No Content"),
        });
        view(&server, &user(1));
        let received = receiver.wait_for(2);
        assert_eq!(received[0].id(), received[1].id(), "{status}");
        assert_eq!(received[0].body, received[1].body, "{status}");
        received.iter().for_each(Received::verify);
        wait_for_metric(&server, &receiver.metric("sent"), 1);
        assert_eq!(server.metric(&receiver.metric("retried")), Some(1), "{status}");
    }
}

#[test]
fn a_receiver_is_left_alone_for_as_long_as_it_asks() {
    let receiver = Receiver::start();
    let server = forwarding_to(&[&receiver.url("/")], &[]);
    let is_first = AtomicBool::new(true);
    receiver.answers(move |_| match is_first.swap(false, Ordering::Relaxed) {
        true => "HTTP/1.1 429 Slow\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n".to_owned(),
        false => answer("200 OK"),
    });
    view(&server, &user(1));
    receiver.wait_for(1);
    let asked = Instant::now();
    receiver.wait_for(2);
    assert!(asked.elapsed() > Duration::from_millis(2_900), "{:?}", asked.elapsed());
}

#[test]
fn client_errors_and_redirects_are_final_and_counted() {
    let receiver = Receiver::start();
    let elsewhere = Receiver::start();
    let moved = elsewhere.url("/");
    let server = forwarding_to(&[&receiver.url("/private?token=hidden")], &[]);
    receiver.answers(move |received| {
        if received.user() == user(1) {
            answer("400 Bad Request")
        } else if received.user() == user(2) {
            answer("410 Gone")
        } else if received.user() == user(3) {
            format!("HTTP/1.1 302 Found\r\nlocation: {moved}\r\ncontent-length: 0\r\n\r\n")
        } else {
            answer("200 OK")
        }
    });
    (1..=4).for_each(|number| view(&server, &user(number)));
    view(&server, &user(5));
    wait_for_metric(&server, &receiver.metric("refused"), 3);
    wait_for_metric(&server, &receiver.metric("sent"), 2);
    assert_eq!(receiver.received().len(), 5, "each was sent once");
    assert!(elsewhere.received().is_empty(), "a redirect is not followed");
    let log = server.log();
    assert!(log.contains("refused an intervention: it answered 400 Bad Request"), "{log}");
    assert!(!log.contains("hidden"), "{log}");
    let (_, metrics) = server.answer("GET /metrics", &Value::Null);
    assert!(!metrics.contains("hidden") && !metrics.contains("private"), "{metrics}");
}

#[test]
fn a_receiver_that_never_answers_delays_neither_streams_nor_other_receivers() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let receiver = Receiver::start();
    let silent_url = format!("http://{}/", silent.local_addr().unwrap());
    let server = forwarding_to(&[&silent_url, &receiver.url("/")], &[]);
    let mut streams: Vec<_> = (0..40)
        .map(|number| {
            let stream = server.send(&format!("GET {STREAM}?domain_userid={}", user(number)), "");
            let mut stream = BufReader::new(stream);
            line_with(&mut stream, "data:{");
            stream
        })
        .collect();
    let started = Instant::now();
    for (number, stream) in streams.iter_mut().enumerate() {
        view(&server, &user(number));
        line_with(stream, "\"welcome\"");
    }
    receiver.wait_for(40);
    // One attempt at the silent receiver takes ten seconds.
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[test]
fn an_outage_and_kills_lose_nothing_and_repeat_only_the_same_ids() {
    const ROUNDS: usize = 5;
    const PER_ROUND: usize = 20;
    let (receiver, directory) = (Receiver::start(), Directory::new());
    let (url, data) = (receiver.url("/"), directory.file("data"));
    receiver.answers(|_| answer("503 Service Unavailable"));
    let flags = ["--data", &data, "--forward", &url, "--forward-secret", SECRET];
    let mut server = forwarding_to(&[&url], &["--data", &data]);
    for round in 0..ROUNDS {
        for number in 0..PER_ROUND {
            view(&server, &user(round * PER_ROUND + number));
        }
        wait_until_saved(&server);
        if round == ROUNDS - 1 {
            // From now on, the receiver accepts about every second message, until the server is killed once more.
            let accepts = AtomicBool::new(false);
            receiver.answers(move |_| match accepts.fetch_xor(true, Ordering::Relaxed) {
                true => answer("200 OK"),
                false => String::new(),
            });
            let before = receiver.received().len();
            receiver.wait_for(before + 5);
        }
        server.kill();
        server = Server::start(&flags);
    }
    receiver.answers(|_| answer("200 OK"));
    wait_for("an empty queue", || (server.metric(&receiver.waiting())? == 0).then_some(()));

    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for received in receiver.received() {
        received.verify();
        ids.entry(received.user()).or_default().insert(received.id());
    }
    let users: BTreeSet<String> = ids.keys().cloned().collect();
    assert_eq!(users, (0..ROUNDS * PER_ROUND).map(user).collect(), "nothing is lost");
    assert!(ids.values().all(|ids| ids.len() == 1), "one id for each: {ids:?}");

    // What was accepted stays accepted.
    wait_until_saved(&server);
    server.kill();
    let count = receiver.received().len();
    let server = Server::start(&flags);
    view(&server, &user(999));
    let received = receiver.wait_for(count + 1);
    assert_eq!((received.len(), received[count].user()), (count + 1, user(999)));
}

#[test]
fn a_receiver_that_is_no_longer_configured_loses_what_waits_for_it_and_the_log_says_so() {
    let (receiver, directory) = (Receiver::start(), Directory::new());
    let data = directory.file("data");
    receiver.answers(|_| answer("503 Service Unavailable"));
    let mut server = forwarding_to(&[&receiver.url("/old?token=hidden")], &["--data", &data]);
    (0..3).for_each(|number| view(&server, &user(number)));
    wait_until_saved(&server);
    assert!(server.terminate().success());
    let expected = format!(
        "{} is not a receiver any more: dropped 3 interventions that waited for it",
        receiver.url("/old")
    );
    let mut server = Server::start(&["--data", &data]);
    wait_for("the warning", || server.log().contains(&expected).then_some(()));
    assert!(server.terminate().success());
    assert_eq!(Server::start(&["--data", &data]).log(), "", "they are gone");
}

#[test]
fn a_receiver_with_another_password_gets_what_waited_for_it() {
    let (receiver, directory) = (Receiver::start(), Directory::new());
    let data = directory.file("data");
    receiver.answers(|_| answer("503 Service Unavailable"));
    let url = |user: &str, token: &str| {
        format!("http://ada:{user}@127.0.0.1:{}/hook?token={token}", receiver.port)
    };
    let server = forwarding_to(&[&url("old", "1")], &["--data", &data]);
    view(&server, &user(1));
    wait_until_saved(&server);
    server.kill();
    let before = receiver.received().len();
    receiver.answers(|_| answer("200 OK"));
    let new = url("new", "2");
    let server = Server::start(&["--data", &data, "--forward", &new, "--forward-secret", SECRET]);
    let received = receiver.wait_for(before + 1).remove(before);
    assert_eq!((received.user(), received.path.as_str()), (user(1), "/hook?token=2"));
    // "ada:new" in Base64.
    assert_eq!(received.headers["authorization"], "Basic YWRhOm5ldw==");
    assert_eq!(server.log(), "", "nothing is dropped");
}

#[test]
fn an_end_without_a_data_file_says_how_many_are_lost() {
    let receiver = Receiver::start();
    receiver.answers(|_| answer("503 Service Unavailable"));
    let mut server = forwarding_to(&[&receiver.url("/")], &[]);
    (0..3).for_each(|number| view(&server, &user(number)));
    receiver.wait_for(1);
    assert!(server.terminate().success());
    let expected = "3 interventions that waited to be forwarded are lost";
    wait_for("the error", || server.log().contains(expected).then_some(()));
}

#[test]
fn a_server_does_not_forward_to_itself() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let url = format!("http://user:hidden@{host}:{port}/x?hidden");
        let line =
            refusal(&["--port", &port.to_string(), "--forward", &url, "--forward-secret", SECRET]);
        assert_eq!(line, format!("error: --forward http://{host}:{port}/x: is this server itself"));
    }
}

#[test]
fn flags_that_cannot_be_used_end_the_start_with_one_line() {
    for (flags, expected) in [
        (
            ["--forward", "ada:hidden@example.com", "--forward-secret", SECRET],
            "must be an http or https URL",
        ),
        (["--forward", "example.com/x", "--forward-secret", SECRET], "is not a URL"),
        (
            ["--forward", "https://example.com/x", "--forward-secret", "s!"],
            "must be Base64, usually after whsec_",
        ),
    ] {
        let line = refusal(&flags);
        assert!(line.starts_with("error: --forward") && line.contains(expected), "{line}");
        assert!(!line.contains("hidden"), "{line}");
    }
    let line = refusal(&["--forward", "https://example.com/x"]);
    assert!(line.starts_with("error: --forward needs --forward-secret"), "{line}");
}
