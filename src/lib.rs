//! The part of the browser plugin that runs in WebAssembly.

#![allow(missing_docs, reason = "outline: the page's calls are accepted and not yet acted on")]

use wasm_bindgen::prelude::*;

/// One page's trackers, handlers and streams.
#[wasm_bindgen]
pub struct Page {}

#[wasm_bindgen]
impl Page {
    #[wasm_bindgen(constructor)]
    pub fn new(_build: js_sys::Function) -> Page {
        Page {}
    }
    #[wasm_bindgen(js_name = setLogger)]
    pub fn set_logger(&self, _logger: JsValue) {}
    pub fn activate(&self, _tracker: JsValue, _options: JsValue) {}
    pub fn deactivate(&self, _core: JsValue) {}
    #[wasm_bindgen(js_name = afterTrack)]
    pub fn after_track(&self, _payload: JsValue) {}
    pub fn subscribe(&self, _config: JsValue, _ids: JsValue) {}
    pub fn unsubscribe(&self, _ids: JsValue) {}
    #[wasm_bindgen(js_name = addHandlers)]
    pub fn add_handlers(&self, _handlers: JsValue, _ids: JsValue) {}
    #[wasm_bindgen(js_name = removeHandlers)]
    pub fn remove_handlers(&self, _handlers: JsValue, _ids: JsValue) {}
    #[wasm_bindgen(js_name = addConnectionListener)]
    pub fn add_connection_listener(&self, _listener: JsValue, _ids: JsValue) {}
    #[wasm_bindgen(js_name = removeConnectionListener)]
    pub fn remove_connection_listener(&self, _listener: JsValue) {}
}
