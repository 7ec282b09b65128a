//! JavaScript values as text.

use alloc::string::String;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = String)]
    fn to_string(value: &JsValue) -> Result<String, JsValue>;
}

/// What `String(value)` gives, unless that throws.
pub fn to_text(value: &JsValue) -> Option<String> {
    to_string(value).ok()
}

/// A number as people read it. The browser writes it, because Rust's own formatting is code to download.
pub fn number_text(number: u32) -> String {
    to_text(&number.into()).unwrap_or_default()
}

/// The text of a string or a number, as ids are written.
pub fn id_text(value: &JsValue) -> Option<String> {
    value.as_string().or_else(|| value.as_f64().and_then(|_| to_text(value)))
}
