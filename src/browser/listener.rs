//! Listeners that stop listening when they are dropped.

use super::callback::Callback;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Whatever sends events.
    #[derive(Clone)]
    pub type EventTarget;

    #[wasm_bindgen(method, js_name = addEventListener)]
    fn add_event_listener(this: &EventTarget, event: &str, listener: &JsValue);
    #[wasm_bindgen(method, js_name = removeEventListener)]
    fn remove_event_listener(this: &EventTarget, event: &str, listener: &JsValue);
}

/// One listener for one kind of event.
#[must_use = "dropping it stops the listening"]
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    callback: Callback,
}

impl Listener {
    /// Calls `function` with every `event` of `target` from now on.
    pub fn new(
        target: &EventTarget,
        event: &'static str,
        function: impl Fn(JsValue) + 'static,
    ) -> Listener {
        let callback = Callback::new(function);
        target.add_event_listener(event, callback.as_js());
        Listener { target: target.clone(), event, callback }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.target.remove_event_listener(self.event, self.callback.as_js());
    }
}
