//! From the data of a frame to an instance, and what to say about frames that are none.

use crate::browser::json::parse_json;
use alloc::string::String;
use js_sys::RegExp;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An intervention instance as the page's handlers get it: the parsed frame, with unknown fields kept.
    #[derive(Clone)]
    pub type Instance;

    #[wasm_bindgen(method, getter, js_name = name)]
    fn name_value(this: &Instance) -> JsValue;

    #[wasm_bindgen(method, getter)]
    fn intervention_id(this: &Instance) -> JsValue;

    /// Version of the rule.
    #[wasm_bindgen(method, getter)]
    pub fn version(this: &Instance) -> JsValue;

    /// Attribute values; an object.
    #[wasm_bindgen(method, getter)]
    pub fn attributes(this: &Instance) -> JsValue;

    #[wasm_bindgen(method, setter)]
    fn set_attributes(this: &Instance, attributes: &js_sys::Object);

    /// Whom it is for.
    #[wasm_bindgen(method, getter)]
    pub fn target_attribute_key(this: &Instance) -> JsValue;

    type Name;
    #[wasm_bindgen(method, catch)]
    fn search(this: &Name, pattern: &RegExp) -> Result<i32, JsValue>;
}

impl Instance {
    /// Name of the intervention. Decoding made sure that it is a string.
    pub fn name(&self) -> String {
        self.name_value().as_string().unwrap_or_default()
    }

    /// Where in the name `pattern` matches first; -1 for nowhere. Begins at the start of the name, also when an earlier match of
    /// a pattern with the flag `g` or `y` ended elsewhere.
    ///
    /// # Errors
    ///
    /// What a frozen pattern with such a flag throws, or one of the page's own making.
    pub fn search(&self, pattern: &RegExp) -> Result<i32, JsValue> {
        self.name_value().unchecked_ref::<Name>().search(pattern)
    }

    /// Unique id, if it has one.
    pub fn id(&self) -> Option<String> {
        self.intervention_id().as_string().filter(|id| !id.is_empty())
    }

    /// The id as it was sent.
    pub fn raw_id(&self) -> JsValue {
        self.intervention_id()
    }
}

/// Why a frame is no instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Its data is not JSON.
    NotJson,
    /// Its data is JSON, but no object.
    NotAnObject,
    /// The object has no name, or one that is not a string.
    NoName,
}

impl Malformed {
    /// The reason, to be shown after "because".
    pub fn reason(self) -> &'static str {
        match self {
            Malformed::NotJson => "it is not JSON",
            Malformed::NotAnObject => "it is not an object",
            Malformed::NoName => "`name` is missing or not a string",
        }
    }
}

/// Reads the data of a frame, or an instance that was parsed elsewhere. Missing `attributes` become an empty object.
///
/// # Errors
///
/// [`Malformed`] when it is no instance.
pub fn decode(data: &JsValue) -> Result<Instance, Malformed> {
    let value = match data.is_string() {
        true => parse_json(data).map_err(|_| Malformed::NotJson)?,
        false => data.clone(),
    };
    if !value.is_object() || value.is_array() {
        return Err(Malformed::NotAnObject);
    }
    let instance: Instance = value.unchecked_into();
    if !instance.name_value().is_string() {
        return Err(Malformed::NoName);
    }
    if instance.attributes().is_null_or_undefined() {
        instance.set_attributes(&js_sys::Object::new());
    }
    Ok(instance)
}

/// Counts malformed frames, so that each kind is reported once and no page is flooded.
#[derive(Debug, Default)]
pub struct MalformedFrames {
    counts: [u32; 3],
}

impl MalformedFrames {
    /// Counts one; true if it is the first of its kind and ought to be reported.
    pub fn count(&mut self, malformed: Malformed) -> bool {
        let count = &mut self.counts[malformed as usize];
        *count += 1;
        *count == 1
    }

    /// How many there were of all kinds.
    pub fn total(&self) -> u32 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_garbage_is_reported_once_and_counted_always() {
        let mut frames = MalformedFrames::default();
        assert!(frames.count(Malformed::NotJson));
        assert!(!frames.count(Malformed::NotJson));
        assert!(frames.count(Malformed::NoName));
        assert!(frames.count(Malformed::NotAnObject));
        assert!(!frames.count(Malformed::NoName));
        assert_eq!(frames.total(), 5);
    }

    #[test]
    fn reasons_say_what_is_wrong() {
        assert_eq!(Malformed::NoName.reason(), "`name` is missing or not a string");
    }
}
