//! Reads ids out of tracked events. This runs for every event of the page, so it converts a value only when it has changed.

use crate::web::snowplow::Payload;
use js_sys::Function;
use signals_wire::identifier::is_id;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// What a pointer leads to: a function that finds a string in a payload, or undefined.
pub(crate) type Place = Function;

/// Where to find the ids of one attribute key.
pub(crate) struct Target {
    /// Name of the attribute key.
    pub(crate) key: String,
    places: Vec<Place>,
    latest: RefCell<JsValue>,
}

impl Target {
    /// The first of `places` that yields an id will win.
    pub(crate) fn new(key: &str, places: &[Place]) -> Target {
        Target { key: key.to_owned(), places: places.to_vec(), latest: RefCell::default() }
    }

    /// The id in this event, if it differs from that in the last event which had one.
    pub(crate) fn changed_value(&self, payload: &Payload) -> Option<String> {
        for place in &self.places {
            let value = place.call1(&JsValue::UNDEFINED, payload).unwrap_or_default();
            if value.is_undefined() {
                continue;
            }
            if *self.latest.borrow() == value {
                return None;
            }
            if let Some(id) = value.as_string().filter(|id| is_id(id)) {
                *self.latest.borrow_mut() = value;
                return Some(id);
            }
        }
        None
    }
}
