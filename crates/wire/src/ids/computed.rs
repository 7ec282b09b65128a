use std::borrow::Cow;

use crate::query::{click, cross_domain, parameter};
use crate::url::Parts;

/// What enrichment computes from the URL of a page or of its referrer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromUrl {
    /// `https`.
    Scheme,
    /// The host as it was sent.
    Host,
    /// The port, or the usual one: see [`Parts::port`].
    Port,
    /// The path as it was sent.
    Path,
    /// The query as it was sent.
    Query,
    /// The fragment as it was sent.
    Fragment,
    /// The query's parameter of that name, decoded.
    Parameter(&'static str),
    /// The id of the advertisement's click.
    ClickId,
    /// The network of the advertisement's click.
    Network,
    /// The domain user id on the site whose link led here.
    CrossDomainUser,
    /// When that link was followed, in milliseconds since 1970.
    CrossDomainTime,
}

impl FromUrl {
    /// What a URL says of it; `None` where it says nothing.
    ///
    /// ```
    /// use signals_wire::ids::FromUrl;
    /// let url = "https://shop.example/?utm_source=mail&gclid=g1";
    /// assert_eq!(FromUrl::Parameter("utm_source").read(url).as_deref(), Some("mail"));
    /// assert_eq!(FromUrl::Network.read(url).as_deref(), Some("Google"));
    /// ```
    pub fn read(self, url: &str) -> Option<Cow<'_, str>> {
        let parts = Parts::of(url);
        let part = match self {
            FromUrl::Scheme => parts.scheme,
            FromUrl::Host => parts.host,
            FromUrl::Port => parts.port,
            FromUrl::Path => parts.path,
            FromUrl::Query => parts.query,
            FromUrl::Fragment => parts.fragment,
            FromUrl::Parameter(name) => return parameter(parts.query?, name),
            FromUrl::ClickId => return click(parts.query?).map(|(id, _)| id),
            FromUrl::Network => return click(parts.query?).map(|(_, network)| network.into()),
            FromUrl::CrossDomainUser => {
                return cross_domain(parts.query?)?.domain_userid.map(Cow::Owned);
            }
            FromUrl::CrossDomainTime => return cross_domain(parts.query?)?.tstamp.map(Cow::Owned),
        };
        part.map(Cow::Borrowed)
    }
}

/// `(enriched name, parameter with the URL, what of it)`.
pub const FROM_URLS: &[(&str, &str, FromUrl)] = &[
    ("page_urlscheme", "url", FromUrl::Scheme),
    ("page_urlhost", "url", FromUrl::Host),
    ("page_urlport", "url", FromUrl::Port),
    ("page_urlpath", "url", FromUrl::Path),
    ("page_urlquery", "url", FromUrl::Query),
    ("page_urlfragment", "url", FromUrl::Fragment),
    ("refr_urlscheme", "refr", FromUrl::Scheme),
    ("refr_urlhost", "refr", FromUrl::Host),
    ("refr_urlport", "refr", FromUrl::Port),
    ("refr_urlpath", "refr", FromUrl::Path),
    ("refr_urlquery", "refr", FromUrl::Query),
    ("refr_urlfragment", "refr", FromUrl::Fragment),
    ("mkt_medium", "url", FromUrl::Parameter("utm_medium")),
    ("mkt_source", "url", FromUrl::Parameter("utm_source")),
    ("mkt_term", "url", FromUrl::Parameter("utm_term")),
    ("mkt_content", "url", FromUrl::Parameter("utm_content")),
    ("mkt_campaign", "url", FromUrl::Parameter("utm_campaign")),
    ("mkt_clickid", "url", FromUrl::ClickId),
    ("mkt_network", "url", FromUrl::Network),
    ("refr_domain_userid", "url", FromUrl::CrossDomainUser),
    ("refr_dvce_tstamp", "url", FromUrl::CrossDomainTime),
    // Not its enriched name, but the one that `@snowplow/signals-browser-plugin` knows it by.
    ("refr_device_tstamp", "url", FromUrl::CrossDomainTime),
];

/// What enrichment computes from an event besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Computed {
    EventType,
    Vendor,
    Name,
    Format,
    Version,
    Width(&'static str),
    Height(&'static str),
}

/// By enriched name.
pub(super) const COMPUTED: &[(&str, Computed)] = &[
    ("event", Computed::EventType),
    ("event_vendor", Computed::Vendor),
    ("event_name", Computed::Name),
    ("event_format", Computed::Format),
    ("event_version", Computed::Version),
];
