//! The parts of a Snowplow tracker that the plugin touches.

use super::object::set;
use alloc::string::String;
use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A `BrowserTracker`.
    #[derive(Clone)]
    pub type Tracker;

    /// First argument of `newTracker`.
    #[wasm_bindgen(method, getter)]
    pub fn id(this: &Tracker) -> String;

    /// The `tna` of the tracker's events. Equals the id except in multi-tracker set-ups of the tag-based tracker.
    #[wasm_bindgen(method, getter)]
    pub fn namespace(this: &Tracker) -> Option<String>;

    /// What really tracks.
    #[wasm_bindgen(method, getter)]
    pub fn core(this: &Tracker) -> TrackerCore;

    #[wasm_bindgen(method, catch, js_name = getDomainUserInfo)]
    fn domain_user_info(this: &Tracker) -> Result<Array, JsValue>;

    /// A `TrackerCore`.
    #[derive(PartialEq)]
    pub type TrackerCore;

    /// Tracks an event with entities.
    ///
    /// # Errors
    ///
    /// Whatever the tracker throws.
    #[wasm_bindgen(method, catch)]
    pub fn track(this: &TrackerCore, event: &JsValue, entities: &Array)
    -> Result<JsValue, JsValue>;

    /// Makes of `{schema, data}` an event for [`TrackerCore::track`].
    #[derive(Clone)]
    #[wasm_bindgen(extends = js_sys::Function)]
    pub type EventBuilder;

    /// An event in the tracker protocol, as trackers show it to plugins.
    pub type Payload;

    /// A field by its tracker-protocol name.
    #[wasm_bindgen(method, indexing_getter)]
    pub fn field(this: &Payload, name: &JsValue) -> JsValue;

    /// Name of the tracker that sent it.
    #[wasm_bindgen(method, getter, js_name = tna)]
    pub fn tracker_name(this: &Payload) -> JsValue;
}

/// Whether what looks like a tracker is a client of a page without one: `js/client.ts` gives them ids of this form.
pub fn is_client(tracker_id: &str) -> bool {
    tracker_id.starts_with("client:")
}

/// Positions in what `getDomainUserInfo` answers.
const DOMAIN_USERID_POSITION: u32 = 1;
const DOMAIN_SESSIONID_POSITION: u32 = 6;

impl Tracker {
    /// What the tracker knows about its user before it has sent anything, in the form of an event.
    pub fn known_ids(&self) -> Payload {
        let ids = Object::new();
        if let Ok(info) = self.domain_user_info() {
            let user = info.get(DOMAIN_USERID_POSITION);
            // An anonymous tracker answers with a session that it makes up for each page. If there is one to follow, its events
            // tell.
            if user.is_truthy() {
                set(&ids, "duid", &user);
                set(&ids, "sid", &info.get(DOMAIN_SESSIONID_POSITION));
            }
        }
        ids.unchecked_into()
    }
}
