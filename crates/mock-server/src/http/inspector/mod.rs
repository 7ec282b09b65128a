//! The inspector: a page that shows what happens to one shopper.
//!
//! Its files are embedded in the binary. It uses only the public API and that of [`super::mock_api`].

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::state::AppState;

/// Allows only the page's own files and requests.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Path, content type and content of every file of the page. It shares the shop's colours and controls.
const FILES: [(&str, &str, &str); 12] = [
    ("/inspector", HTML, include_str!("page/index.html")),
    ("/inspector/tokens.css", CSS, include_str!("../../../../../www/styles/tokens.css")),
    ("/inspector/controls.css", CSS, include_str!("../../../../../www/styles/controls.css")),
    ("/inspector/inspector.css", CSS, include_str!("page/inspector.css")),
    ("/inspector/main.js", SCRIPT, include_str!("page/main.js")),
    ("/inspector/api.js", SCRIPT, include_str!("page/api.js")),
    ("/inspector/dom.js", SCRIPT, include_str!("page/dom.js")),
    ("/inspector/journal.js", SCRIPT, include_str!("page/journal.js")),
    ("/inspector/timeline.js", SCRIPT, include_str!("page/timeline.js")),
    ("/inspector/standing.js", SCRIPT, include_str!("page/standing.js")),
    ("/inspector/forwarding.js", SCRIPT, include_str!("page/forwarding.js")),
    ("/inspector/tools.js", SCRIPT, include_str!("page/tools.js")),
];

/// The routes of the page.
pub(in crate::http) fn routes() -> Router<AppState> {
    FILES.into_iter().fold(Router::new(), |router, (path, content_type, content)| {
        router.route(path, get(async move || file(content_type, content)))
    })
}

fn file(content_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        // Another version of the server can have another page.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, content).into_response()
}
