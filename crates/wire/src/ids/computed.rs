use std::borrow::Cow;

use crate::query::{click, cross_domain, parameter};
use crate::url::Parts;

/// The values that enrichment computes from the URL of a page or its referrer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromUrl {
    /// The scheme, for example `https`.
    Scheme,
    /// The host, unchanged.
    Host,
    /// The port, or the default port: see [`Parts::port`].
    Port,
    /// The path, unchanged.
    Path,
    /// The query, unchanged.
    Query,
    /// The fragment, unchanged.
    Fragment,
    /// A parameter of the query, decoded.
    Parameter(&'static str),
    /// The id of a click on an advertisement.
    ClickId,
    /// The advertising network of that click.
    Network,
    /// The domain user id on the site that linked to the page.
    CrossDomainUser,
    /// When the user followed that link, in milliseconds since 1970.
    CrossDomainTime,
}

impl FromUrl {
    /// Reads the value from a URL. `None` if the URL does not contain it.
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

/// `(enriched name, parameter with the URL, value)`.
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
    // Not the enriched name, but the name in `@snowplow/signals-browser-plugin`.
    ("refr_device_tstamp", "url", FromUrl::CrossDomainTime),
];

/// The other values that enrichment computes from an event.
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
