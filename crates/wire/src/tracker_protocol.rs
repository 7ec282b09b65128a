//! The Snowplow tracker protocol: short wire parameters and their enriched names.

use std::borrow::Cow;

use crate::identifier::is_canonical_uuid;
use crate::text::clean;

/// Prefix of every path on which collectors take events, and of the usual POST path.
pub const POST_PATH: &str = "/com.snowplowanalytics.snowplow/tp2";

/// The type of a field's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A UUID, which enrichment converts to lower case.
    Uuid,
    /// A whole number. The text `null` in any letter case counts as missing.
    Integer,
    /// A number. The text `null` in any letter case counts as missing.
    Number,
    /// `1` or `0`.
    Boolean,
    /// Milliseconds since 1970.
    Moment,
}

impl FieldKind {
    /// Whether `text` means that a number is missing.
    ///
    /// ```
    /// use signals_wire::tracker_protocol::FieldKind;
    /// assert!(FieldKind::Integer.is_null("NULL"));
    /// assert!(!FieldKind::Text.is_null("null"));
    /// ```
    pub fn is_null(self, text: &str) -> bool {
        matches!(self, FieldKind::Integer | FieldKind::Number) && text.eq_ignore_ascii_case("null")
    }

    /// Normalises the text of a field: removes control characters, and converts UUIDs to lower case.
    ///
    /// ```
    /// use signals_wire::tracker_protocol::FieldKind;
    /// assert_eq!(FieldKind::Text.normal("Ada\n".into()), "Ada");
    /// let id = "218E8926-3858-431D-B2ED-66DA03A1CBE5";
    /// assert_eq!(FieldKind::Uuid.normal(id.into()), id.to_ascii_lowercase());
    /// ```
    pub fn normal(self, text: Cow<'_, str>) -> Cow<'_, str> {
        let text = clean(text);
        let has_capitals = || text.bytes().any(|byte| byte.is_ascii_uppercase());
        if self == FieldKind::Uuid && is_canonical_uuid(&text) && has_capitals() {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        text
    }

    /// Whether the [normalised](FieldKind::normal) text of a field can be an id. Numbers must be in plain decimal notation, so that both
    /// ends agree on the id without parsing numbers.
    pub fn can_be_id(self, text: &str) -> bool {
        match self {
            FieldKind::Text | FieldKind::Uuid => true,
            FieldKind::Integer | FieldKind::Number | FieldKind::Moment => is_plain_number(text),
            FieldKind::Boolean => matches!(text, "0" | "1" | "true" | "false"),
        }
    }
}

/// The length of decimals that are certain to be in the range of a double. Longer ones mean nothing.
const MAX_DIGITS: usize = 300;

/// `-12.5`, but neither `+1`, `.5`, `1.` nor `1e3`.
fn is_plain_number(text: &str) -> bool {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    text.len() <= MAX_DIGITS && is_digits(whole) && fraction.is_none_or(is_digits)
}

/// A field that trackers send and enrichment copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The wire parameter, for example `duid`.
    pub parameter: &'static str,
    /// The enriched name, for example `domain_userid`.
    pub name: &'static str,
    /// The type of its text.
    pub kind: FieldKind,
}

impl Field {
    /// The field called `name`: its enriched name, its wire parameter, or an [older](OLDER_PARAMETERS) or
    /// [stronger](STRONGER_PARAMETERS) parameter.
    ///
    /// ```
    /// use signals_wire::tracker_protocol::Field;
    /// for name in ["ti_name", "ti_na", "ti_nm"] {
    ///     assert_eq!(Field::named(name).map(|field| field.parameter), Some("ti_na"));
    /// }
    /// assert_eq!(Field::named("page_urlhost"), None, "is computed");
    /// ```
    pub fn named(name: &str) -> Option<&'static Field> {
        let others = STRONGER_PARAMETERS.iter().chain(OLDER_PARAMETERS);
        let synonym = others.clone().find(|(other, _)| *other == name);
        let name = synonym.map_or(name, |(_, parameter)| parameter);
        FIELDS.iter().find(|field| field.name == name || field.parameter == name)
    }

    /// The parameters that can contain this field, the strongest first. The first one with a value counts.
    pub fn parameters(&self) -> Vec<&'static str> {
        let mut parameters = Vec::new();
        let add_others = |list: &[(&'static str, &'static str)], parameters: &mut Vec<_>| {
            for (other, of) in list {
                if *of == self.parameter {
                    parameters.push(*other);
                }
            }
        };
        add_others(STRONGER_PARAMETERS, &mut parameters);
        parameters.push(self.parameter);
        add_others(OLDER_PARAMETERS, &mut parameters);
        parameters
    }
}

const fn field(parameter: &'static str, name: &'static str, kind: FieldKind) -> Field {
    Field { parameter, name, kind }
}

use FieldKind::{Boolean, Integer, Moment, Number, Text, Uuid};

