//! JavaScript values as text.

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

/// The text of a string or a number, as ids are written.
pub fn id_text(value: &JsValue) -> Option<String> {
    value.as_string().or_else(|| value.as_f64().and_then(|_| to_text(value)))
}
