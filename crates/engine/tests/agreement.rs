//! The engine gives the same results in WebAssembly and natively. `scripts/test-agreement.mjs` first runs the example `replay` natively
//! and passes the path of its output in `NATIVE_REPLAY`.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

#[path = "../examples/replay/history.rs"]
mod history;

use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn a_long_history_comes_out_as_it_does_natively() {
    let native: Vec<&str> = include_str!(env!("NATIVE_REPLAY")).lines().collect();
    let replayed = history::replay();
    let here: Vec<&str> = replayed.lines().collect();
    assert!(native.len() > 100, "the history is eventful");
    assert_eq!(here.len(), native.len());
    for (number, (here, native)) in here.iter().zip(&native).enumerate() {
        assert_eq!(here, native, "line {number}");
    }
}
