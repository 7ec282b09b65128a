//! Signatures, as Standard Webhooks defines them (<https://www.standardwebhooks.com>).

use std::fmt;

use standardwebhooks::Webhook;
use thiserror::Error;

/// What signs messages. Without a secret, it signs nothing.
pub(crate) struct Secret {
    /// Several while a secret is changed.
    webhooks: Vec<Webhook>,
}

/// Why a text is not a secret. Does not contain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadSecret {
    /// It has another prefix, or none.
    #[error("must begin with whsec_, followed by Base64")]
    Prefix,
    /// It is not Base64.
    #[error("must be Base64 after whsec_")]
    Base64,
    /// It is too short or too long.
    #[error("must have 24 to 64 bytes after whsec_ and Base64, but has {0}")]
    Length(usize),
}

const PREFIX: &str = "whsec_";

impl Secret {
    /// # Errors
    /// When one of the texts is not a secret.
    pub(super) fn parse(texts: &[String]) -> Result<Self, BadSecret> {
        let webhooks = texts.iter().map(|text| {
            let base64 = text.strip_prefix(PREFIX).ok_or(BadSecret::Prefix)?;
            let webhook = Webhook::new(text).map_err(|_| BadSecret::Base64)?;
            // Four characters are three bytes.
            let bytes = base64.trim_end_matches('=').len() * 3 / 4;
            if (24..=64).contains(&bytes) { Ok(webhook) } else { Err(BadSecret::Length(bytes)) }
        });
        Ok(Self { webhooks: webhooks.collect::<Result<_, _>>()? })
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
    fn weak_and_broken_secrets_are_refused() {
        let cases = [
            ("", BadSecret::Prefix),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", BadSecret::Prefix),
            ("whsec_", BadSecret::Length(0)),
            ("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", BadSecret::Length(22)),
            ("whsec_not base64", BadSecret::Base64),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(&[text]).unwrap_err(), expected, "{text}");
        }
        let long = format!("whsec_{}", "A".repeat(88));
        assert_eq!(parse(&[&long]).unwrap_err(), BadSecret::Length(66));
    }
}
