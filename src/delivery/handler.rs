//! One handler of the page, and which instances it wants.

use super::decode::Instance;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use js_sys::{Array, Function, RegExp};
use wasm_bindgen::prelude::*;

/// A function of the page, with what it wants to be called for.
#[derive(Debug)]
pub struct Handler {
    wanted: Wanted,
    handle: Function,
}

#[derive(Debug)]
enum Wanted {
    Everything,
    Names(Vec<String>),
    Pattern(RegExp),
    Predicate(Function),
}

#[wasm_bindgen]
extern "C" {
    type MatchingHandler;

    #[wasm_bindgen(method, getter, js_name = match)]
    fn wanted(this: &MatchingHandler) -> JsValue;

    #[wasm_bindgen(method, getter)]
    fn handle(this: &MatchingHandler) -> JsValue;
}

impl Handler {
    /// Reads a function, or `{match, handle}`.
    ///
    /// # Errors
    ///
    /// What is wrong, to be shown after the name of the field that held `value`.
    pub fn read(value: &JsValue) -> Result<Handler, &'static str> {
        if let Some(handle) = value.dyn_ref::<Function>() {
            return Ok(Handler { wanted: Wanted::Everything, handle: handle.clone() });
        }
        if !value.is_object() {
            return Err(" must be a function or {match, handle}");
        }
        let matching: &MatchingHandler = value.unchecked_ref();
        let handle = matching.handle().dyn_into().map_err(|_| ".handle must be a function")?;
        Ok(Handler { wanted: Wanted::read(matching.wanted())?, handle })
    }

    /// Whether it wants this instance.
    ///
    /// # Errors
    ///
    /// Whatever a predicate of the page throws.
    pub fn wants(&self, instance: &Instance) -> Result<bool, JsValue> {
        match &self.wanted {
            Wanted::Everything => Ok(true),
            Wanted::Names(names) => Ok(names.contains(&instance.name())),
            Wanted::Pattern(pattern) => Ok(instance.search(pattern)? >= 0),
            Wanted::Predicate(predicate) => {
                Ok(predicate.call1(&JsValue::UNDEFINED, instance)?.is_truthy())
            }
        }
    }

    /// The function itself, by which it is told apart from other handlers.
    pub fn function(&self) -> &Function {
        &self.handle
    }

    /// Calls it. `tracker` is undefined on pages without one.
    ///
    /// # Errors
    ///
    /// Whatever it throws.
    pub fn handle(&self, instance: &Instance, tracker: &JsValue) -> Result<JsValue, JsValue> {
        self.handle.call2(&JsValue::UNDEFINED, instance, tracker)
    }
}

impl Wanted {
    fn read(value: JsValue) -> Result<Wanted, &'static str> {
        const EXPECTED: &str =
            ".match must be a name, a list of names, a regular expression or a function";
        if let Some(name) = value.as_string() {
            return Ok(Wanted::Names(vec![name]));
        }
        if let Some(names) = value.dyn_ref::<Array>() {
            let names: Option<_> = names.iter().map(|name| name.as_string()).collect();
            return names.map(Wanted::Names).ok_or(EXPECTED);
        }
        if let Some(predicate) = value.dyn_ref::<Function>() {
            return Ok(Wanted::Predicate(predicate.clone()));
        }
        value.dyn_into().map(Wanted::Pattern).map_err(|_| EXPECTED)
    }
}
