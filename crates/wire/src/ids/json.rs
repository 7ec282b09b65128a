use std::borrow::Cow;

use serde_json::Value;

use crate::number::number_text;

/// A JSON value: from `serde_json` in the server, and from the browser in the plugin.
pub trait Json<'e>: Sized {
    /// A property of an object. `None` if there is none, or if this is not an object. In JavaScript, only own properties.
    fn property(&self, name: &str) -> Option<Self>;

    /// The number of elements of a list. `None` if this is not a list.
    fn length(&self) -> Option<usize>;

    /// An element of a list, counted from 0.
    fn element(&self, index: usize) -> Option<Self>;

    /// A string, `true`, `false`, or a finite number in the form of JavaScript's `String(number)`. `None` for everything else.
    fn text(&self) -> Option<Cow<'e, str>>;
}

impl<'e> Json<'e> for &'e Value {
    fn property(&self, name: &str) -> Option<Self> {
        self.as_object()?.get(name)
    }

    fn length(&self) -> Option<usize> {
        self.as_array().map(Vec::len)
    }

    fn element(&self, index: usize) -> Option<Self> {
        self.as_array()?.get(index)
    }

    fn text(&self) -> Option<Cow<'e, str>> {
        match self {
            Value::String(text) => Some(text.into()),
            Value::Bool(boolean) => Some(if *boolean { "true" } else { "false" }.into()),
            Value::Number(number) => number.as_f64().map(|number| number_text(number).into()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// Follows a path from a value to a text. A list of one element stands for its element, except where a step is a position in the
/// list.
///
/// ```
/// use serde_json::json;
/// use signals_wire::ids::follow;
///
/// let data = json!({"ids": [{"value": 7}]});
/// assert_eq!(follow(&data, &["ids", "value"]).as_deref(), Some("7"));
/// assert_eq!(follow(&data, &["ids", "0", "value"]).as_deref(), Some("7"));
/// assert_eq!(follow(&data, &["ids"]), None, "an object has no text");
/// ```
pub fn follow<'e, J: Json<'e>>(start: J, path: &[impl AsRef<str>]) -> Option<Cow<'e, str>> {
    let mut value = start;
    for name in path {
        value = step(value, name.as_ref())?;
    }
    while value.length() == Some(1) {
        value = value.element(0)?;
    }
    value.text()
}

fn step<'e, J: Json<'e>>(start: J, name: &str) -> Option<J> {
    let mut value = start;
    while let Some(length) = value.length() {
        match position(name).filter(|index| *index < length) {
            Some(index) => return value.element(index),
            None if length == 1 => value = value.element(0)?,
            None => return None,
        }
    }
    value.property(name)
}

/// The position in a list of a step of a JSON Pointer: digits without a leading zero.
pub(super) fn position(name: &str) -> Option<usize> {
    let is_plain = name == "0" || !name.starts_with(['0', '+']);
    let position: u64 = name.parse().ok().filter(|_| is_plain)?;
    usize::try_from(position).ok()
}
