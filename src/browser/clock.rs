//! Time and chance.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    /// Uniform in `0.0..1.0`.
    #[wasm_bindgen(js_namespace = Math)]
    pub fn random() -> f64;
}

/// Milliseconds since the page started; never goes back.
pub fn now_ms() -> u64 {
    performance_now() as u64
}

/// The same with its fraction, for measuring durations below a millisecond.
pub fn precise_now_ms() -> f64 {
    performance_now()
}
