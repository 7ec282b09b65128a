use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A transparent picture of one pixel: the answer to a tracker that sends by loading an image.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pixel {
    Gif,
    Png,
}

impl Pixel {
    /// The picture that a client which loads `path` expects.
    pub(super) fn for_path(path: &str) -> Self {
        if path.ends_with(".png") { Self::Png } else { Self::Gif }
    }
}

impl IntoResponse for Pixel {
    fn into_response(self) -> Response {
        let (content_type, bytes): (_, &[u8]) = match self {
            Self::Gif => ("image/gif", include_bytes!("pixel.gif")),
            Self::Png => ("image/png", include_bytes!("pixel.png")),
        };
        let headers = [
            (header::CONTENT_TYPE, content_type),
            // A cached picture would be an event that was not sent.
            (header::CACHE_CONTROL, "no-cache, no-store, must-revalidate"),
        ];
        (headers, bytes).into_response()
    }
}
