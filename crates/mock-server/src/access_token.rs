//! Access tokens: clients exchange the server's token for one, which is valid for a day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

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

/// Makes a token for the API key `key_id`. It is signed with the server's own token, so it stays valid after a restart.
///
/// # Errors
/// When it cannot be signed.
pub(crate) fn issue(server_token: &str, key_id: &str) -> Result<String, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let claims =
        Claims { sub: key_id.to_owned(), iat: now.as_secs(), exp: (now + LIFETIME).as_secs() };
    let key = EncodingKey::from_secret(server_token.as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims, &key)
}

/// Whether a server with that token issued `access_token`, and it has not expired.
pub(crate) fn is_valid(server_token: &str, access_token: &str) -> bool {
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
