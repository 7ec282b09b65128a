use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use subtle::ConstantTimeEq;

use crate::access_token;
use crate::error::ApiError;
use crate::state::AppState;

/// Proof that a request has the server's token or an access token. Handlers that take this argument reject other requests.
pub(crate) struct Authorized;

impl FromRequestParts<AppState> for Authorized {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let token = bearer_token(parts).ok_or(ApiError::Unauthorized)?;
        if is_same(token, state.token()) || access_token::is_valid(state.token(), token) {
            Ok(Self)
        } else {
            Err(ApiError::Forbidden)
        }
    }
}

/// The sender of a request for which the token is optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Sent the server's token.
    Owner,
    /// Sent no token.
    Anyone,
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(Self::Anyone);
        }
        Authorized::from_request_parts(parts, state).await.map(|_| Self::Owner)
    }
}

/// Compares in constant time, so that nobody can guess a token byte by byte.
pub(crate) fn is_same(token: &str, other: &str) -> bool {
    token.as_bytes().ct_eq(other.as_bytes()).into()
}

fn bearer_token(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_same_as_itself_alone() {
        assert!(is_same("sandbox", "sandbox"));
        assert!(is_same("", ""));
        for other in ["", "s", "sandbo", "sandbox ", "sandboxx", "xandbox", "sandboX", "xobdnas"] {
            assert!(!is_same("sandbox", other), "{other:?}");
            assert!(!is_same(other, "sandbox"), "{other:?}");
        }
    }
}
