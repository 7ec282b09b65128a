//! Request bodies: their size limit, and JSON that is checked field by field.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::json;

/// The maximum size of a request body: 1 MiB. Set the same limit for routes that you add to the server.
pub const LIMIT_BYTES: usize = 1 << 20;

/// The whole body. Ignores the content type. Answers 413 to a body that is too large.
#[derive(Debug)]
pub struct RawBody(pub Bytes);

/// A JSON object, deserialised as `T`. Ignores the content type. Answers 413 to a body that is too large, and 422 with the
/// invalid field to one that is not a `T`.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        Bytes::from_request(request, state)
            .await
            .map(Self)
            .map_err(|rejection| too_large_or(&rejection))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        Ok(Self(json::from_slice(&bytes)?))
    }
}

fn too_large_or(rejection: &BytesRejection) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge,
        _ => ApiError::BadRequest(rejection.body_text()),
    }
}
