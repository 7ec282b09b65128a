//! Learns the HTTP status of a request that an `EventSource` was refused, which it does not tell itself.

use crate::browser::abort::AbortController;
use crate::browser::object::set;
use crate::browser::promise::when_settled;
use js_sys::Object;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type Response;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Response) -> u16;

    fn fetch(url: &str, options: &Object) -> JsValue;
}

/// A `fetch` that is ended as soon as the headers of its answer are there.
///
/// Like the request of an `EventSource` it needs no preflight. Where CORS hides the answer, nothing is learnt.
#[must_use = "dropping a probe aborts it"]
pub struct Probe {
    controller: AbortController,
}

impl Probe {
    /// Requests `url` and reports the status, unless there is none.
    ///
    /// A server that has just recovered answers with a stream, and what it sends there is lost. So `url` must not ask for
    /// anybody's interventions.
    pub fn start(url: &str, report: impl Fn(u16) + 'static) -> Probe {
        let controller = AbortController::new();
        let options = Object::new();
        set(&options, "signal", &controller.signal());
        set(&options, "cache", &"no-store".into());
        let answered = controller.clone();
        let _ = when_settled(&fetch(url, &options), move |response| {
            if let Ok(response) = response {
                answered.abort();
                report(response.unchecked_into::<Response>().status());
            }
        });
        Probe { controller }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.controller.abort();
    }
}
