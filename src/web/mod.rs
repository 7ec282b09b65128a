//! The browser, as far as web-sys and gloo leave something to be said.

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

// js-sys has these only for texts that are in Rust, and for conversions that do not throw.
#[wasm_bindgen]
extern "C" {
    /// What `JSON.parse` makes of a text that is in JavaScript already.
    ///
    /// # Errors
    ///
    /// A `SyntaxError` when it is no JSON.
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    pub(crate) fn parse_json(text: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = String)]
    fn string(value: &JsValue) -> Result<JsValue, JsValue>;
}

/// The window of the page.
pub(crate) fn window() -> Window {
    WINDOW.with(Window::clone)
}

/// Milliseconds since the page started, with their fraction. They never go back.
pub(crate) fn now() -> f64 {
    PERFORMANCE.with(Performance::now)
}

/// Whole milliseconds since the page started.
pub(crate) fn now_ms() -> u64 {
    now() as u64
}

/// What survives a reload of the page in the same tab. Pages may not be allowed to have it.
pub(crate) fn session_storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// A JavaScript value that serde hands through as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Preserved(#[serde(with = "serde_wasm_bindgen::preserve")] pub(crate) JsValue);

impl Preserved {
    /// A text that JavaScript is to have.
    pub(crate) fn text(text: String) -> Preserved {
        Preserved(text.into())
    }
}

/// The JavaScript value that `JSON.parse` would make of what serde writes.
pub(crate) fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_throw()
}

/// Names and values of an object's own properties. A value is an error where a getter throws.
pub(crate) fn entries(object: &JsValue) -> Vec<(String, Result<JsValue, JsValue>)> {
    let mut entries = Vec::new();
    for key in Object::keys(object.unchecked_ref::<Object>()) {
        entries.push((key.as_string().unwrap_or_default(), Reflect::get(object, &key)));
    }
    entries
}

/// What `String(value)` gives, unless that throws.
pub(crate) fn text_of(value: &JsValue) -> Option<String> {
    string(value).ok()?.as_string()
}

/// Whether `await` would wait for it.
///
/// # Errors
///
/// Whatever it throws on being asked, with which `await` would reject.
pub(crate) fn is_thenable(value: &JsValue) -> Result<bool, JsValue> {
    Ok(value.is_object() && Reflect::get(value, &"then".into())?.is_function())
}

/// Calls `settled` with the outcome of a promise, or of anything else that can be awaited.
///
/// Should it never settle, the garbage collector frees the callbacks.
pub(crate) fn when_settled(
    promise: &JsValue,
    settled: impl Fn(Result<JsValue, JsValue>) + Clone + 'static,
) {
    let rejected = settled.clone();
    let resolved = function(move |value| settled(Ok(value)));
    let rejected = function(move |error| rejected(Err(error)));
    then(&Promise::resolve(promise), &resolved, &rejected);
}

/// `promise.then(resolved, rejected)`. That of js-sys borrows closures, which somebody would have to keep until it settles.
pub(crate) fn then(promise: &Promise, resolved: &JsValue, rejected: &JsValue) {
    let then: Function = Reflect::get(promise, &"then".into()).unwrap_or_default().unchecked_into();
    drop(then.call2(promise, resolved, rejected));
}

/// A function that JavaScript may call as long as it likes: the garbage collector frees it.
pub(crate) fn function(work: impl FnMut(JsValue) + 'static) -> Function {
    Closure::<dyn FnMut(JsValue)>::new(work).into_js_value().unchecked_into()
}
