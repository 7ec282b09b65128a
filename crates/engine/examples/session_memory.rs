//! Measures the memory of sessions: `session_memory MAX_EVENTS EVENTS` prints the bytes per session after EVENTS events of each, in
//! an engine with one agentic context that keeps at most MAX_EVENTS of them, or none with 0. For the benchmarks of the server.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "../benches/support/mod.rs"]
mod support;

use std::fs;

use serde_json::{Value, json};
use signals_engine::{Arrival, Definitions, Engine, Event, Timestamp};
use uuid::Uuid;

/// Enough that what the process needs besides does not matter.
const SESSIONS: usize = 2_000;

/// When the events arrive, in milliseconds.
const NOW: i64 = 1_795_333_700_000;

fn main() {
    let numbers: Vec<usize> =
        std::env::args().skip(1).map(|number| number.parse().unwrap()).collect();
    let [max_events, events] = numbers[..] else { panic!("two numbers are needed") };
    let mut engine = Engine::new(&definitions(max_events)).unwrap();
    let payloads: Vec<Value> =
        support::payloads().iter().map(|payload| serde_json::from_str(payload).unwrap()).collect();
    let before = resident_bytes();
    for session in 0..SESSIONS {
        for number in 0..events {
            let mut payload = payloads[number % payloads.len()].clone();
            // Without a user, nothing but the session takes memory.
            payload["duid"] = Value::Null;
            payload["sid"] = json!(Uuid::from_u128(session as u128).to_string());
            engine.process(&event(&payload.to_string(), number), &mut Uuid::nil);
        }
    }
    println!("{}", resident_bytes().saturating_sub(before) / SESSIONS);
}

/// The attributes of the other benchmarks, and a context with three properties of each event.
fn definitions(max_events: usize) -> Definitions {
    let mut definitions = support::definitions(50, 100, 0);
    let properties = ["event_name", "page_urlpath", "page_title"]
        .map(|name| json!({"type": "atomic", "name": name}));
    let selections =
        support::NAMES.map(|name| json!({"event": {"name": name}, "properties": properties}));
    if max_events > 0 {
        definitions["event_logs"] = json!([{
            "name": "all", "attribute_key": {"name": "domain_sessionid"}, "max_events": max_events,
            "max_age_seconds": 3_600, "events": selections,
        }]);
    }
    Definitions::from_json(&definitions.to_string()).unwrap()
}

fn event(payload: &str, number: usize) -> Event {
    let arrival = Arrival {
        collector_tstamp: Timestamp::from_millis(NOW + number as i64),
        network_userid: None,
        referer: None,
        useragent: None,
        user_ipaddress: None,
    };
    Event::from_payload(serde_json::from_str(payload).unwrap(), &arrival).unwrap()
}

fn resident_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}
