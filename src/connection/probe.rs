//! Learns the HTTP status of a request that an `EventSource` was refused, which it does not tell itself.

use crate::browser::promise::when_settled;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, RequestCache, RequestCredentials, RequestInit, Response};

/// A `fetch` of the same URL, ended as soon as its headers are there.
///
/// Like the request of an `EventSource` it needs no preflight. Where CORS hides the answer, nothing is learnt.
#[must_use = "dropping a probe aborts it"]
pub struct Probe {
    controller: AbortController,
}

impl Probe {
    /// Requests `url` and reports the status, unless there is none. `None` where the browser lacks what it takes.
    pub fn start(url: &str, report: impl Fn(u16) + 'static) -> Option<Probe> {
        let controller = AbortController::new().ok()?;
        let init = RequestInit::new();
        init.set_signal(Some(&controller.signal()));
        init.set_cache(RequestCache::NoStore);
        init.set_credentials(RequestCredentials::SameOrigin);
        let answer = web_sys::window()?.fetch_with_str_and_init(url, &init);
        let report = Rc::new(report);
        let answered = controller.clone();
        when_settled(&answer, move |response| {
            if let Ok(response) = response {
                answered.abort();
                report(response.unchecked_into::<Response>().status());
            }
        })
        .ok()?;
        Some(Probe { controller })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.controller.abort();
    }
}
