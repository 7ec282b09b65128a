//! Ends requests of the browser that are under way.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An `AbortController`.
    #[derive(Clone)]
    pub type AbortController;

    /// One that nothing listens to yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> AbortController;

    /// What the request is given.
    #[wasm_bindgen(method, getter)]
    pub fn signal(this: &AbortController) -> JsValue;

    /// Ends the request.
    #[wasm_bindgen(method)]
    pub fn abort(this: &AbortController);
}
