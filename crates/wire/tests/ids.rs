//! Runs the shared table of cases with the shared code. The engine and the plugin also run the table.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use signals_wire::base64::decode_text;
use signals_wire::ids::{Event, Pointer, PointerProblem, is_base64};
use signals_wire::text::repair_json;

const TABLE: &str = include_str!("../../../tests/fixtures/ids.json");

#[derive(Deserialize)]
struct Case {
    why: String,
    event: Box<RawValue>,
    pointer: String,
    id: Option<String>,
}

/// A payload. For readability, its documents can be objects.
struct Payload {
    fields: Map<String, Value>,
    documents: [(&'static str, OnceCell<Option<Value>>); 4],
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
        let sent = self.fields.get(parameter)?.as_str()?;
        let text = if is_base64(parameter) { decode_text(sent)? } else { sent.to_owned() };
        if !text.contains(trace) && !text.contains("\\u") {
            return None;
        }
        let (_, document) = self.documents.iter().find(|(name, _)| *name == parameter)?;
        let parse = |text: &str| serde_json::from_str(text).ok();
        let json = document.get_or_init(|| {
            self.parsed.set(self.parsed.get() + 1);
            parse(&text).or_else(|| parse(&repair_json(&text)?))
        });
        json.as_ref()
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

/// Any text, with frequent parts of pointers, JSON and URLs.
fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "/",
        "~",
        "~0",
        "~1",
        "%",
        "=",
        "&",
        "?",
        "#",
        "//",
        "@",
        ":",
        "[",
        "{",
        "0",
        "__proto__",
        "ü",
        "🛒",
    ]);
    let piece = prop_oneof![special.prop_map(str::to_owned), any::<String>()];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn pointer() -> impl Strategy<Value = String> {
    let starts = [
        "",
        "/",
        "/co/com.acme/user",
        "/ue/com.acme/login",
        "/page_urlhost",
        "mkt_source",
        "vid",
        "/sid",
    ];
    (prop::sample::select(starts.to_vec()), text())
        .prop_map(|(start, rest)| format!("{start}{rest}"))
}

/// `text` in base64, with the URL alphabet.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let chunks = text.as_bytes().chunks(3).map(|chunk| {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        let digit = |at: u32| char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63]);
        (0..=chunk.len() as u32).map(digit).collect::<String>()
    });
    chunks.collect()
}

proptest! {
    #[test]
    fn a_pointer_of_any_text_finds_an_id_or_none_in_any_event_or_is_refused(
        pointer in pointer(),
        fields in prop::collection::btree_map(
            prop::sample::select(vec!["e", "co", "cx", "ue_pr", "ue_px", "url", "refr", "vp", "vid", "sid"]), text(), 0..8,
        ),
    ) {
        let payload = Payload::new(&json!(fields).to_string());
        if let Ok(pointer) = Pointer::parse(&pointer) {
            let id = pointer.find(&&payload);
            prop_assert!(id.is_none_or(|id| !id.is_empty() && !id.contains(char::is_control)));
        }
    }

    #[test]
    fn an_id_is_found_by_the_pointer_to_its_place_whatever_that_is_named_and_however_it_is_encoded(
        path in prop::collection::vec(text(), 1..4), id in "[^\\p{Cc}]{1,8}", is_encoded in any::<bool>(),
    ) {
        let data = path.iter().rev().fold(json!(id), |inside, name| json!({ name: inside }));
        let event = json!({
            "schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
            "data": {"schema": "iglu:com.acme/login/jsonschema/1-0-3", "data": data},
        });
        let event = event.to_string();
        let payload = match is_encoded {
            true => json!({"e": "ue", "ue_px": base64(&event)}),
            false => json!({"e": "ue", "ue_pr": event}),
        };
        let escaped: Vec<String> =
            path.iter().map(|name| name.replace('~', "~0").replace('/', "~1")).collect();
        let pointer = format!("/ue/com.acme/login/{}", escaped.join("/"));
        prop_assert_eq!(Payload::new(&payload.to_string()).find(&pointer), Some(id));
    }
}
