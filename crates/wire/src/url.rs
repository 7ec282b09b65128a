//! Splits URLs.
//!
//! As in Snowplow's enrichment, nothing is decoded, resolved or converted to lower case. Every text is accepted: a text that is not a
//! URL is a path.

use crate::tracker_protocol::without_leading_zeros;

/// The parts of a URL. A part is `None` if it is missing or empty.
///
/// ```
/// use signals_wire::url::Parts;
///
/// let parts = Parts::of("https://ada@Shop.Example:8443/a/../%C3%BC?q=1#top");
/// assert_eq!(parts.scheme, Some("https"));
/// assert_eq!(parts.host, Some("Shop.Example"));
/// assert_eq!(parts.port, Some("8443"));
/// assert_eq!(parts.path, Some("/a/../%C3%BC"));
/// assert_eq!(parts.query, Some("q=1"));
/// assert_eq!(parts.fragment, Some("top"));
/// assert_eq!(Parts::of("https://shop.example").path, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The scheme without the colon, for example `https`.
    pub scheme: Option<&'a str>,
    /// The host, without user and port. Also `None` if the port is invalid.
    pub host: Option<&'a str>,
    /// The port in digits. By default, 443 for `https` and 80 for everything else.
    pub port: Option<&'a str>,
    /// The path with its first slash.
    pub path: Option<&'a str>,
    /// The text after the question mark.
    pub query: Option<&'a str>,
    /// The text after the number sign.
    pub fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Splits `url`. An empty URL has no parts.
    pub fn of(url: &'a str) -> Self {
        let (before_fragment, fragment) = cut(url, '#');
        let (scheme, after_scheme) = match before_fragment.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, before_fragment),
        };
        // Case-sensitive, as in enrichment.
        let usual_port = if scheme == Some("https") { "443" } else { "80" };
        let mut parts = Self {
            scheme,
            host: None,
            port: (!url.is_empty()).then_some(usual_port),
            path: None,
            query: None,
            fragment,
        };
        // URLs such as `mailto:` have neither path nor query.
        if scheme.is_some() && !after_scheme.starts_with('/') {
            return parts;
        }
        let (before_query, query) = cut(after_scheme, '?');
        parts.query = query;
        let path = match before_query.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let (host, port) = host_and_port(authority);
                parts.host = host;
                parts.port = port.or(parts.port);
                path
            }
            None => before_query,
        };
        parts.path = filled(path);
        parts
    }
}

/// The text before the first `mark`, and the text after it.
fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, filled(after)),
        None => (text, None),
    }
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn host_and_port(authority: &str) -> (Option<&str>, Option<&str>) {
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    let end = match address.find(']') {
        // Colons inside the brackets are part of the address.
        Some(bracket) if address.starts_with('[') => bracket + 1,
        _ => address.find(':').unwrap_or(address.len()),
    };
    let (host, rest) = address.split_at(end);
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        Some("") => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let port = without_leading_zeros(digits);
            if port.len() > MAX_PORT_DIGITS {
                return (None, None);
            }
            Some(port)
        }
        _ => return (None, None),
    };
    (filled(host), port)
}

const MAX_PORT_DIGITS: usize = 9;
