//! Fields that are derived from the page's and the referrer's URL.

use std::sync::LazyLock;

use url::Url;

use super::atomic::AtomicValue;
use super::atomic_field::AtomicField;

/// The fields that one URL fills.
struct UrlFields {
    scheme: AtomicField,
    host: AtomicField,
    port: AtomicField,
    path: AtomicField,
    query: AtomicField,
    fragment: AtomicField,
}

const PAGE: UrlFields = UrlFields {
    scheme: AtomicField::known("page_urlscheme"),
    host: AtomicField::known("page_urlhost"),
    port: AtomicField::known("page_urlport"),
    path: AtomicField::known("page_urlpath"),
    query: AtomicField::known("page_urlquery"),
    fragment: AtomicField::known("page_urlfragment"),
};

const REFERRER: UrlFields = UrlFields {
    scheme: AtomicField::known("refr_urlscheme"),
    host: AtomicField::known("refr_urlhost"),
    port: AtomicField::known("refr_urlport"),
    path: AtomicField::known("refr_urlpath"),
    query: AtomicField::known("refr_urlquery"),
    fragment: AtomicField::known("refr_urlfragment"),
};

const CAMPAIGN_PARAMETERS: &[(&str, AtomicField)] = &[
    ("utm_medium", AtomicField::known("mkt_medium")),
    ("utm_source", AtomicField::known("mkt_source")),
    ("utm_term", AtomicField::known("mkt_term")),
    ("utm_content", AtomicField::known("mkt_content")),
    ("utm_campaign", AtomicField::known("mkt_campaign")),
    ("gclid", AtomicField::known("mkt_clickid")),
];

impl UrlFields {
    const fn all(&self) -> [AtomicField; 6] {
        [self.scheme, self.host, self.port, self.path, self.query, self.fragment]
    }
}

/// Whether a URL has to be parsed to know the field.
pub(super) fn is_derived(field: AtomicField) -> bool {
    static DERIVED: LazyLock<[bool; AtomicField::COUNT]> = LazyLock::new(|| {
        let campaign = CAMPAIGN_PARAMETERS.iter().map(|(_, field)| *field);
        let fields = PAGE.all().into_iter().chain(REFERRER.all()).chain(campaign);
        let mut derived = [false; AtomicField::COUNT];
        fields.for_each(|field| derived[field.index()] = true);
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

    fn set(&mut self, field: AtomicField, value: AtomicValue) {
        self.0.push((field, value));
    }
}

fn set_parts(derived: &mut DerivedFields, fields: &UrlFields, url: &Url) {
    let mut set = |field, part: Option<&str>| {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            derived.set(field, AtomicValue::Text(part.to_owned()));
        }
    };
    set(fields.scheme, Some(url.scheme()));
    set(fields.host, url.host_str());
    set(fields.path, Some(url.path()));
    set(fields.query, url.query());
    set(fields.fragment, url.fragment());
    if let Some(port) = url.port_or_known_default() {
        derived.set(fields.port, AtomicValue::Integer(i64::from(port)));
    }
}

fn set_campaign(derived: &mut DerivedFields, url: &Url) {
    for (parameter, value) in url.query_pairs() {
        let field = CAMPAIGN_PARAMETERS.iter().find(|(name, _)| *name == parameter);
        if let Some((_, field)) = field.filter(|_| !value.is_empty()) {
            derived.set(*field, AtomicValue::Text(value.into_owned()));
        }
    }
}
