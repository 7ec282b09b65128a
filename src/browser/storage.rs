//! What survives a reload of the page in the same tab.

use alloc::string::String;
use wasm_bindgen::prelude::*;

// Both fail where storage is not allowed: mentioning it is enough to throw.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = sessionStorage, js_name = getItem)]
    fn get_item(key: &str) -> Result<Option<String>, JsValue>;
    #[wasm_bindgen(catch, js_namespace = sessionStorage, js_name = setItem)]
    fn set_item(key: &str, text: &str) -> Result<(), JsValue>;
}

/// Reads a text of this tracker from `sessionStorage`; empty where there is none, or where that is not allowed.
pub fn load(tracker_id: &str, name: &str) -> String {
    get_item(&key(tracker_id, name)).ok().flatten().unwrap_or_default()
}

/// Writes a text of this tracker to `sessionStorage`. Where that is full or not allowed, a reload resumes without it.
pub fn save(tracker_id: &str, name: &str, text: &str) {
    let _ = set_item(&key(tracker_id, name), text);
}

fn key(tracker_id: &str, name: &str) -> String {
    ["signalsInterventions.", tracker_id, ".", name].concat()
}
