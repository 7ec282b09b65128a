//! Reads ids out of tracked events. This runs for every event of the page, so it converts a value only when it has changed.

use crate::browser::snowplow::Payload;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use js_sys::Function;
use signals_wire::identifier::is_id;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Makes a [`Place`] of a JSON Pointer: `compilePointer` in `js/keys/pointer.ts`.
    #[derive(Clone)]
    #[wasm_bindgen(extends = js_sys::Function)]
    pub type PointerCompiler;
}

/// What a pointer leads to: a function that finds a string in a payload, or undefined.
pub type Place = Function;

/// Where to find the ids of one attribute key.
pub struct Target {
    /// Name of the attribute key.
    pub key: String,
    places: Vec<Place>,
    latest: RefCell<JsValue>,
}

impl Target {
    /// The first of `places` that yields an id will win.
    pub fn new(key: &str, places: &[Place]) -> Target {
        Target { key: key.to_owned(), places: places.to_vec(), latest: RefCell::default() }
    }

    /// The id in this event, if it differs from that in the last event which had one.
    pub fn changed_value(&self, payload: &Payload) -> Option<String> {
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
