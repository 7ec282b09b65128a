//! Parameters of a query, with those of campaigns and cross-domain links.

use std::borrow::Cow;

use crate::text::clean;

/// The value of `?name=value`, decoded and without control characters. The last value that is not empty counts.
///
/// ```
/// use signals_wire::query::parameter;
///
/// let query = "utm_source=a&utm_source=black+friday%21&utm_source=";
/// assert_eq!(parameter(query, "utm_source").as_deref(), Some("black friday!"));
/// assert_eq!(parameter(query, "utm_medium"), None);
/// ```
pub fn parameter<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    // Like enrichment, treats a semicolon as an ampersand.
    query.rsplit(['&', ';']).find_map(|pair| {
        let (given, value) = pair.split_once('=')?;
        if decoded(given) != name {
            return None;
        }
        Some(clean(decoded(value))).filter(|value| !value.is_empty())
    })
}

/// Parameters with the id of a click, and their advertising network. The first one in the query counts.
const CLICK_IDS: [(&str, &str); 3] =
    [("gclid", "Google"), ("msclkid", "Microsoft"), ("dclid", "DoubleClick")];

/// The id of the click on an advertisement that led to the page, and its network.
///
/// ```
/// use signals_wire::query::click;
/// let (id, network) = click("msclkid=m1").unwrap();
/// assert_eq!((id.as_ref(), network), ("m1", "Microsoft"));
/// ```
pub fn click(query: &str) -> Option<(Cow<'_, str>, &'static str)> {
    CLICK_IDS.into_iter().find_map(|(name, network)| Some((parameter(query, name)?, network)))
}

/// The visitor's id on another site of the same owner, from the parameter `_sp` of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossDomain {
    /// The domain user id on the other site.
    pub domain_userid: Option<String>,
    /// When the link was followed, by the device's clock. In milliseconds since 1970, as digits.
    pub tstamp: Option<String>,
}

/// How many parts the long form has: `duid.timestamp.session.user.source.platform.reason`.
const CROSS_DOMAIN_PARTS: usize = 7;

/// 9999-12-31 in milliseconds. Enrichment accepts no later year.
const LAST_MOMENT: &str = "253402300799999";

/// Reads `_sp` of a query, in its short form `duid.timestamp` or in the long one, whose other parts are ignored.
///
/// ```
/// use signals_wire::query::cross_domain;
/// let link = cross_domain("_sp=d1.1700000000000.s1.dXNlcg..web").unwrap();
/// assert_eq!(link.domain_userid.as_deref(), Some("d1"));
/// assert_eq!(link.tstamp.as_deref(), Some("1700000000000"));
/// ```
pub fn cross_domain(query: &str) -> Option<CrossDomain> {
    let value = parameter(query, "_sp")?;
    if value.split('.').count() > CROSS_DOMAIN_PARTS {
        return None;
    }
    let mut parts = value.split('.');
    let filled = |part: &str| (!part.is_empty()).then(|| part.to_owned());
    Some(CrossDomain {
        domain_userid: parts.next().and_then(filled),
        tstamp: parts.next().filter(|part| is_moment(part)).and_then(filled),
    })
}

fn is_moment(text: &str) -> bool {
    let is_early =
        text.len() < LAST_MOMENT.len() || text.len() == LAST_MOMENT.len() && text <= LAST_MOMENT;
    is_early && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Decodes a name or a value: `+` is a space, `%C3%BC` is a letter, and an invalid escape stays unchanged.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['+', '%']) {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let byte = match (first, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after_escape @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = after_escape;
                    high << 4 | low
                }
                _ => b'%',
            },
            _ => first,
        };
        bytes.push(byte);
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}
