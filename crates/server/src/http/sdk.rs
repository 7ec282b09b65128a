//! What the Signals SDKs tell about themselves in every request.

use axum::http::{HeaderMap, HeaderName};

/// The header with the name and version of an SDK. Pages that use one must be allowed to send it.
pub(crate) const X_SIGNALS_SDK_NAME: HeaderName = HeaderName::from_static("x-signals-sdk-name");

/// What the Python SDK calls itself, before its version.
const PYTHON_SDK: &str = "signals-py";

/// Whether the Python SDK sent these headers.
pub(crate) fn is_python_sdk(headers: &HeaderMap) -> bool {
    let name = headers.get(X_SIGNALS_SDK_NAME).and_then(|name| name.to_str().ok());
    name.is_some_and(|name| name.starts_with(PYTHON_SDK))
}
