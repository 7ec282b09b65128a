//! Builds the URL of a stream.

use crate::attribute_keys::ids::KeyAndId;
use std::fmt::Write;

/// Joins endpoint, path and ids. `endpoint` is a host name or a URL. Without a scheme, the URL uses `https`.
pub(crate) fn stream_url(endpoint: &str, api_path: &str, ids: &[KeyAndId]) -> String {
    let has_scheme = endpoint.as_bytes().windows(2).any(|pair| pair == b"//");
    let mut url = String::from(if has_scheme { "" } else { "https://" });
    url.push_str(endpoint.strip_suffix('/').unwrap_or(endpoint));
    url.push('/');
    url.push_str(api_path.strip_prefix('/').unwrap_or(api_path));
    for (index, (key, id)) in ids.iter().enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        push_parameter(&mut url, key, id);
    }
    url
}

/// Adds a query parameter to a URL that already has one.
pub(crate) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let mut url = url.to_owned();
    url.push('&');
    push_parameter(&mut url, name, value);
    url
}

fn push_parameter(url: &mut String, name: &str, value: &str) {
    push_escaped(url, name);
    url.push('=');
    push_escaped(url, value);
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn push_escaped(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATH: &str = signals_wire::stream::INTERVENTIONS_PATH;

    fn ids(pairs: &[(&str, &str)]) -> Vec<KeyAndId> {
        pairs.iter().map(|(key, id)| (key.to_string(), id.to_string())).collect()
    }

    #[test]
    fn a_bare_host_gets_https() {
        assert_eq!(
            stream_url("signals.example", PATH, &ids(&[("user_id", "ada")])),
            "https://signals.example/api/v1/interventions?user_id=ada"
        );
    }

    #[test]
    fn a_given_scheme_port_and_path_prefix_stay() {
        assert_eq!(
            stream_url("http://127.0.0.1:8787/signals/", PATH, &ids(&[("user_id", "ada")])),
            "http://127.0.0.1:8787/signals/api/v1/interventions?user_id=ada"
        );
    }

    #[test]
    fn a_path_without_a_leading_slash_is_joined_with_one() {
        assert_eq!(
            stream_url("https://a.example", "live", &ids(&[("k", "v")])),
            "https://a.example/live?k=v"
        );
    }

    #[test]
    fn keys_and_ids_are_escaped() {
        assert_eq!(
            stream_url("a.example", "/x", &ids(&[("b key", "1"), ("user_id", "a&b=ü")])),
            "https://a.example/x?b%20key=1&user_id=a%26b%3D%C3%BC"
        );
    }

    #[test]
    fn a_further_parameter_is_escaped_too() {
        assert_eq!(
            with_parameter("https://a/x?k=v", "last id", "4/2"),
            "https://a/x?k=v&last%20id=4%2F2"
        );
    }

    /// Decodes a part of a query as a server does.
    fn unescaped(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((byte, after)) = rest.split_first() {
            let hex = after.split_at_checked(2).filter(|_| *byte == b'%');
            let (byte, after) = hex.map_or((*byte, after), |(hex, after)| {
                let hex = std::str::from_utf8(hex).unwrap();
                (u8::from_str_radix(hex, 16).unwrap(), after)
            });
            bytes.push(byte);
            rest = after;
        }
        String::from_utf8(bytes).unwrap()
    }

    proptest! {
        #[test]
        fn keys_and_ids_of_any_text_arrive_as_they_are(
            ids in proptest::collection::vec(any::<(String, String)>(), 1..5),
            (name, value) in any::<(String, String)>(),
        ) {
            let url = with_parameter(&stream_url("https://a.example", PATH, &ids), &name, &value);
            prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{}", url);
            let (_, query) = url.split_once('?').unwrap();
            let arrived: Vec<KeyAndId> = query
                .split('&')
                .map(|pair| pair.split_once('=').unwrap())
                .map(|(key, id)| (unescaped(key), unescaped(id)))
                .collect();
            let mut sent = ids;
            sent.extend(vec![(name, value)]);
            prop_assert_eq!(arrived, sent);
        }
    }
}
