//! The demo shop: files from a directory.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use crate::error::ApiError;
use crate::state::AppState;

/// The response to `/` if there are no files to serve.
const NO_SHOP: &str = "signals-mock-server is running.\n\n\
    To serve the demo shop too, start the server with --www DIR, or run npm start in the repository.\n";

/// Answers every path that has no other route.
pub(crate) async fn serve(State(state): State<AppState>, request: Request) -> Response {
    let Some(www) = state.www() else {
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
