//! Waiting for promises of the page.

use super::callback::Callback;
use alloc::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type Thenable;

    #[wasm_bindgen(method, getter, catch)]
    fn then(this: &Thenable) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = then)]
    fn settle(this: &Thenable, resolved: &JsValue, rejected: &JsValue) -> Result<JsValue, JsValue>;
}

/// Whether `await` would wait for it.
///
/// # Errors
///
/// Whatever it throws on being asked, with which `await` would reject.
pub fn is_thenable(value: &JsValue) -> Result<bool, JsValue> {
    Ok(value.is_object() && value.unchecked_ref::<Thenable>().then()?.is_function())
}

/// Calls `settled` with the outcome. Should it never settle, the garbage collector frees the callbacks.
///
/// # Errors
///
/// Whatever its `then` throws.
pub fn when_settled(
    thenable: &JsValue,
    settled: impl Fn(Result<JsValue, JsValue>) + 'static,
) -> Result<(), JsValue> {
    let settled = Rc::new(settled);
    let rejected = Rc::clone(&settled);
    thenable.unchecked_ref::<Thenable>().settle(
        &Callback::new(move |value| settled(Ok(value))).into_js(),
        &Callback::new(move |error| rejected(Err(error))).into_js(),
    )?;
    Ok(())
}
