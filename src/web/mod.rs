//! Browser functions that web-sys and gloo lack.

pub(crate) mod lifecycle;
pub(crate) mod locks;
pub(crate) mod log;
pub(crate) mod scheduling;
pub(crate) mod snowplow;

use js_sys::{Function, Object, Promise, Reflect};
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;
use web_sys::{Performance, Storage, Window};

thread_local! {
    static WINDOW: Window = web_sys::window().unwrap_throw();
    static PERFORMANCE: Performance = window().performance().unwrap_throw();
}

// The js-sys versions copy strings from Rust, or do not catch exceptions.
#[wasm_bindgen]
extern "C" {
    /// Parses JSON text that is already in JavaScript.
    ///
    /// # Errors
    ///
    /// Returns a `SyntaxError` if the text is not JSON.
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    pub(crate) fn parse_json(text: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = String)]
    fn string(value: &JsValue) -> Result<JsValue, JsValue>;
}

pub(crate) fn window() -> Window {
    WINDOW.with(Window::clone)
}

/// Milliseconds since the page started, with fractions, from a monotonic clock.
pub(crate) fn now() -> f64 {
    PERFORMANCE.with(Performance::now)
}

/// Whole milliseconds since the page started.
pub(crate) fn now_ms() -> u64 {
    now() as u64
}

/// Storage that survives a reload in the same tab. `None` if the browser blocks it.
pub(crate) fn session_storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// A JavaScript value that serde passes through unchanged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Preserved(#[serde(with = "serde_wasm_bindgen::preserve")] pub(crate) JsValue);

impl Preserved {
    /// Converts a string to JavaScript.
    pub(crate) fn text(text: String) -> Preserved {
        Preserved(text.into())
    }
}

/// Converts a value to JavaScript, as if `JSON.parse` had read its JSON.
pub(crate) fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_throw()
}

/// The names and values of an object's own properties. A value is an error if its getter throws.
pub(crate) fn entries(object: &JsValue) -> Vec<(String, Result<JsValue, JsValue>)> {
    let mut entries = Vec::new();
    for key in Object::keys(object.unchecked_ref::<Object>()) {
        entries.push((key.as_string().unwrap_or_default(), Reflect::get(object, &key)));
    }
    entries
}

/// The result of `String(value)`. `None` if it throws.
pub(crate) fn text_of(value: &JsValue) -> Option<String> {
    string(value).ok()?.as_string()
}

/// Whether `await` would wait for the value.
///
/// # Errors
///
/// Returns the error if reading `then` throws. `await` would reject with it.
pub(crate) fn is_thenable(value: &JsValue) -> Result<bool, JsValue> {
    Ok(value.is_object() && Reflect::get(value, &"then".into())?.is_function())
}

/// Calls `settled` with the outcome of a promise or another awaitable value.
///
/// If the value never settles, the garbage collector frees the callbacks.
pub(crate) fn when_settled(
    promise: &JsValue,
    settled: impl Fn(Result<JsValue, JsValue>) + Clone + 'static,
) {
    let rejected = settled.clone();
    let resolved = function(move |value| settled(Ok(value)));
    let rejected = function(move |error| rejected(Err(error)));
    then(&Promise::resolve(promise), &resolved, &rejected);
}

/// `promise.then(resolved, rejected)`. The js-sys version borrows closures, which the caller would have to keep until the promise settles.
pub(crate) fn then(promise: &Promise, resolved: &JsValue, rejected: &JsValue) {
    let then: Function = Reflect::get(promise, &"then".into()).unwrap_or_default().unchecked_into();
    drop(then.call2(promise, resolved, rejected));
}

/// A function that JavaScript may keep and call. The garbage collector frees it.
pub(crate) fn function(work: impl FnMut(JsValue) + 'static) -> Function {
    Closure::<dyn FnMut(JsValue)>::new(work).into_js_value().unchecked_into()
}
