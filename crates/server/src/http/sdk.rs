//! The header in which Signals SDKs send their name.

use axum::http::{HeaderMap, HeaderName};

/// The name and version of an SDK. CORS must allow it for pages that use an SDK.
pub(crate) const X_SIGNALS_SDK_NAME: HeaderName = HeaderName::from_static("x-signals-sdk-name");

/// The Python SDK's name, without its version.
const PYTHON_SDK: &str = "signals-py";

/// Whether the Python SDK sent these headers.
pub(crate) fn is_python_sdk(headers: &HeaderMap) -> bool {
    let name = headers.get(X_SIGNALS_SDK_NAME).and_then(|name| name.to_str().ok());
    name.is_some_and(|name| name.starts_with(PYTHON_SDK))
}
