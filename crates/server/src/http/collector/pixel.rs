use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A transparent pixel: the response to a tracker that sends by loading an image.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pixel {
    Gif,
    Png,
}

impl Pixel {
    /// The format that a client of `path` expects.
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
            // If a browser cached the pixel, it would not send the next event.
            (header::CACHE_CONTROL, "no-cache, no-store, must-revalidate"),
        ];
        (headers, bytes).into_response()
    }
}
