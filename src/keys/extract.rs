//! Reads ids out of tracked events. This runs for every event of the page, so it only looks at the fields that matter and
//! converts them only when they have changed.

use super::pointer::Pointer;
use crate::browser::snowplow::Payload;
use crate::browser::text::id_text;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use wasm_bindgen::JsValue;

/// Where to find the ids of one attribute key.
pub struct Target {
    /// Name of the attribute key.
    pub key: String,
    fields: Vec<JsValue>,
    latest: RefCell<JsValue>,
}

impl Target {
    /// The first of `pointers` that yields a value will win.
    pub fn new(key: &str, pointers: &[Pointer]) -> Target {
        let fields = pointers.iter().map(|Pointer::Field(name)| JsValue::from_str(name)).collect();
        Target { key: key.to_owned(), fields, latest: RefCell::default() }
    }

    /// The value in this event, if it differs from that in the last event which had one.
    pub fn changed_value(&self, payload: &Payload) -> Option<String> {
        let value =
            self.fields.iter().map(|field| payload.field(field)).find(JsValue::is_truthy)?;
        if *self.latest.borrow() == value {
            return None;
        }
        let text = id_text(&value)?;
        *self.latest.borrow_mut() = value;
        Some(text)
    }
}
