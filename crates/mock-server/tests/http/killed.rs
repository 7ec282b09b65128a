//! Kills the program repeatedly during traffic.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use signals_mock_server::DEFAULT_TOKEN;
use ureq::Agent;

use crate::program::{Directory, start};
use crate::support::{STREAM, TP2, USER, event_id, payload};

/// How many times the program is killed.
const ROUNDS: usize = 4;

/// Each event belongs to one of the users so far. A new user is added after this many events, until there are all.
const EVENTS_PER_USER: usize = 20;

/// The number of users in a round.
const USERS: usize = 50;

/// Events in one request.
const BATCH: usize = 20;

/// An instance for everyone who sees the checkout for the first time.
fn definitions() -> Value {
    let attribute = |name: &str, aggregation: &str, value_type: &str, property: Value| {
        json!({
            "name": name, "type": value_type, "events": [{"name": "page_view"}],
            "aggregation": aggregation, "property": property,
        })
    };
    json!({
        "attribute_groups": [{
            "name": "views", "version": 1, "attribute_key": {"name": "domain_userid"},
            "attributes": [
                attribute("count", "counter", "int64", Value::Null),
                attribute("page", "last", "string", json!({"type": "atomic", "name": "page_title"})),
            ],
        }],
        "interventions": [{
            "name": "checkout", "version": 1,
            "criteria": {"attribute": "views:page", "operator": "=", "value": "Checkout"},
        }],
    })
}

/// A page view as a real tracker sends it.
fn recorded_page_view() -> Value {
    let recorded = include_str!("../../../../tests/fixtures/collector/v4-post.json");
    let recorded: Value = serde_json::from_str(recorded).unwrap();
    let event = recorded[0]["body"]["data"][0].clone();
    assert_eq!(event["e"], "pv");
    event
}

/// One of the users of a round.
fn user((round, number): (usize, usize)) -> String {
    format!("218e8926-3858-431d-b2ed-{round:04}{number:08}")
}

/// The user of the event with this number: a new user, then earlier ones in a fixed mixed order.
fn user_of(event: usize) -> usize {
    let newest = (event / EVENTS_PER_USER).min(USERS - 1);
    match event % EVENTS_PER_USER {
        0 => newest,
        step => (event * 7 + step * 13) % (newest + 1),
    }
}

/// How many events of each user there are among the first `events`.
fn counts(events: usize) -> HashMap<usize, u64> {
    let mut counts = HashMap::new();
    for event in 0..events {
        *counts.entry(user_of(event)).or_default() += 1;
    }
    counts
}

/// A running program.
struct Running {
    child: Child,
    url: String,
    agent: Agent,
}

