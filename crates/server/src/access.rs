//! Who may do what: the server's token, and access tokens, which somebody who has it is given to show in its place for a day.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How long an access token is taken. Clients read it from the token and ask for a new one then.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    /// Id of the API key that it was made for.
    sub: String,
    /// When it was made and until when it is taken, in seconds of the world's clock: that is what clients compare it with,
    /// wherever the server's own clock was moved to.
    iat: u64,
    exp: u64,
}

/// The rules by which requests are let in. Clones are the same rules.
///
/// [`Authorized`](crate::Authorized) works with every state of which this is a part.
#[derive(Clone)]
pub struct Access {
    token: Arc<str>,
}

impl Access {
    /// Lets in who shows `token`, or an access token that was issued for it.
    pub(crate) fn new(token: &str) -> Self {
        Self { token: token.into() }
    }

    /// Whether `shown` opens everything.
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

/// Compares in a time that does not tell how far the two agree, which keeps a token from being guessed byte by byte.
fn is_same(token: &str, other: &str) -> bool {
    token.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Makes a token for the API key `key_id`. It is signed with the server's own token: a server that is started again takes it too.
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

/// Whether a server with that token made `access_token`, not too long ago.
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
