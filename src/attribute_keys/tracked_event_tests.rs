//! The plugin and the server find the same ids: both run the same table of cases. `crates/wire/tests/ids.rs` and
//! `crates/engine/tests/ids.rs` run it natively.

use super::*;
use js_sys::{Function, JSON};
use signals_wire::ids::Pointer;
use wasm_bindgen_test::wasm_bindgen_test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const CASES: &str = include_str!("../../tests/fixtures/ids.json");

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

/// The payload that a tracker passes to plugins. JSON inside it is text.
fn payload(event: &JsValue) -> Payload {
    let to_text = Function::new_with_args(
        "event",
        "return Object.fromEntries(Object.entries(event).map(([name, value]) =>
            [name, /^(co|ue_pr)$/.test(name) && typeof value === 'object' ? JSON.stringify(value) : value]))",
    );
    to_text.call1(&JsValue::UNDEFINED, event).unwrap_or_default().unchecked_into()
}

#[wasm_bindgen_test]
fn the_page_finds_the_ids_of_the_table_that_it_shares_with_the_server() {
    let cases: Array = JSON::parse(CASES).unwrap_or_default().unchecked_into();
    assert!(cases.length() > 300);
    let documents = Documents::default();
    for case in cases.iter() {
        let pointer = get(&case, "pointer").as_string().unwrap_or_default();
        let payload = payload(&get(&case, "event"));
        let event = TrackedEvent { payload: &payload, documents: &documents };
        let found = Pointer::parse(&pointer).ok().and_then(|pointer| pointer.find(&event));
        assert_eq!(found.as_deref(), get(&case, "id").as_string().as_deref(), "{case:?}");
    }
}

#[wasm_bindgen_test]
fn what_a_hostile_payload_throws_is_as_good_as_no_id() {
    let hostile = Function::new_no_args(
        "return [
            new Proxy({}, { get() { throw 'get' }, getOwnPropertyDescriptor() { return { configurable: true, value: 1 } } }),
            { get duid() { throw 'getter' } },
            Object.create({ duid: 'inherited' }),
            { duid: Symbol('s') },
            { duid: { toString() { throw 'toString' } } },
        ]",
    );
    let payloads: Array = hostile.call0(&JsValue::UNDEFINED).unwrap_or_default().unchecked_into();
    assert_eq!(payloads.length(), 5);
    let pointer = Pointer::parse("/duid");
    for payload in payloads.iter() {
        let payload: Payload = payload.unchecked_into();
        let documents = Documents::default();
        let event = TrackedEvent { payload: &payload, documents: &documents };
        let found = pointer.as_ref().ok().and_then(|pointer| pointer.find(&event));
        assert_eq!(found, None);
    }
}
