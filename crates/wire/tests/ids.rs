//! The table of cases that both ends share, run through the code that they share. The engine and the plugin run it through themselves.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use signals_wire::ids::{Document, Event, Pointer, PointerProblem};
use signals_wire::text::repair_json;

const TABLE: &str = include_str!("../../../tests/fixtures/ids.json");

#[derive(Deserialize)]
struct Case {
    why: String,
    event: Box<RawValue>,
    pointer: String,
    id: Option<String>,
}

/// A payload whose documents are objects where that is easier to read.
struct Payload {
    fields: Map<String, Value>,
    documents: [(&'static str, OnceCell<Document<Value>>); 4],
    parsed: Cell<usize>,
}

impl Payload {
    fn new(json: &str) -> Self {
        let repaired = repair_json(json);
        let mut fields: Map<String, Value> =
            serde_json::from_str(repaired.as_deref().unwrap_or(json)).unwrap();
        for document in ["co", "ue_pr"] {
            if let Some(value @ Value::Object(_)) = fields.get_mut(document) {
                *value = value.to_string().into();
            }
        }
        let documents = ["co", "cx", "ue_pr", "ue_px"].map(|name| (name, OnceCell::new()));
        Self { fields, documents, parsed: Cell::new(0) }
    }

    fn find(&self, pointer: &str) -> Option<String> {
        Pointer::parse(pointer).unwrap().find(&self).map(Cow::into_owned)
    }
}

impl<'e> Event<'e> for &'e Payload {
    type Json = &'e Value;

    fn field(&self, parameter: &str) -> Option<Cow<'e, str>> {
        signals_wire::ids::Json::text(&self.fields.get(parameter)?)
    }

    fn document(&self, parameter: &'static str, trace: &str) -> Option<&'e Value> {
        let text = self.fields.get(parameter)?.as_str()?;
        let (_, document) = self.documents.iter().find(|(name, _)| *name == parameter)?;
        document.get_or_init(|| Document::decode(parameter, text)).json(trace, |text| {
            self.parsed.set(self.parsed.get() + 1);
            serde_json::from_str(text).ok()
        })
    }
}

#[test]
fn every_case_of_the_table_finds_its_id_or_none() {
    let cases: Vec<Case> = serde_json::from_str(TABLE).unwrap();
    let wrong: Vec<String> = cases
        .iter()
        .map(|case| (case, Payload::new(case.event.get()).find(&case.pointer)))
        .filter(|(case, found)| *found != case.id)
        .map(|(case, found)| {
            format!(
                "{}: {} in {}: {found:?}, not {:?}",
                case.why, case.pointer, case.event, case.id
            )
        })
        .collect();
    assert!(cases.len() >= 120 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_pointer_that_can_lead_to_no_id_is_refused_with_the_reason() {
    for (pointer, problem) in [
        ("", PointerProblem::Empty),
        ("/co", PointerProblem::TooShort),
        ("co/com.acme", PointerProblem::TooShort),
        ("/ue_pr/com.acme/login", PointerProblem::TooShort),
        ("/duid/x", PointerProblem::TooLong),
    ] {
        assert_eq!(Pointer::parse(pointer), Err(problem), "{pointer}");
        assert!(!problem.reason().is_empty());
    }
}

#[test]
fn pointers_share_a_document_and_none_is_parsed_that_cannot_hold_what_is_looked_for() {
    let entity = json!({"schema": "iglu:com.acme/user/jsonschema/1-0-0", "data": {"id": "ada"}});
    let contexts = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0", "data": [entity],
    });
    let payload = Payload::new(&json!({"e": "pv", "co": contexts}).to_string());
    assert_eq!(payload.find("/co/com.acme/nowhere/id"), None);
    assert_eq!(payload.parsed.get(), 0);
    assert_eq!(payload.find("/co/com.acme/user/id").as_deref(), Some("ada"));
    assert_eq!(payload.find("/entity/com.acme/user/0/id").as_deref(), Some("ada"));
    assert_eq!(payload.parsed.get(), 1);
}
