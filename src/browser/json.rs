//! JSON text as JavaScript values.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What `JSON.parse` makes of a text.
    ///
    /// # Errors
    ///
    /// A `SyntaxError` when it is no JSON.
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    pub fn parse_json(text: &JsValue) -> Result<JsValue, JsValue>;
}
