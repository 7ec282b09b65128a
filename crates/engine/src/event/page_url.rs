//! Fields that are derived from the page's and the referrer's URL.

use url::Url;

use super::atomic::{Atomic, AtomicValue};

/// Names of the fields that one URL fills.
struct UrlFields {
    scheme: &'static str,
    host: &'static str,
    port: &'static str,
    path: &'static str,
    query: &'static str,
    fragment: &'static str,
}

const PAGE: UrlFields = UrlFields {
    scheme: "page_urlscheme",
    host: "page_urlhost",
    port: "page_urlport",
    path: "page_urlpath",
    query: "page_urlquery",
    fragment: "page_urlfragment",
};

const REFERRER: UrlFields = UrlFields {
    scheme: "refr_urlscheme",
    host: "refr_urlhost",
    port: "refr_urlport",
    path: "refr_urlpath",
    query: "refr_urlquery",
    fragment: "refr_urlfragment",
};

const CAMPAIGN_PARAMETERS: &[(&str, &str)] = &[
    ("utm_medium", "mkt_medium"),
    ("utm_source", "mkt_source"),
    ("utm_term", "mkt_term"),
    ("utm_content", "mkt_content"),
    ("utm_campaign", "mkt_campaign"),
    ("gclid", "mkt_clickid"),
];

/// Fills `page_url…`, `refr_url…` and `mkt_…`. A URL that cannot be parsed leaves its fields null: pages do have odd ones.
pub(super) fn derive(atomic: &mut Atomic) {
    if let Some(page) = parse(atomic, "page_url") {
        set_parts(atomic, &PAGE, &page);
        set_campaign(atomic, &page);
    }
    if let Some(referrer) = parse(atomic, "page_referrer") {
        set_parts(atomic, &REFERRER, &referrer);
    }
}

fn parse(atomic: &Atomic, field: &str) -> Option<Url> {
    Url::parse(atomic.text(field)?).ok()
}

fn set_parts(atomic: &mut Atomic, fields: &UrlFields, url: &Url) {
    let mut set = |name, part: Option<&str>| {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            atomic.set_named(name, AtomicValue::Text(part.to_owned()));
        }
    };
    set(fields.scheme, Some(url.scheme()));
    set(fields.host, url.host_str());
    set(fields.path, Some(url.path()));
    set(fields.query, url.query());
    set(fields.fragment, url.fragment());
    if let Some(port) = url.port_or_known_default() {
        atomic.set_named(fields.port, AtomicValue::Integer(i64::from(port)));
    }
}

fn set_campaign(atomic: &mut Atomic, url: &Url) {
    for (parameter, value) in url.query_pairs() {
        let field = CAMPAIGN_PARAMETERS.iter().find(|(name, _)| *name == parameter);
        if let Some((_, field)) = field.filter(|_| !value.is_empty()) {
            atomic.set_named(field, AtomicValue::Text(value.into_owned()));
        }
    }
}
