//! Waiting for promises of the page.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type Thenable;

    #[wasm_bindgen(method, getter)]
    fn then(this: &Thenable) -> JsValue;

    #[wasm_bindgen(method, catch, js_name = then)]
    fn settle(this: &Thenable, resolved: &JsValue, rejected: &JsValue) -> Result<JsValue, JsValue>;
}

/// Whether `await` would wait for it.
pub fn is_thenable(value: &JsValue) -> bool {
    value.is_object() && value.unchecked_ref::<Thenable>().then().is_function()
}

/// Calls `settled` with the outcome. Should it never settle, the garbage collector frees the callbacks.
///
/// # Errors
///
/// Whatever its `then` throws.
pub fn when_settled(
    thenable: &JsValue,
    settled: impl FnOnce(Result<JsValue, JsValue>) + Clone + 'static,
) -> Result<(), JsValue> {
    let rejected = settled.clone();
    thenable.unchecked_ref::<Thenable>().settle(
        &Closure::once_into_js(move |value: JsValue| settled(Ok(value))),
        &Closure::once_into_js(move |error: JsValue| rejected(Err(error))),
    )?;
    Ok(())
}
