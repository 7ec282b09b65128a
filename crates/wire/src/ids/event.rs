use std::borrow::Cow;

use super::json::Json;

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

    /// The JSON in one of the parameters `co`, `cx`, `ue_pr` and `ue_px`, of which two are [encoded](is_base64). A text that cannot be
    /// read as it is may be readable once it is [repaired](crate::text::repair_json).
    ///
    /// `None` also where the text cannot hold `trace`, a text without anything that JSON would escape: there is no need to parse it. Any
    /// letter may be written as an escape, so a text with `\\u` in it may hold everything.
    fn document(&self, parameter: &'static str, trace: &str) -> Option<Self::Json>;
}

/// Whether the JSON in `parameter` travels as base64: in `cx` and `ue_px` it does, in `co` and `ue_pr` it is a text as it is.
pub fn is_base64(parameter: &str) -> bool {
    matches!(parameter, "cx" | "ue_px")
}
