//! Tests of the plugin in a real browser, with real event streams from a scripted server. `scripts/test-wasm.mjs` runs both.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod connection;
mod delivery;
mod keys;
mod page;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
