//! Tracked events and the JSON in them, as [`signals_wire::ids`] reads them.

use crate::web::snowplow::Payload;
use crate::web::{text_of, window};
use js_sys::{Array, JSON, Object, Reflect};
use signals_wire::ids::{Document, Event, Json};
use std::borrow::Cow;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// The latest JSON of each field: events that follow each other often carry the same entities.
#[derive(Default)]
pub(crate) struct Documents {
    latest: RefCell<Vec<(&'static str, JsValue, Document<JsJson>)>>,
}

/// An event that a tracker has tracked.
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
        let known =
            latest.iter().position(|(known, kept, _)| *known == parameter && *kept == value);
        let index = match known {
            Some(index) => index,
            None => {
                let document = Document::decode(parameter, &value.as_string()?);
                latest.retain(|(other, ..)| *other != parameter);
                latest.push((parameter, value, document));
                latest.len() - 1
            }
        };
        let (_, _, document) = latest.get(index)?;
        document.json(trace, |text| JSON::parse(text).ok().map(JsJson)).cloned()
    }
}

/// What `JSON.parse` made.
#[derive(Debug, Clone)]
pub(crate) struct JsJson(JsValue);

impl Json<'static> for JsJson {
    fn property(&self, name: &str) -> Option<JsJson> {
        own_property(&self.0, name).map(JsJson)
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

/// A property of the object itself, as JSON has them; `None` also where asking for it throws.
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

/// The text of a string, of a finite number or of a boolean, as `String(value)` writes it.
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
