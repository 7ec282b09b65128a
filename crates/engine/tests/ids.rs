//! The cases that the plugin and the server share: the plugin finds ids with pointers, and the engine with attribute keys.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use signals_engine::{Definitions, Engine, Event, Payload};
use support::*;

const TABLE: &str = include_str!("../../../tests/fixtures/ids.json");

#[derive(Deserialize)]
struct Case {
    why: String,
    event: Box<RawValue>,
    pointer: String,
    id: Option<String>,
    /// `plugin` if no attribute key can express the pointer.
    only: Option<String>,
}

/// The attribute key that corresponds to a pointer.
fn attribute_key(pointer: &str) -> Value {
    let segments: Vec<&str> = pointer.strip_prefix('/').unwrap_or(pointer).split('/').collect();
    let property = match segments[..] {
        [name] => {
            let field = signals_wire::tracker_protocol::Field::named(name);
            json!({"type": "atomic", "name": field.map_or(name, |field| field.name)})
        }
        [name, vendor, kind, ref path @ ..] => {
            let index = path[0].parse::<usize>().ok().filter(|_| path.len() > 1);
            let path = if index.is_some() { &path[1..] } else { path };
            let is_entity = ["co", "cx", "context", "entity", "entities"].contains(&name);
            let mut property = json!({
                "type": if is_entity { "entity" } else { "event" },
                "vendor": vendor, "name": kind, "major_version": 1, "path": server_path(path),
            });
            if is_entity {
                property["index"] = json!(index.unwrap_or(0));
            }
            property
        }
        _ => panic!("{pointer} has no property"),
    };
    json!({"name": "key", "property": property})
}

fn server_path(segments: &[&str]) -> String {
    let mut path = "$".to_owned();
    for segment in segments {
        match segment.parse::<usize>() {
            Ok(index) => path.push_str(&format!("[{index}]")),
            Err(_) => path.push_str(&format!(".{segment}")),
        }
    }
    path
}

/// The payload as a tracker sends it. In the table, documents can be objects for readability.
fn payload(event: &str) -> String {
    // An event with a lone surrogate has no objects.
    let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(event) else {
        return signals_wire::text::repair_json(event).unwrap();
    };
    for document in ["co", "ue_pr"] {
        if let Some(value @ Value::Object(_)) = fields.get_mut(document) {
            *value = value.to_string().into();
        }
    }
    Value::Object(fields).to_string()
}

/// The id that the server finds. None in an event that it refuses.
fn find(event: &str, key: Value) -> Option<String> {
    let definitions = json!({"attribute_keys": [key]}).to_string();
    let engine = Engine::new(&Definitions::from_json(&definitions).unwrap()).unwrap();
    let payload = payload(event);
    let payload: Payload<'_> = serde_json::from_str(&payload).unwrap();
    let event = Event::from_payload(payload, &arrival(START)).ok()?;
    engine.ids(&event).into_iter().find(|owner| owner.name == "key").map(|owner| owner.id)
}

#[test]
fn the_server_finds_the_id_that_the_plugin_finds_or_none_in_every_case() {
    let cases: Vec<Case> = serde_json::from_str(TABLE).unwrap();
    let shared: Vec<&Case> = cases.iter().filter(|case| case.only.is_none()).collect();
    let wrong: Vec<String> = shared
        .iter()
        .map(|case| (case, find(case.event.get(), attribute_key(&case.pointer))))
        .filter(|(case, found)| *found != case.id)
        .map(|(case, found)| {
            format!(
                "{}: {} in {}: {found:?}, not {:?}",
                case.why, case.pointer, case.event, case.id
            )
        })
        .collect();
    assert!(shared.len() >= 120 && wrong.is_empty(), "{}", wrong.join("\n"));
}
