//! The parts of a Snowplow tracker that the plugin touches, by the names that they have in the tracker's own types.

use crate::web::to_js;
use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A `BrowserTracker`.
    #[derive(Clone)]
    pub type BrowserTracker;

    /// First argument of `newTracker`.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn id(this: &BrowserTracker) -> String;

    /// The `tna` of the tracker's events. Equals the id except in multi-tracker set-ups of the tag-based tracker.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn namespace(this: &BrowserTracker) -> Option<String>;

    /// What really tracks.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn core(this: &BrowserTracker) -> TrackerCore;

    #[wasm_bindgen(method, catch, js_name = getDomainUserInfo)]
    fn domain_user_info(this: &BrowserTracker) -> Result<Array, JsValue>;

    /// A `TrackerCore`.
    #[derive(PartialEq)]
    pub type TrackerCore;

    /// Tracks an event with entities, or throws.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn track(
        this: &TrackerCore,
        event: &JsValue,
        entities: &Array,
    ) -> Result<JsValue, JsValue>;

    /// An event in the tracker protocol, as trackers show it to plugins.
    pub type Payload;

    /// Name of the tracker that sent it.
    #[wasm_bindgen(method, getter, js_name = tna)]
    pub(crate) fn tracker_name(this: &Payload) -> JsValue;
}

/// Positions in what `getDomainUserInfo` answers.
const DOMAIN_USERID_POSITION: u32 = 1;
const DOMAIN_SESSIONID_POSITION: u32 = 6;

#[derive(Serialize)]
struct KnownIds {
    duid: Option<String>,
    sid: Option<String>,
}

impl BrowserTracker {
    /// What the tracker knows about its user before it has sent anything, in the form of an event.
    pub(crate) fn known_ids(&self) -> Payload {
        let info = self.domain_user_info().unwrap_or_default();
        let duid = info.get(DOMAIN_USERID_POSITION).as_string().filter(|id| !id.is_empty());
        // An anonymous tracker answers with a session that it makes up for each page. If there is one to follow, its events
        // tell.
        let sid = duid.as_ref().and_then(|_| info.get(DOMAIN_SESSIONID_POSITION).as_string());
        to_js(&KnownIds { duid, sid }).unchecked_into()
    }
}
