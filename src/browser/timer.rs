//! A timer that is cancelled when it is dropped.

use super::callback::Callback;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // Handles are whatever the page's `setTimeout` gives: clocks that stand in for the browser's in tests give large numbers
    // or objects.
    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(function: &JsValue, delay_ms: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(handle: &JsValue);
}

/// A function to be called once, later.
#[must_use = "dropping a timer cancels it"]
pub struct Timer {
    handle: JsValue,
    _callback: Callback,
}

impl Timer {
    /// Calls `function` after `delay_ms` milliseconds.
    pub fn start(delay_ms: u32, function: impl Fn() + 'static) -> Timer {
        let callback = Callback::new(move |_| function());
        Timer { handle: set_timeout(callback.as_js(), delay_ms), _callback: callback }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.handle);
    }
}
