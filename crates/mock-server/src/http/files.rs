//! The demo shop: files from a directory.

use std::path::Path;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use signals_server::ApiError;
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// The response to `/` if there are no files to serve.
const NO_SHOP: &str = "signals-mock-server is running.\n\n\
    To serve the demo shop too, start the server with --www DIR, or run npm start in the repository.\n";

/// Answers every path that has no other route, with files of `www` if it is configured.
pub(super) async fn serve(www: Option<&Path>, request: Request) -> Response {
    let Some(www) = www else {
        return if request.uri().path() == "/" {
            NO_SHOP.into_response()
        } else {
            ApiError::NotFound.into_response()
        };
    };
    let Ok(mut response) = ServeDir::new(www).precompressed_gzip().oneshot(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        return ApiError::NotFound.into_response();
    }
    // Browsers revalidate each time, so a rebuilt shop never mixes with old files.
    let no_cache = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, no_cache);
    response.into_response()
}
