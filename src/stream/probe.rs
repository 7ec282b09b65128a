//! Learns the HTTP status of a request that an `EventSource` was refused, which it does not tell itself.

use crate::web::{when_settled, window};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, RequestCache, RequestInit, Response};

/// A `fetch` that is ended as soon as the headers of its answer are there.
///
/// Like the request of an `EventSource` it needs no preflight. Where CORS hides the answer, nothing is learnt.
#[must_use = "dropping a probe aborts it"]
pub(crate) struct Probe {
    controller: AbortController,
}

impl Probe {
    /// Requests `url` and reports the status, unless there is none.
    ///
    /// A server that has just recovered answers with a stream, and what it sends there is lost. So `url` must not ask for
    /// anybody's interventions.
    pub(crate) fn start(url: &str, report: impl Fn(u16) + Clone + 'static) -> Option<Probe> {
        let controller = AbortController::new().ok()?;
        let options = RequestInit::new();
        options.set_signal(Some(&controller.signal()));
        options.set_cache(RequestCache::NoStore);
        let answered = controller.clone();
        when_settled(&window().fetch_with_str_and_init(url, &options), move |response| {
            if let Ok(response) = response {
                answered.abort();
                report(response.unchecked_into::<Response>().status());
            }
        });
        Some(Probe { controller })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.controller.abort();
    }
}
