//! Finds out why the server refused an `EventSource`, which does not say so.

use crate::web::{when_settled, window};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, RequestCache, RequestInit, Response};

/// A response that is not a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The attribute keys that the server refused, from an error in FastAPI's format, which Signals uses.
    pub(crate) keys: Vec<RefusedKey>,
}

/// An attribute key whose id the server refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedKey {
    pub(crate) key: String,
    /// The reason, in the server's words.
    pub(crate) reason: String,
}

/// The HTTP status of an error that names invalid fields.
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

/// A `fetch` that stops as soon as the reason is known.
///
/// Like the request of an `EventSource`, it needs no preflight. If CORS hides the response, it reports nothing.
#[must_use = "dropping a probe aborts it"]
pub(crate) struct Probe {
    controller: AbortController,
}

impl Probe {
    /// Requests `url` and calls `report` with the server's response, unless the server accepts the request.
    ///
    /// A server that has just recovered responds with a stream, and frames on it are lost. Use a `url` with ids that nobody uses.
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

/// Whether the server would have accepted the stream. An `EventSource` does not accept 204 (No Content).
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
