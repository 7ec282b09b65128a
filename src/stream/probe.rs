//! Learns why an `EventSource` was refused, which it does not tell itself.

use crate::web::{when_settled, window};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, RequestCache, RequestInit, Response};

/// What a server says of a request that it does not serve with a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: u16,
    /// The attribute keys that it cannot serve, if it names any: FastAPI's form of errors, which Signals has.
    pub(crate) keys: Vec<RefusedKey>,
}

/// An attribute key whose id a server does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedKey {
    /// Name of the attribute key.
    pub(crate) key: String,
    /// What is wrong with it, in the server's words.
    pub(crate) reason: String,
}

/// Status of an answer that says which fields of the request are at fault.
const UNPROCESSABLE: u16 = 422;

#[derive(Deserialize)]
struct ErrorBody {
    detail: Vec<FieldError>,
}

#[derive(Deserialize)]
struct FieldError {
    loc: Vec<String>,
    msg: String,
}

impl FieldError {
    fn refused_key(self) -> Option<RefusedKey> {
        match <[String; 2]>::try_from(self.loc) {
            Ok([place, key]) if place == "query" => Some(RefusedKey { key, reason: self.msg }),
            _ => None,
        }
    }
}

/// A `fetch` that is ended as soon as it has told why.
///
/// Like the request of an `EventSource` it needs no preflight. Where CORS hides the answer, nothing is learnt.
#[must_use = "dropping a probe aborts it"]
pub(crate) struct Probe {
    controller: AbortController,
}

impl Probe {
    /// Requests `url` and reports what the server answers, unless that is a stream.
    ///
    /// A server that has just recovered answers with a stream, and what it sends there is lost. So `url` must not ask for
    /// anybody's interventions.
    pub(crate) fn start(url: &str, report: impl Fn(Refusal) + Clone + 'static) -> Option<Probe> {
        let controller = AbortController::new().ok()?;
        let options = RequestInit::new();
        options.set_signal(Some(&controller.signal()));
        options.set_cache(RequestCache::NoStore);
        let answered = controller.clone();
        when_settled(&window().fetch_with_str_and_init(url, &options), move |response| {
            let Ok(response) = response else {
                return;
            };
            let response: Response = response.unchecked_into();
            let status = response.status();
            let body = (status == UNPROCESSABLE).then(|| response.json().ok()).flatten();
            match body {
                Some(body) => {
                    let report = report.clone();
                    when_settled(&body, move |body| {
                        let body = body.unwrap_or_default();
                        report(Refusal { status, keys: refused_keys(body) });
                    });
                }
                None => {
                    answered.abort();
                    if !is_success(status) {
                        report(Refusal { status, keys: Vec::new() });
                    }
                }
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

/// Whether the server would have answered with a stream: no content is none.
fn is_success(status: u16) -> bool {
    (200..300).contains(&status) && status != 204
}

fn refused_keys(body: JsValue) -> Vec<RefusedKey> {
    match serde_wasm_bindgen::from_value::<ErrorBody>(body) {
        Ok(body) => body.detail.into_iter().filter_map(FieldError::refused_key).collect(),
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(loc: &[&str]) -> Option<String> {
        let loc = loc.iter().map(|step| (*step).to_owned()).collect();
        let error = FieldError { loc, msg: "must be a UUID".to_owned() };
        error.refused_key().map(|refused| refused.key)
    }

    #[test]
    fn a_parameter_at_fault_is_a_refused_key_and_nothing_else_is() {
        assert_eq!(key_of(&["query", "user_id"]).as_deref(), Some("user_id"));
        assert_eq!(key_of(&["query"]), None);
        assert_eq!(key_of(&["body", "user_id"]), None);
    }

    #[test]
    fn a_stream_is_no_refusal() {
        assert!(is_success(200));
        assert!(!is_success(204) && !is_success(404));
    }
}
