//! Turns the data of a frame into an intervention, or into the reason why it is not one.

use crate::web::{Preserved, parse_json};
use js_sys::{Array, Object, Reflect};
use signals_wire::InterventionInstance;
use std::fmt::{self, Display, Formatter};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// One intervention.
#[derive(Debug, Clone)]
pub(crate) struct Intervention {
    /// The object that `JSON.parse` made, including unknown fields. Handlers receive it.
    js: JsValue,
    /// The fields that the plugin reads.
    read: Rc<InterventionInstance<String, Preserved, Preserved>>,
}

impl Intervention {
    /// Parses the data of a frame.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] if the data is not an intervention.
    pub(crate) fn parse(data: &JsValue) -> Result<Intervention, Malformed> {
        Intervention::read(parse_json(data).map_err(|_| Malformed::NotJson)?)
    }

    /// Reads a parsed intervention. Missing `attributes` become an empty object.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] if the object is not an intervention.
    pub(crate) fn read(js: JsValue) -> Result<Intervention, Malformed> {
        if !js.is_object() || Array::is_array(&js) {
            return Err(Malformed::NotAnObject);
        }
        let mut read: InterventionInstance<String, Preserved, Preserved> =
            serde_wasm_bindgen::from_value(js.clone()).map_err(|_| Malformed::NoName)?;
        if read.attributes.0.is_null_or_undefined() {
            read.attributes = Preserved(Object::new().into());
            // Fails if the page froze the object.
            let _ = Reflect::set(&js, &"attributes".into(), &read.attributes.0);
        }
        Ok(Intervention { js, read: Rc::new(read) })
    }

    /// The object that handlers receive.
    pub(crate) fn js(&self) -> &JsValue {
        &self.js
    }

    /// The unique id, if the intervention has one.
    pub(crate) fn id(&self) -> Option<&str> {
        self.read.intervention_id.as_deref().filter(|id| !id.is_empty())
    }

    pub(crate) fn name(&self) -> &str {
        &self.read.name
    }

    pub(crate) fn version(&self) -> Option<u64> {
        self.read.version
    }

    pub(crate) fn attributes(&self) -> &JsValue {
        &self.read.attributes.0
    }

    /// The attribute key and id that the intervention is for.
    pub(crate) fn target(&self) -> Option<&Preserved> {
        self.read.target_attribute_key.as_ref()
    }
}

/// Why a frame is not an intervention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// The data is not JSON.
    NotJson,
    /// The JSON is not an object.
    NotAnObject,
    /// The object has no `name`, or one that is not a string.
    NoName,
}

/// The reason, as the end of a sentence after "because".
impl Display for Malformed {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Malformed::NotJson => "it is not JSON",
            Malformed::NotAnObject => "it is not an object",
            Malformed::NoName => "`name` is missing or not a string",
        })
    }
}

/// The kinds of malformed frames so far. The plugin reports each kind once, so that it does not flood the console.
#[derive(Debug, Default)]
pub(crate) struct MalformedFrames {
    known: Vec<Malformed>,
}

impl MalformedFrames {
    /// Whether this is the first frame of its kind, which the plugin reports.
    pub(crate) fn is_first(&mut self, malformed: Malformed) -> bool {
        let is_first = !self.known.contains(&malformed);
        if is_first {
            self.known.push(malformed);
        }
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_garbage_is_reported_once() {
        let mut frames = MalformedFrames::default();
        assert!(frames.is_first(Malformed::NotJson));
        assert!(!frames.is_first(Malformed::NotJson));
        assert!(frames.is_first(Malformed::NoName));
        assert!(frames.is_first(Malformed::NotAnObject));
        assert!(!frames.is_first(Malformed::NoName));
    }

    #[test]
    fn what_is_read_has_the_fields_of_the_types_of_the_page() {
        let fields = crate::typescript::read::<InterventionInstance>();
        assert_eq!(fields, crate::typescript::interface("Intervention"));
    }

    #[test]
    fn reasons_say_what_is_wrong() {
        assert_eq!(Malformed::NoName.to_string(), "`name` is missing or not a string");
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
#[path = "intervention_tests.rs"]
mod browser_tests;
