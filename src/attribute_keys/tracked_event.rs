//! Lets [`signals_wire::ids`] read tracked events and the JSON in them.

use crate::web::snowplow::Payload;
use crate::web::{parse_json, text_of, window};
use js_sys::{Array, JsString, Object, Reflect};
use signals_wire::base64::decode_text;
use signals_wire::ids::{Event, Json, is_base64};
use signals_wire::text::repair_json;
use std::borrow::Cow;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// The latest parsed JSON of each field. Consecutive events often carry the same entities.
#[derive(Default)]
pub(crate) struct Documents {
    latest: RefCell<Vec<Document>>,
}

struct Document {
    parameter: &'static str,
    /// The value of the parameter.
    value: JsValue,
    /// The JSON text. It stays in JavaScript, which parses it. Rust reads it only to decode or repair it.
    text: JsString,
    /// The parsed value, after the first use.
    json: Option<Option<JsJson>>,
}

impl Document {
    fn decode(parameter: &'static str, value: JsValue) -> Option<Document> {
        let text = match is_base64(parameter) {
            true => decode_text(&value.as_string()?).unwrap_or_default().into(),
            false => value.clone().dyn_into().ok()?,
        };
        Some(Document { parameter, value, text, json: None })
    }

    fn json(&mut self, trace: &str) -> Option<JsJson> {
        if self.json.is_none() && (self.text.includes(trace, 0) || self.text.includes("\\u", 0)) {
            self.json = Some(self.parse());
        }
        self.json.clone().flatten()
    }

    fn parse(&self) -> Option<JsJson> {
        let repaired = || {
            let text = repair_json(&self.text.as_string()?)?;
            parse_json(&text.into()).ok()
        };
        parse_json(&self.text).ok().or_else(repaired).map(JsJson)
    }
}

/// An event that a tracker tracked.
pub(crate) struct TrackedEvent<'p> {
    pub(crate) payload: &'p Payload,
    pub(crate) documents: &'p Documents,
}

impl TrackedEvent<'_> {
    fn value(&self, parameter: &str) -> JsValue {
        own_property(self.payload, parameter).unwrap_or_default()
    }
}

impl Event<'static> for TrackedEvent<'_> {
    type Json = JsJson;

    fn field(&self, parameter: &str) -> Option<Cow<'static, str>> {
        match text(&self.value(parameter)) {
            None if parameter == "ua" => window().navigator().user_agent().ok().map(Cow::Owned),
            text => text,
        }
    }

    fn has(&self, parameter: &str) -> bool {
        self.value(parameter).is_truthy()
    }

    fn document(&self, parameter: &'static str, trace: &str) -> Option<JsJson> {
        let value = self.value(parameter);
        let mut latest = self.documents.latest.borrow_mut();
        if !latest.iter().any(|known| known.parameter == parameter && known.value == value) {
            let document = Document::decode(parameter, value)?;
            latest.retain(|other| other.parameter != parameter);
            latest.push(document);
        }
        latest.iter_mut().find(|known| known.parameter == parameter)?.json(trace)
    }
}

/// A value that `JSON.parse` returned.
#[derive(Debug, Clone)]
pub(crate) struct JsJson(JsValue);

impl Json<'static> for JsJson {
    fn property(&self, name: &str) -> Option<JsJson> {
        let name = JsValue::from_str(name);
        // Parsed JSON has no getters that throw and no undefined properties.
        let has_property =
            self.0.is_object() && Object::has_own(self.0.unchecked_ref::<Object>(), &name);
        has_property.then(|| Reflect::get(&self.0, &name).ok())?.map(JsJson)
    }

    fn length(&self) -> Option<usize> {
        self.0.dyn_ref::<Array>().map(|list| list.length() as usize)
    }

    fn element(&self, index: usize) -> Option<JsJson> {
        let list = self.0.dyn_ref::<Array>()?;
        Some(JsJson(list.get(u32::try_from(index).ok()?)))
    }

    fn text(&self) -> Option<Cow<'static, str>> {
        text(&self.0)
    }
}

/// An own property of the object. `None` if it is missing or if reading it throws.
fn own_property(object: &JsValue, name: &str) -> Option<JsValue> {
    if !object.is_object() {
        return None;
    }
    let name = JsValue::from_str(name);
    let value = Reflect::get(object, &name).ok().filter(|value| !value.is_undefined())?;
    let descriptor =
        Reflect::get_own_property_descriptor(object.unchecked_ref::<Object>(), &name).ok()?;
    descriptor.is_object().then_some(value)
}

/// The text of a string, a finite number or a boolean, as `String(value)` returns it.
fn text(value: &JsValue) -> Option<Cow<'static, str>> {
    if let Some(text) = value.as_string() {
        return Some(text.into());
    }
    let has_text = value.as_bool().is_some() || value.as_f64().is_some_and(f64::is_finite);
    has_text.then(|| text_of(value))?.map(Cow::Owned)
}

#[cfg(all(test, target_arch = "wasm32"))]
#[path = "tracked_event_tests.rs"]
mod tests;
