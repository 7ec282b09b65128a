use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::error::ApiError;
use crate::access::Access;

/// The headers of an API key: its id and its secret.
pub(in crate::http) const X_API_KEY_ID: &str = "x-api-key-id";
pub(in crate::http) const X_API_KEY: &str = "x-api-key";

/// Proof that a request has the server's token or an access token. Handlers that take this argument reject other requests.
#[derive(Debug)]
pub struct Authorized;

impl<S: Send + Sync> FromRequestParts<S> for Authorized
where
    Access: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let token = bearer_token(parts).ok_or(ApiError::Unauthorized)?;
        if Access::from_ref(state).admits(token) { Ok(Self) } else { Err(ApiError::Forbidden) }
    }
}

/// The sender of a request for which the token is optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Caller {
    /// Sent the server's token.
    Owner,
    /// Sent no token.
    Anyone,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Access: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(Self::Anyone);
        }
        Authorized::from_request_parts(parts, state).await.map(|_| Self::Owner)
    }
}

/// Proof that a request has an API key: an id and, as its secret, the server's token. Handlers that take this argument reject other
/// requests.
#[derive(Debug)]
pub(in crate::http) struct KeyHolder {
    /// The id of the key.
    pub(in crate::http) id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for KeyHolder
where
    Access: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let id = header(&parts.headers, X_API_KEY_ID).ok_or(ApiError::NoApiKey)?;
        let key = header(&parts.headers, X_API_KEY).ok_or(ApiError::NoApiKey)?;
        if !Access::from_ref(state).is_token(key) {
            return Err(ApiError::Forbidden);
        }
        Ok(Self { id: id.to_owned() })
    }
}

fn bearer_token(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().filter(|text| !text.is_empty())
}