impl Running {
    fn start(data: &Path, definitions: &Path) -> Self {
        let [data, definitions] = [data.to_str().unwrap(), definitions.to_str().unwrap()];
        let (child, _, port) =
            start(&["--data", data, "--definitions", definitions, "--log", "error"]);
        let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(60)));
        let url = format!("http://127.0.0.1:{port}");
        Self { child, url, agent: config.build().into() }
    }

    fn get(&self, path: &str) -> String {
        let request = self.agent.get(format!("{}{path}", self.url));
        let request = request.header("authorization", format!("Bearer {DEFAULT_TOKEN}"));
        request.call().unwrap().body_mut().read_to_string().unwrap()
    }

    fn metric(&self, name: &str) -> f64 {
        let metrics = self.get("/metrics");
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
    }

    /// Returns when everything that happened before the call is saved.
    fn wait_until_saved(&self) {
        let saves = || self.metric("signals_saves_total{outcome=\"good\"}");
        // The next write may have begun before the call.
        let enough = saves() + 2.0;
        while saves() < enough {
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn state_of(&self, user: (usize, usize)) -> Value {
        let id = self::user(user);
        serde_json::from_str(&self.get(&format!("/mock/state?key=domain_userid&id={id}"))).unwrap()
    }

    fn count_of(&self, user: (usize, usize)) -> u64 {
        self.state_of(user)["profile"][0]["attributes"]["count"].as_u64().unwrap()
    }

    /// The ids of the instances that `user` received.
    fn instances_of(&self, user: (usize, usize)) -> Vec<String> {
        let instances = self.state_of(user)["instances"].as_array().unwrap().clone();
        let id =
            |instance: &Value| instance["instance"]["intervention_id"].as_str().unwrap().into();
        instances.iter().map(id).collect()
    }

    fn push(&self, name: &str) {
        let body = json!({"name": name, "version": 1}).to_string();
        let request = self.agent.post(format!("{}{STREAM}?domain_userid={USER}", self.url));
        let request = request.header("authorization", format!("Bearer {DEFAULT_TOKEN}"));
        request.header("content-type", "application/json").send(body).unwrap();
    }

    /// The names of the next instances on a stream that resumes after `last_event_id`, and the id of the last one.
    fn pull(&self, last_event_id: &str, until: &str) -> (Vec<String>, String) {
        let url =
            format!("{}{STREAM}?domain_userid={USER}&last_event_id={last_event_id}", self.url);
        let mut response = self.agent.get(url).call().unwrap();
        let (mut names, mut id) = (Vec::new(), String::new());
        for line in BufReader::new(response.body_mut().as_reader()).lines() {
            let line = line.unwrap();
            if let Some(value) = line.strip_prefix("id: ") {
                id = value.to_owned();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                let instance: Value = serde_json::from_str(data).unwrap();
                names.push(instance["name"].as_str().unwrap().to_owned());
            }
            if names.last().is_some_and(|name| name == until) {
                break;
            }
        }
        (names, id)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // With SIGKILL.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that sends one batch of events after the other until the server is gone.
struct Traffic {
    /// When each event was answered.
    answered: Arc<Mutex<Vec<Instant>>>,
    sent: Arc<AtomicUsize>,
    thread: thread::JoinHandle<()>,
}

impl Traffic {
    fn start(server: &Running, round: usize) -> Self {
        let answered: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let sent = Arc::new(AtomicUsize::new(0));
        let (url, agent) = (format!("{}{TP2}", server.url), server.agent.clone());
        let thread = thread::spawn({
            let (answered, sent) = (Arc::clone(&answered), Arc::clone(&sent));
            let page_view = recorded_page_view();
            move || {
                for first in (0..).step_by(BATCH) {
                    let events = (first..first + BATCH).map(|number| {
                        let mut event = page_view.clone();
                        event["duid"] = json!(self::user((round, user_of(number))));
                        event["eid"] = json!(event_id());
                        // Odd and even: everyone sees both pages, roughly in turn.
                        event["page"] = json!(if number % 2 == 0 { "Checkout" } else { "Shop" });
                        event
                    });
                    let body = payload(&events.collect::<Vec<_>>()).to_string();
                    sent.fetch_add(BATCH, Ordering::SeqCst);
                    let request = agent.post(&url).header("content-type", "application/json");
                    if request.send(body).is_err() {
                        return;
                    }
                    answered.lock().unwrap().extend([Instant::now(); BATCH]);
                }
            }
        });
        Self { answered, sent, thread }
    }

    fn wait_for(&self, events: usize) {
        while self.answered.lock().unwrap().len() < events {
            assert!(!self.thread.is_finished(), "the server does not answer");
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn answered(&self) -> usize {
        self.answered.lock().unwrap().len()
    }
}

#[test]
fn a_killed_program_goes_on_from_its_last_second_with_nothing_in_part_and_nothing_twice() {
    let directory = Directory::new();
    let definitions = directory.write("definitions.json", &definitions().to_string());
    let data = directory.path.join("data");
    let mut server = Running::start(&data, &definitions);
    let mut losses = Vec::new();
    for round in 0..ROUNDS {
        let first = format!("first of round {round}");
        server.push(&first);
        let (_, first_id) = server.pull("unknown", &first);
        let traffic = Traffic::start(&server, round);
        traffic.wait_for(USERS * EVENTS_PER_USER);
        server.push("saved");
        let saved = traffic.answered();
        let had: Vec<(usize, Vec<String>)> = counts(saved)
            .into_keys()
            .map(|user| (user, server.instances_of((round, user))))
            .collect();
        assert!(had.iter().any(|(_, instances)| !instances.is_empty()), "something triggers");
        assert!(had.iter().all(|(_, instances)| instances.len() <= 1), "{had:?}");
        server.wait_until_saved();
        traffic.wait_for(traffic.answered() + 200 + 370 * round);
        server.push("maybe lost");
        let (_, last_id) = server.pull(&first_id, "maybe lost");
        drop(server);
        let killed_at = Instant::now();
        traffic.thread.join().unwrap();
        let sent = traffic.sent.load(Ordering::SeqCst);

        server = Running::start(&data, &definitions);
        let counted: HashMap<usize, u64> = counts(sent)
            .into_keys()
            .map(|user| (user, server.count_of((round, user))))
            .filter(|(_, count)| *count > 0)
            .collect();
        let restored = counted.values().sum::<u64>() as usize;
        assert!((saved..=sent).contains(&restored), "{saved} <= {restored} <= {sent}");
        assert_eq!(counted, counts(restored), "all events up to one, and none after it");
        let answered = traffic.answered.lock().unwrap();
        let first_lost = answered.get(restored);
        losses.push(first_lost.map_or(Duration::ZERO, |at| killed_at.duration_since(*at)));

        // A client that resumes from before the crash gets what was saved. One that resumes from a lost position gets everything new.
        server.push("new");
        let (names, _) = server.pull(&first_id, "new");
        assert!(names == ["saved", "new"] || names == ["saved", "maybe lost", "new"], "{names:?}");
        server.push("newer");
        let (names, _) = server.pull(&last_id, "newer");
        assert_eq!(names, ["new", "newer"]);

        // Everyone sees both pages again, and nobody gets anything twice.
        let mut event = recorded_page_view();
        for (user, instances) in had.iter().filter(|(_, instances)| !instances.is_empty()) {
            for page in ["Shop", "Checkout"] {
                event["duid"] = json!(self::user((round, *user)));
                event["eid"] = json!(event_id());
                event["page"] = json!(page);
                let body = payload(std::slice::from_ref(&event)).to_string();
                let request = server.agent.post(format!("{}{TP2}", server.url));
                request.header("content-type", "application/json").send(body).unwrap();
            }
            assert_eq!(server.instances_of((round, *user)), *instances, "{user}");
        }
    }
    losses.sort();
    // The median: a busy machine can be late sometimes.
    assert!(losses[ROUNDS / 2] < Duration::from_secs(1), "{losses:?}");
}
