use std::borrow::Cow;
use std::cell::OnceCell;

use super::json::Json;
use crate::base64;
use crate::text::repair_json;

/// A tracked event, as far as ids are looked for in it.
pub trait Event<'e> {
    /// The JSON inside it.
    type Json: Json<'e>;

    /// The text of a parameter of the tracker protocol: a string as it is, a number or a boolean as JavaScript's `String(value)` writes
    /// it; `None` for everything else.
    ///
    /// For `ua` this may be the browser's own, which trackers leave to the request's header.
    fn field(&self, parameter: &str) -> Option<Cow<'e, str>>;

    /// Whether a parameter has a text that is not empty. Say it without copying that, where it may be long.
    fn has(&self, parameter: &str) -> bool {
        self.field(parameter).is_some_and(|text| !text.is_empty())
    }

    /// The JSON in one of the parameters [`co`, `cx`, `ue_pr` and `ue_px`](Document); `None` where its text does not
    /// [hold](Document::json) `trace`.
    fn document(&self, parameter: &'static str, trace: &str) -> Option<Self::Json>;
}

/// The JSON text in a parameter of an event: decoded once, and parsed once if ever.
///
/// Keep it as long as the parameter's value stays the same: events that follow each other often carry the same entities.
///
/// ```
/// use serde_json::Value;
/// use signals_wire::ids::Document;
///
/// let document = Document::decode("cx", "eyJhIjoxfQ==");
/// let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
/// assert_eq!(document.json("b", parse), None, "was not even parsed");
/// assert_eq!(document.json("a", parse).unwrap()["a"], 1);
/// ```
#[derive(Debug, Clone)]
pub struct Document<J> {
    text: String,
    json: OnceCell<Option<J>>,
}

impl<J> Document<J> {
    /// The document that `parameter` brings: base64 in `cx` and `ue_px`, plain JSON in `co` and `ue_pr`.
    pub fn decode(parameter: &str, value: &str) -> Self {
        let text = match parameter {
            "cx" | "ue_px" => base64::decode_text(value).unwrap_or_default(),
            _ => value.to_owned(),
        };
        Self { text, json: OnceCell::new() }
    }

    /// The parsed JSON, if its text can hold `trace`, a text without anything that JSON would escape. `parse` is called once, or a second
    /// time with a [repaired](repair_json) text if it cannot read the first.
    pub fn json(&self, trace: &str, parse: impl Fn(&str) -> Option<J>) -> Option<&J> {
        // Any letter may be written as an escape.
        if !self.text.contains(trace) && !self.text.contains("\\u") {
            return None;
        }
        let json = self
            .json
            .get_or_init(|| parse(&self.text).or_else(|| parse(&repair_json(&self.text)?)));
        json.as_ref()
    }
}
