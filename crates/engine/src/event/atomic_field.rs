//! The atomic fields, by their enriched names.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The type of an atomic field.
pub(crate) use signals_wire::tracker_protocol::FieldKind as FieldType;

/// One column of Snowplow's `atomic.events`: an index into [`FIELDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AtomicField(u8);

impl AtomicField {
    /// How many fields there are.
    pub(crate) const COUNT: usize = FIELDS.len();

    /// The field with the enriched name `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        BY_NAME.get(name).copied()
    }

    /// The field with the enriched name `name`, for names in the source: in a constant, a wrong name does not compile.
    pub(crate) const fn known(name: &str) -> Self {
        let mut index = 0;
        while index < FIELDS.len() {
            if is_same(FIELDS[index].0, name) {
                return Self(index as u8);
            }
            index += 1;
        }
        panic!("no atomic field has this name")
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Every field with its enriched name, in the order of the columns of an enriched event.
    pub(super) fn all() -> impl Iterator<Item = (Self, &'static str)> {
        (0..).map(AtomicField).zip(FIELDS).map(|(field, &(name, _))| (field, name))
    }

    pub(crate) fn field_type(self) -> FieldType {
        FIELDS[self.index()].1
    }
}

/// `left == right`, which constants cannot evaluate yet.
const fn is_same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

static BY_NAME: LazyLock<HashMap<&str, AtomicField>> =
    LazyLock::new(|| AtomicField::all().map(|(field, name)| (name, field)).collect());

use FieldType::{Boolean, Integer, Moment, Number, Text, Uuid};

/// In the order of the columns of an enriched event.
///
/// Also lists fields that come from lookup databases (`geo_…`, `ip_…`, `br_name`). Definitions can use them. Only enriched events
/// have values for them: in events from trackers, they are null.
const FIELDS: &[(&str, FieldType)] = &[
    ("app_id", Text),
    ("platform", Text),
    ("etl_tstamp", Moment),
    ("collector_tstamp", Moment),
    ("dvce_created_tstamp", Moment),
    ("event", Text),
    ("event_id", Uuid),
    ("txn_id", Integer),
    ("name_tracker", Text),
    ("v_tracker", Text),
    ("v_collector", Text),
    ("v_etl", Text),
    ("user_id", Text),
    ("user_ipaddress", Text),
    ("user_fingerprint", Text),
    ("domain_userid", Text),
    ("domain_sessionidx", Integer),
    ("network_userid", Text),
    ("geo_country", Text),
    ("geo_region", Text),
    ("geo_city", Text),
    ("geo_zipcode", Text),
    ("geo_latitude", Number),
    ("geo_longitude", Number),
    ("geo_region_name", Text),
    ("ip_isp", Text),
    ("ip_organization", Text),
    ("ip_domain", Text),
    ("ip_netspeed", Text),
    ("page_url", Text),
    ("page_title", Text),
    ("page_referrer", Text),
    ("page_urlscheme", Text),
    ("page_urlhost", Text),
    ("page_urlport", Integer),
    ("page_urlpath", Text),
    ("page_urlquery", Text),
    ("page_urlfragment", Text),
    ("refr_urlscheme", Text),
    ("refr_urlhost", Text),
    ("refr_urlport", Integer),
    ("refr_urlpath", Text),
    ("refr_urlquery", Text),
    ("refr_urlfragment", Text),
    ("refr_medium", Text),
    ("refr_source", Text),
    ("refr_term", Text),
    ("mkt_medium", Text),
    ("mkt_source", Text),
    ("mkt_term", Text),
    ("mkt_content", Text),
    ("mkt_campaign", Text),
    ("contexts", Text),
    ("se_category", Text),
    ("se_action", Text),
    ("se_label", Text),
    ("se_property", Text),
    ("se_value", Number),
    ("unstruct_event", Text),
    ("tr_orderid", Text),
    ("tr_affiliation", Text),
    ("tr_total", Number),
    ("tr_tax", Number),
    ("tr_shipping", Number),
    ("tr_city", Text),
    ("tr_state", Text),
    ("tr_country", Text),
    ("ti_orderid", Text),
    ("ti_sku", Text),
    ("ti_name", Text),
    ("ti_category", Text),
    ("ti_price", Number),
    ("ti_quantity", Integer),
    ("pp_xoffset_min", Integer),
    ("pp_xoffset_max", Integer),
    ("pp_yoffset_min", Integer),
    ("pp_yoffset_max", Integer),
    ("useragent", Text),
    ("br_name", Text),
    ("br_family", Text),
    ("br_version", Text),
    ("br_type", Text),
    ("br_renderengine", Text),
    ("br_lang", Text),
    ("br_features_pdf", Boolean),
    ("br_features_flash", Boolean),
    ("br_features_java", Boolean),
    ("br_features_director", Boolean),
    ("br_features_quicktime", Boolean),
    ("br_features_realplayer", Boolean),
    ("br_features_windowsmedia", Boolean),
    ("br_features_gears", Boolean),
    ("br_features_silverlight", Boolean),
    ("br_cookies", Boolean),
    ("br_colordepth", Text),
    ("br_viewwidth", Integer),
    ("br_viewheight", Integer),
    ("os_name", Text),
    ("os_family", Text),
    ("os_manufacturer", Text),
    ("os_timezone", Text),
    ("dvce_type", Text),
    ("dvce_ismobile", Boolean),
    ("dvce_screenwidth", Integer),
    ("dvce_screenheight", Integer),
    ("doc_charset", Text),
    ("doc_width", Integer),
    ("doc_height", Integer),
    ("tr_currency", Text),
    ("tr_total_base", Number),
    ("tr_tax_base", Number),
    ("tr_shipping_base", Number),
    ("ti_currency", Text),
    ("ti_price_base", Number),
    ("base_currency", Text),
    ("geo_timezone", Text),
    ("mkt_clickid", Text),
    ("mkt_network", Text),
    ("etl_tags", Text),
    ("dvce_sent_tstamp", Moment),
    ("refr_domain_userid", Text),
    ("refr_dvce_tstamp", Moment),
    ("derived_contexts", Text),
    ("domain_sessionid", Uuid),
    ("derived_tstamp", Moment),
    ("event_vendor", Text),
    ("event_name", Text),
    ("event_format", Text),
    ("event_version", Text),
    ("event_fingerprint", Text),
    ("true_tstamp", Moment),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_listed_twice() {
        assert_eq!(BY_NAME.len(), AtomicField::COUNT);
    }

    #[test]
    fn a_field_that_trackers_send_holds_here_what_it_holds_for_them() {
        for sent in signals_wire::tracker_protocol::FIELDS {
            let field = AtomicField::named(sent.name).unwrap();
            assert_eq!(field.field_type(), sent.kind, "{}", sent.name);
        }
    }
}
