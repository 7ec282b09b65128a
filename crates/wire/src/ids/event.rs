use std::borrow::Cow;
use std::cell::OnceCell;

use super::json::Json;
use crate::base64;
use crate::text::repair_json;

/// A tracked event in which ids can be found.
pub trait Event<'e> {
    /// The JSON inside it.
    type Json: Json<'e>;

    /// The text of a parameter of the tracker protocol: a string, or a number or boolean in the form of JavaScript's
    /// `String(value)`. `None` for everything else.
    ///
    /// For `ua`, this can be the browser's user agent, which trackers send only as a header.
    fn field(&self, parameter: &str) -> Option<Cow<'e, str>>;

    /// Whether a parameter has a text that is not empty. Override this to avoid copying a long text.
    fn has(&self, parameter: &str) -> bool {
        self.field(parameter).is_some_and(|text| !text.is_empty())
    }

    /// The JSON in one of the parameters [`co`, `cx`, `ue_pr` and `ue_px`](Document). `None` if its text does not
    /// [contain](Document::json) `trace`.
    fn document(&self, parameter: &'static str, trace: &str) -> Option<Self::Json>;
}

/// The JSON text in a parameter of an event. Decoded once, and parsed at most once.
///
/// Keep it while the parameter's value stays the same: successive events often have the same entities.
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
    /// Decodes the document in `parameter`: base64 in `cx` and `ue_px`, plain JSON in `co` and `ue_pr`.
    pub fn decode(parameter: &str, value: &str) -> Self {
        let text = match parameter {
            "cx" | "ue_px" => base64::decode_text(value).unwrap_or_default(),
            _ => value.to_owned(),
        };
        Self { text, json: OnceCell::new() }
    }

    /// The parsed JSON, if its text can contain `trace`, which must not contain characters that JSON escapes. `parse` is called once, and
    /// a second time with a [repaired](repair_json) text if the first call fails.
    pub fn json(&self, trace: &str, parse: impl Fn(&str) -> Option<J>) -> Option<&J> {
        // Any character can be written as an escape.
        if !self.text.contains(trace) && !self.text.contains("\\u") {
            return None;
        }
        let json = self
            .json
            .get_or_init(|| parse(&self.text).or_else(|| parse(&repair_json(&self.text)?)));
        json.as_ref()
    }
}
