//! The address of a stream.

use form_urlencoded::byte_serialize;
use crate::keys::ids::KeyAndId;

/// Joins endpoint, path and ids. `endpoint` is a host name or a URL; without a scheme it gets `https`.
pub fn stream_url(endpoint: &str, api_path: &str, ids: &[KeyAndId]) -> String {
    let scheme = if endpoint.contains("//") { "" } else { "https://" };
    let endpoint = endpoint.trim_end_matches('/');
    let api_path = api_path.trim_start_matches('/');
    let mut url = format!("{scheme}{endpoint}/{api_path}");
    for (index, (key, id)) in ids.iter().enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        push_parameter(&mut url, key, id);
    }
    url
}

/// Adds one query parameter to a URL that has some already.
pub fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let mut url = format!("{url}&");
    push_parameter(&mut url, name, value);
    url
}

fn push_parameter(url: &mut String, name: &str, value: &str) {
    url.extend(byte_serialize(name.as_bytes()));
    url.push('=');
    url.extend(byte_serialize(value.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "https://a.example/x?b+key=1&user_id=a%26b%3D%C3%BC"
        );
    }

    #[test]
    fn a_further_parameter_is_escaped_too() {
        assert_eq!(
            with_parameter("https://a/x?k=v", "last id", "4/2"),
            "https://a/x?k=v&last+id=4%2F2"
        );
    }
}
