use std::borrow::Cow;

use super::json::Json;

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

    /// The JSON in one of the parameters `co`, `cx`, `ue_pr` and `ue_px`. Two of them are [encoded](is_base64). If the text is no
    /// JSON, [repair](crate::text::repair_json) it and try again.
    ///
    /// `None` also if the text cannot contain `trace`, which spares parsing it. `trace` has no character that JSON escapes. A text
    /// with `\\u` can contain anything, because any character can be written as an escape.
    fn document(&self, parameter: &'static str, trace: &str) -> Option<Self::Json>;
}

/// Whether the JSON in `parameter` is encoded as base64: yes in `cx` and `ue_px`, no in `co` and `ue_pr`.
pub fn is_base64(parameter: &str) -> bool {
    matches!(parameter, "cx" | "ue_px")
}
