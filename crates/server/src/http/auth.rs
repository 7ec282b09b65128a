use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::error::ApiError;
use crate::access::Access;

/// Proof that a request brought the server's token, or one that was given for it. Handlers that take it cannot be reached without.
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

/// Who sends a request that may come without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Caller {
    /// Brought the server's token.
    Owner,
    /// Brought none.
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
