//! Shared code of the engine's tests: definitions from JSON literals, events from a few fields, and ids that count up.

#![allow(
    dead_code,
    reason = "every test file compiles this module for itself and uses only part of it"
)]

pub(crate) mod everything;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use signals_engine::{Arrival, Definitions, Engine, Event, Outcome, Payload, Timestamp};
use uuid::Uuid;

pub(crate) const USER: &str = "218e8926-3858-431d-b2ed-66da03a1cbe5";
pub(crate) const OTHER_USER: &str = "5ba5b0e2-94d2-4b6e-8f0c-14ad9e9f6a11";
pub(crate) const SESSION: &str = "887a6de4-5987-4023-9862-b0ebbd14857a";
pub(crate) const OTHER_SESSION: &str = "1f0f6d3a-7c55-4a9e-9f64-6f2a3d1c0b22";

/// When tests begin, in milliseconds.
pub(crate) const START: i64 = 1_795_333_700_000;

pub(crate) fn definitions(json: Value) -> Definitions {
    Definitions::from_json(&json.to_string()).unwrap()
}

pub(crate) fn engine(json: Value) -> Engine {
    Engine::new(&definitions(json)).unwrap()
}

/// The error of these definitions, with its place.
pub(crate) fn refusal(json: Value) -> String {
    match Definitions::from_json(&json.to_string()) {
        Ok(definitions) => Engine::new(&definitions).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn arrival(millis: i64) -> Arrival {
    Arrival {
        collector_tstamp: Timestamp::from_millis(millis),
        network_userid: None,
        referer: None,
        useragent: None,
        user_ipaddress: None,
    }
}

pub(crate) fn event_at(payload: Value, millis: i64) -> Event {
    let payload = Payload::deserialize(&payload).unwrap();
    Event::from_payload(payload, &arrival(millis)).unwrap()
}

/// A payload of a self-describing event of vendor `com.acme`, version 1-0-0.
pub(crate) fn acme(name: &str, data: Value) -> Map<String, Value> {
    let event = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
        "data": {"schema": format!("iglu:com.acme/{name}/jsonschema/1-0-0"), "data": data},
    });
    let payload = json!({"e": "ue", "ue_pr": event.to_string()});
    payload.as_object().unwrap().clone()
}

/// `payload` with ids of user and session.
pub(crate) fn identified(payload: Map<String, Value>, user: &str, session: &str) -> Value {
    let mut payload = payload;
    payload.insert("duid".to_owned(), json!(user));
    payload.insert("sid".to_owned(), json!(session));
    Value::Object(payload)
}

/// An engine with a manual clock and ids that count up from 1.
pub(crate) struct Run {
    pub(crate) engine: Engine,
    pub(crate) now: i64,
    next_id: u128,
}

impl Run {
    pub(crate) fn new(definitions: Value) -> Self {
        Self { engine: engine(definitions), now: START, next_id: 1 }
    }

    pub(crate) fn send(&mut self, payload: Value) -> Outcome {
        let event = event_at(payload, self.now);
        self.process(&event)
    }

    pub(crate) fn process(&mut self, event: &Event) -> Outcome {
        self.engine.process(event, &mut || {
            let id = Uuid::from_u128(self.next_id);
            self.next_id += 1;
            id
        })
    }

    /// `com.acme` event of that name by [`USER`] in [`SESSION`]; returns the names of the interventions it triggered.
    pub(crate) fn acme(&mut self, name: &str, data: Value) -> Vec<String> {
        let outcome = self.send(identified(acme(name, data), USER, SESSION));
        names(&outcome)
    }

    /// The value of an attribute of [`USER`] or [`SESSION`], as a read returns it.
    pub(crate) fn read(&self, attribute: &str) -> Value {
        self.reading(attribute).0
    }

    pub(crate) fn is_set(&self, attribute: &str) -> bool {
        self.reading(attribute).1
    }

    fn reading(&self, attribute: &str) -> (Value, bool) {
        let now = Timestamp::from_millis(self.now);
        [("domain_userid", USER), ("domain_sessionid", SESSION)]
            .into_iter()
            .flat_map(|(key, id)| self.engine.attributes(key, id, now))
            .flat_map(|group| group.attributes)
            .find(|reading| reading.name == attribute)
            .map(|reading| (reading.value, reading.is_set))
            .unwrap_or_else(|| panic!("no attribute {attribute}"))
    }
}

pub(crate) fn names(outcome: &Outcome) -> Vec<String> {
    outcome.triggered.iter().map(|triggered| triggered.name.clone()).collect()
}

/// One group of attributes of `domain_userid`, and interventions.
pub(crate) fn user_group(attributes: Value, interventions: Value) -> Value {
    json!({
        "attribute_groups": [{
            "name": "g", "version": 1, "attribute_key": {"name": "domain_userid"}, "attributes": attributes,
        }],
        "interventions": interventions,
    })
}

/// A counter of `com.acme` events of the attribute's own name.
pub(crate) fn counter(name: &str) -> Value {
    json!({"name": name, "type": "int32", "events": [{"vendor": "com.acme", "name": name}], "aggregation": "counter"})
}

/// A sum of `data.amount` of `com.acme` events of the attribute's own name.
pub(crate) fn sum(name: &str) -> Value {
    json!({
        "name": name, "type": "double", "events": [{"name": name}], "aggregation": "sum",
        "property": {"type": "event", "vendor": "com.acme", "name": name, "major_version": 1, "path": "amount"},
    })
}

pub(crate) fn rule(name: &str, criteria: Value) -> Value {
    json!({"name": name, "version": 1, "criteria": criteria})
}

pub(crate) fn test(attribute: &str, operator: &str, value: Value) -> Value {
    json!({"attribute": format!("g:{attribute}"), "operator": operator, "value": value})
}
