//! Reading and making JavaScript objects.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

/// Names and values of an object's own properties.
pub fn entries(object: &JsValue) -> impl Iterator<Item = (JsValue, JsValue)> {
    Object::entries(object.unchecked_ref()).into_iter().map(|entry| {
        let entry: Array = entry.unchecked_into();
        (entry.get(0), entry.get(1))
    })
}

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
