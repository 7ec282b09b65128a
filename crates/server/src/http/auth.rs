use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::error::ApiError;
use crate::access::Access;

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

fn bearer_token(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