/// The fields that enrichment copies.
///
/// Fields that are computed (`e`, `res`, `vp`, `ds`, the URL parts) are not in this table.
pub const FIELDS: &[Field] = &[
    field("aid", "app_id", Text),
    field("p", "platform", Text),
    field("dtm", "dvce_created_tstamp", Moment),
    field("stm", "dvce_sent_tstamp", Moment),
    field("ttm", "true_tstamp", Moment),
    field("eid", "event_id", Uuid),
    field("tid", "txn_id", Integer),
    field("tna", "name_tracker", Text),
    field("tv", "v_tracker", Text),
    field("cv", "v_collector", Text),
    field("uid", "user_id", Text),
    field("duid", "domain_userid", Text),
    field("vid", "domain_sessionidx", Integer),
    field("sid", "domain_sessionid", Uuid),
    field("nuid", "network_userid", Text),
    field("ip", "user_ipaddress", Text),
    field("fp", "user_fingerprint", Text),
    field("url", "page_url", Text),
    field("page", "page_title", Text),
    field("refr", "page_referrer", Text),
    field("lang", "br_lang", Text),
    field("cs", "doc_charset", Text),
    field("tz", "os_timezone", Text),
    field("cd", "br_colordepth", Text),
    field("cookie", "br_cookies", Boolean),
    field("f_pdf", "br_features_pdf", Boolean),
    field("f_fla", "br_features_flash", Boolean),
    field("f_java", "br_features_java", Boolean),
    field("f_dir", "br_features_director", Boolean),
    field("f_qt", "br_features_quicktime", Boolean),
    field("f_realp", "br_features_realplayer", Boolean),
    field("f_wma", "br_features_windowsmedia", Boolean),
    field("f_gears", "br_features_gears", Boolean),
    field("f_ag", "br_features_silverlight", Boolean),
    field("ua", "useragent", Text),
    field("se_ca", "se_category", Text),
    field("se_ac", "se_action", Text),
    field("se_la", "se_label", Text),
    field("se_pr", "se_property", Text),
    field("se_va", "se_value", Number),
    field("pp_mix", "pp_xoffset_min", Integer),
    field("pp_max", "pp_xoffset_max", Integer),
    field("pp_miy", "pp_yoffset_min", Integer),
    field("pp_may", "pp_yoffset_max", Integer),
    field("tr_id", "tr_orderid", Text),
    field("tr_af", "tr_affiliation", Text),
    field("tr_tt", "tr_total", Number),
    field("tr_tx", "tr_tax", Number),
    field("tr_sh", "tr_shipping", Number),
    field("tr_ci", "tr_city", Text),
    field("tr_st", "tr_state", Text),
    field("tr_co", "tr_country", Text),
    field("tr_cu", "tr_currency", Text),
    field("ti_id", "ti_orderid", Text),
    field("ti_sk", "ti_sku", Text),
    field("ti_na", "ti_name", Text),
    field("ti_ca", "ti_category", Text),
    field("ti_pr", "ti_price", Number),
    field("ti_qu", "ti_quantity", Integer),
    field("ti_cu", "ti_currency", Text),
];

/// `(parameter, usual parameter)`: the names of some parameters in older trackers. They count if the usual one has no value.
pub const OLDER_PARAMETERS: &[(&str, &str)] = &[
    ("ev_ca", "se_ca"),
    ("ev_ac", "se_ac"),
    ("ev_la", "se_la"),
    ("ev_pr", "se_pr"),
    ("ev_va", "se_va"),
    ("ti_nm", "ti_na"),
];

/// `(parameter, usual parameter)`: parameters that take precedence over the usual one. Servers that forward a visitor's events send the
/// visitor's network user id in `tnuid`.
pub const STRONGER_PARAMETERS: &[(&str, &str)] = &[("tnuid", "nuid")];

/// Parameters with `{width}x{height}`, and the enriched names of both.
pub const SIZES: &[(&str, &str, &str)] = &[
    ("res", "dvce_screenwidth", "dvce_screenheight"),
    ("vp", "br_viewwidth", "br_viewheight"),
    ("ds", "doc_width", "doc_height"),
];

/// Width and height in a text such as `1280x720`, in digits.
///
/// ```
/// use signals_wire::tracker_protocol::parse_size;
/// assert_eq!(parse_size("1280x0720"), Some(("1280", "720")));
/// for nonsense in ["1280", "0x-5", "+1x2", "nullxnull", "1x2x3", "99999999999x1"] {
///     assert_eq!(parse_size(nonsense), None);
/// }
/// ```
pub fn parse_size(text: &str) -> Option<(&str, &str)> {
    let (width, height) = text.split_once('x')?;
    Some((parse_pixels(width)?, parse_pixels(height)?))
}

fn parse_pixels(text: &str) -> Option<&str> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    // Enrichment stores it in 32 bits.
    (is_digits && text.parse::<u64>().is_ok_and(|pixels| i32::try_from(pixels).is_ok()))
        .then(|| without_leading_zeros(text))
}

/// Digits without leading zeros.
pub(crate) fn without_leading_zeros(digits: &str) -> &str {
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() && !digits.is_empty() { "0" } else { trimmed }
}

/// `(wire value of e, enriched event, schema from enrichment)`.
///
/// Self-describing events (`ue`) have their own schema. Older trackers call structured events `ev`.
pub const EVENT_TYPES: &[(&str, &str, Option<&str>)] = &[
    ("pv", "page_view", Some("iglu:com.snowplowanalytics.snowplow/page_view/jsonschema/1-0-0")),
    ("pp", "page_ping", Some("iglu:com.snowplowanalytics.snowplow/page_ping/jsonschema/1-0-0")),
    ("ue", "unstruct", None),
    ("se", "struct", Some("iglu:com.google.analytics/event/jsonschema/1-0-0")),
    ("ev", "struct", Some("iglu:com.google.analytics/event/jsonschema/1-0-0")),
    ("tr", "transaction", Some("iglu:com.snowplowanalytics.snowplow/transaction/jsonschema/1-0-0")),
    (
        "ti",
        "transaction_item",
        Some("iglu:com.snowplowanalytics.snowplow/transaction_item/jsonschema/1-0-0"),
    ),
];

/// The [enriched event and the schema](EVENT_TYPES) of a wire value of `e`.
pub fn event_type(wire: &str) -> Option<(&'static str, Option<&'static str>)> {
    EVENT_TYPES
        .iter()
        .find(|(known, ..)| *known == wire)
        .map(|(_, event, schema)| (*event, *schema))
}
