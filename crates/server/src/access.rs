//! Access: the server's token, and access tokens. Clients exchange the server's token for an access token, which is valid for a
//! day.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How long an access token is valid. Clients read this from the token and request a new one in time.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    /// Id of the API key that was exchanged for it.
    sub: String,
    /// When it was issued and when it expires, in seconds of real time. Clients compare them with real time, even if the
    /// server's own clock was moved.
    iat: u64,
    exp: u64,
}

/// The access rules for requests. Clones share the rules.
///
/// [`Authorized`](crate::Authorized) works with every state that contains this.
#[derive(Clone)]
pub struct Access {
    token: Arc<str>,
}

impl Access {
    /// Admits requests that have `token` or an access token that was issued for it.
    pub(crate) fn new(token: &str) -> Self {
        Self { token: token.into() }
    }

    /// Whether `shown` gives access to everything.
    pub(crate) fn admits(&self, shown: &str) -> bool {
        self.is_token(shown) || is_valid(&self.token, shown)
    }

    /// Whether `shown` is the server's token itself.
    pub(crate) fn is_token(&self, shown: &str) -> bool {
        is_same(shown, &self.token)
    }

    /// Makes an access token for the API key `key_id`.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub(crate) fn issue(&self, key_id: &str) -> Result<String, Error> {
        issue(&self.token, key_id)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Access").finish_non_exhaustive()
    }
}

/// Compares in constant time, so that nobody can guess a token byte by byte.
fn is_same(token: &str, other: &str) -> bool {
    token.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Makes a token for the API key `key_id`. It is signed with the server's own token, so it stays valid after a restart.
///
/// # Errors
/// When it cannot be signed.
fn issue(server_token: &str, key_id: &str) -> Result<String, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let claims =
        Claims { sub: key_id.to_owned(), iat: now.as_secs(), exp: (now + LIFETIME).as_secs() };
    let key = EncodingKey::from_secret(server_token.as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims, &key)
}

/// Whether a server with that token issued `access_token`, and it has not expired.
fn is_valid(server_token: &str, access_token: &str) -> bool {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = 0;
    let key = DecodingKey::from_secret(server_token.as_bytes());
    decode::<Claims>(access_token, &key, &validation).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(algorithm: Algorithm, secret: &str, exp: u64) -> String {
        let claims = Claims { sub: "key".to_owned(), iat: 0, exp };
        encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(secret.as_bytes()))
            .unwrap()
    }

    #[test]
    fn a_token_is_the_same_as_itself_alone() {
        assert!(is_same("sandbox", "sandbox"));
        assert!(is_same("", ""));
        for other in ["", "s", "sandbo", "sandbox ", "sandboxx", "xandbox", "sandboX", "xobdnas"] {
            assert!(!is_same("sandbox", other), "{other:?}");
            assert!(!is_same(other, "sandbox"), "{other:?}");
        }
    }

    const FAR_FUTURE: u64 = 99_999_999_999;

    #[test]
    fn a_token_is_taken_by_servers_with_the_same_token_alone() {
        let token = issue("secret", "key").unwrap();
        assert!(is_valid("secret", &token));
        assert!(!is_valid("another secret", &token));
    }

    #[test]
    fn expired_forged_and_malformed_tokens_are_not_taken() {
        assert!(is_valid("secret", &signed(Algorithm::HS256, "secret", FAR_FUTURE)));
        let (head, rest) = signed(Algorithm::HS256, "secret", FAR_FUTURE)
            .split_once('.')
            .map(|(h, r)| (h.to_owned(), r.to_owned()))
            .unwrap();
        let (claims, _) = rest.split_once('.').unwrap();
        for token in [
            signed(Algorithm::HS256, "secret", 1),
            signed(Algorithm::HS256, "guess", FAR_FUTURE),
            signed(Algorithm::HS512, "secret", FAR_FUTURE),
            // The header {"alg":"none"}.
            format!("eyJhbGciOiJub25lIn0.{claims}."),
            format!("{head}.{claims}."),
            format!("{head}.{rest}x"),
            "..".to_owned(),
            String::new(),
        ] {
            assert!(!is_valid("secret", &token), "{token}");
        }
    }
}
