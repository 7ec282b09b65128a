//! The parts of a Snowplow tracker that the plugin uses, with the names of the tracker's own types.

use crate::web::to_js;
use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A `BrowserTracker`.
    #[derive(Clone)]
    pub type BrowserTracker;

    /// The first argument of `newTracker`.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn id(this: &BrowserTracker) -> String;

    /// The `tna` of the tracker's events. It equals the id, except if the tag-based tracker runs several trackers.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn namespace(this: &BrowserTracker) -> Option<String>;

    /// The core, which tracks events.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn core(this: &BrowserTracker) -> TrackerCore;

    #[wasm_bindgen(method, catch, js_name = getDomainUserInfo)]
    fn domain_user_info(this: &BrowserTracker) -> Result<Array, JsValue>;

    /// A `TrackerCore`.
    #[derive(PartialEq)]
    pub type TrackerCore;

    /// Tracks an event with entities. Returns the error if the tracker throws.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn track(
        this: &TrackerCore,
        event: &JsValue,
        entities: &Array,
    ) -> Result<JsValue, JsValue>;

    /// An event in the tracker protocol, as trackers pass it to plugins.
    pub type Payload;

    /// The name of the tracker that sent it.
    #[wasm_bindgen(method, getter, js_name = tna)]
    pub(crate) fn tracker_name(this: &Payload) -> JsValue;
}

/// Positions in the array that `getDomainUserInfo` returns.
const DOMAIN_USERID_POSITION: u32 = 1;
const DOMAIN_SESSIONID_POSITION: u32 = 6;

#[derive(Serialize)]
struct KnownIds {
    duid: Option<String>,
    sid: Option<String>,
}

impl BrowserTracker {
    /// The ids that the tracker knows before its first event, in the form of an event.
    pub(crate) fn known_ids(&self) -> Payload {
        let info = self.domain_user_info().unwrap_or_default();
        let duid = info.get(DOMAIN_USERID_POSITION).as_string().filter(|id| !id.is_empty());
        // An anonymous tracker returns a session id that it makes up for each page. If a session id continues between pages, events contain
        // it.
        let sid = duid.as_ref().and_then(|_| info.get(DOMAIN_SESSIONID_POSITION).as_string());
        to_js(&KnownIds { duid, sid }).unchecked_into()
    }
}
