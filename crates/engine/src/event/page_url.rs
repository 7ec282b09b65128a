//! Fields that are derived from the page's and the referrer's URL.

use std::borrow::Cow;
use std::sync::LazyLock;

use url::Url;

use super::atomic_field::AtomicField;
use crate::datum::Datum;

/// Which URL a field is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Page,
    Referrer,
}

/// Where a derived field comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Derivation {
    pub(super) source: Source,
    part: Part,
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Scheme,
    Host,
    Port,
    Path,
    Query,
    Fragment,
    /// The parameter of that name.
    Campaign(&'static str),
}

const PARTS: &[(&str, Source, Part)] = &[
    ("page_urlscheme", Source::Page, Part::Scheme),
    ("page_urlhost", Source::Page, Part::Host),
    ("page_urlport", Source::Page, Part::Port),
    ("page_urlpath", Source::Page, Part::Path),
    ("page_urlquery", Source::Page, Part::Query),
    ("page_urlfragment", Source::Page, Part::Fragment),
    ("refr_urlscheme", Source::Referrer, Part::Scheme),
    ("refr_urlhost", Source::Referrer, Part::Host),
    ("refr_urlport", Source::Referrer, Part::Port),
    ("refr_urlpath", Source::Referrer, Part::Path),
    ("refr_urlquery", Source::Referrer, Part::Query),
    ("refr_urlfragment", Source::Referrer, Part::Fragment),
    ("mkt_medium", Source::Page, Part::Campaign("utm_medium")),
    ("mkt_source", Source::Page, Part::Campaign("utm_source")),
    ("mkt_term", Source::Page, Part::Campaign("utm_term")),
    ("mkt_content", Source::Page, Part::Campaign("utm_content")),
    ("mkt_campaign", Source::Page, Part::Campaign("utm_campaign")),
    ("mkt_clickid", Source::Page, Part::Campaign("gclid")),
];

/// How the field is derived; `None` for those that events bring themselves.
pub(super) fn derivation(field: AtomicField) -> Option<Derivation> {
    static DERIVATIONS: LazyLock<[Option<Derivation>; AtomicField::COUNT]> = LazyLock::new(|| {
        let mut derivations = [None; AtomicField::COUNT];
        for (name, source, part) in PARTS.iter().copied() {
            if let Some(field) = AtomicField::named(name) {
                derivations[field.index()] = Some(Derivation { source, part });
            }
        }
        derivations
    });
    DERIVATIONS[field.index()]
}

impl Derivation {
    /// What `url` says of the field; null when it says nothing.
    pub(super) fn read(self, url: &Url) -> Datum<'_> {
        let part = match self.part {
            Part::Port => {
                let port = url.port_or_known_default().map(i64::from);
                return port.map_or(Datum::Null, Datum::Integer);
            }
            Part::Scheme => Some(url.scheme().into()),
            Part::Host => url.host_str().map(Cow::from),
            Part::Path => Some(url.path().into()),
            Part::Query => url.query().map(Cow::from),
            Part::Fragment => url.fragment().map(Cow::from),
            // Given twice, the last one counts.
            Part::Campaign(parameter) => url
                .query_pairs()
                .filter(|(name, value)| name == parameter && !value.is_empty())
                .last()
                .map(|(_, value)| value),
        };
        part.filter(|part| !part.is_empty()).map_or(Datum::Null, Datum::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_derived_field_is_one() {
        for (name, ..) in PARTS {
            assert!(AtomicField::named(name).is_some_and(|it| derivation(it).is_some()), "{name}");
        }
    }
}
