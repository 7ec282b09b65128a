//! Signatures, as Standard Webhooks defines them (<https://www.standardwebhooks.com>).

use std::fmt;

use standardwebhooks::Webhook;
use thiserror::Error;

/// What signs messages. Without a secret, it signs nothing.
pub(crate) struct Secret {
    /// Several while a secret is changed.
    webhooks: Vec<Webhook>,
    is_weak: bool,
}

/// Why a text is not a secret. Does not contain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadSecret {
    /// There is nothing in it.
    #[error("must not be empty")]
    Empty,
    /// It is not Base64.
    #[error("must be Base64, usually after whsec_")]
    Base64,
}

/// What secrets usually begin with. Libraries do not require it.
const PREFIX: &str = "whsec_";

/// How many bytes a secret should have.
const ENOUGH_BYTES: usize = 24;

impl Secret {
    /// # Errors
    /// When one of the texts is not a secret.
    pub(super) fn parse(texts: &[String]) -> Result<Self, BadSecret> {
        let mut secret = Self { webhooks: Vec::new(), is_weak: false };
        for text in texts {
            let base64 = text.strip_prefix(PREFIX).unwrap_or(text);
            if base64.is_empty() {
                return Err(BadSecret::Empty);
            }
            secret.webhooks.push(Webhook::new(base64).map_err(|_| BadSecret::Base64)?);
            // Four characters are three bytes.
            secret.is_weak |= base64.trim_end_matches('=').len() * 3 / 4 < ENOUGH_BYTES;
        }
        Ok(secret)
    }

    /// Whether a secret is so short that others could guess it.
    pub(crate) fn is_weak(&self) -> bool {
        self.is_weak
    }

    /// The header `webhook-signature` of a message that is sent at `timestamp`, in seconds since 1970. `body` is JSON.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let signatures = self.webhooks.iter().filter_map(|webhook| {
            // Only a body that is not UTF-8 cannot be signed.
            webhook.sign(id, timestamp, body).ok()
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Secret").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> Result<Secret, BadSecret> {
        Secret::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_example_of_the_specification_has_its_signature() {
        let secret = parse(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]).unwrap();
        let signature =
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn both_secrets_sign_while_they_are_changed() {
        let old = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let new = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
        let of = |texts: &[&str]| parse(texts).unwrap().sign("a", 1, b"{}");
        assert_eq!(of(&[new, old]), format!("{} {}", of(&[new]), of(&[old])));
    }

    #[test]
    fn broken_secrets_are_refused() {
        for (text, expected) in [
            ("", BadSecret::Empty),
            ("whsec_", BadSecret::Empty),
            ("whsec_not base64", BadSecret::Base64),
            ("secret!", BadSecret::Base64),
        ] {
            assert_eq!(parse(&[text]).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn the_prefix_can_be_left_out_and_short_secrets_are_weak() {
        let of = |text: &str| parse(&[text]).unwrap().sign("a", 1, b"{}");
        let secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(of(secret), of(&format!("whsec_{secret}")));
        assert!(!parse(&[secret]).unwrap().is_weak());
        assert!(parse(&[secret, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="]).unwrap().is_weak());
    }
}
