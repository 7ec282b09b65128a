//! Making JavaScript objects.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// Sets a property of an object that was just made here, which cannot fail.
pub fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// `{schema, data}`.
pub fn self_describing(schema: &str, data: &Object) -> Object {
    let json = Object::new();
    set(&json, "schema", &JsValue::from_str(schema));
    set(&json, "data", data);
    json
}
