//! Fields that are derived from the page's and the referrer's URL.

use std::sync::LazyLock;

use url::Url;

use super::atomic::AtomicValue;
use super::atomic_field::AtomicField;

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

impl UrlFields {
    const fn names(&self) -> [&'static str; 6] {
        [self.scheme, self.host, self.port, self.path, self.query, self.fragment]
    }
}

/// Whether a URL has to be parsed to know the field.
pub(super) fn is_derived(field: AtomicField) -> bool {
    static DERIVED: LazyLock<[bool; AtomicField::COUNT]> = LazyLock::new(|| {
        let campaign = CAMPAIGN_PARAMETERS.iter().map(|(_, field)| *field);
        let names = PAGE.names().into_iter().chain(REFERRER.names()).chain(campaign);
        let mut derived = [false; AtomicField::COUNT];
        names.filter_map(AtomicField::named).for_each(|field| derived[field.index()] = true);
        derived
    });
    DERIVED[field.index()]
}

/// What page and referrer say of `page_url…`, `refr_url…` and `mkt_…`. A URL that cannot be parsed leaves its fields null:
/// pages do have odd ones.
pub(super) fn derive(page: Option<&str>, referrer: Option<&str>) -> DerivedFields {
    let parse = |url: Option<&str>| Url::parse(url?).ok();
    let mut derived = DerivedFields::default();
    if let Some(page) = parse(page) {
        set_parts(&mut derived, &PAGE, &page);
        set_campaign(&mut derived, &page);
    }
    if let Some(referrer) = parse(referrer) {
        set_parts(&mut derived, &REFERRER, &referrer);
    }
    derived
}

/// Values of derived fields, of which an event has few.
#[derive(Debug, Clone, Default)]
pub(super) struct DerivedFields(Vec<(AtomicField, AtomicValue)>);

impl DerivedFields {
    pub(super) fn get(&self, field: AtomicField) -> Option<&AtomicValue> {
        // A campaign parameter may be given twice: the last one counts.
        self.0.iter().rev().find(|(known, _)| *known == field).map(|(_, value)| value)
    }

    fn set_named(&mut self, name: &str, value: AtomicValue) {
        if let Some(field) = AtomicField::named(name) {
            self.0.push((field, value));
        }
    }
}

fn set_parts(derived: &mut DerivedFields, fields: &UrlFields, url: &Url) {
    let mut set = |name, part: Option<&str>| {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            derived.set_named(name, AtomicValue::Text(part.to_owned()));
        }
    };
    set(fields.scheme, Some(url.scheme()));
    set(fields.host, url.host_str());
    set(fields.path, Some(url.path()));
    set(fields.query, url.query());
    set(fields.fragment, url.fragment());
    if let Some(port) = url.port_or_known_default() {
        derived.set_named(fields.port, AtomicValue::Integer(i64::from(port)));
    }
}

fn set_campaign(derived: &mut DerivedFields, url: &Url) {
    for (parameter, value) in url.query_pairs() {
        let field = CAMPAIGN_PARAMETERS.iter().find(|(name, _)| *name == parameter);
        if let Some((_, field)) = field.filter(|_| !value.is_empty()) {
            derived.set_named(field, AtomicValue::Text(value.into_owned()));
        }
    }
}
