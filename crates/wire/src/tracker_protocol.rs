//! The Snowplow tracker protocol: short wire parameters and the enriched names that people know them by.

/// Prefix of every path on which collectors take events, and of the usual POST path.
pub const POST_PATH: &str = "/com.snowplowanalytics.snowplow/tp2";

/// `(wire parameter, enriched name)` of every field that is carried over unchanged.
///
/// Fields that need work (`e`, `res`, `vp`, `ds`, the URL parts) are not in this table.
pub const RENAMED_FIELDS: &[(&str, &str)] = &[
    ("aid", "app_id"),
    ("p", "platform"),
    ("dtm", "dvce_created_tstamp"),
    ("stm", "dvce_sent_tstamp"),
    ("ttm", "true_tstamp"),
    ("eid", "event_id"),
    ("tid", "txn_id"),
    ("tna", "name_tracker"),
    ("tv", "v_tracker"),
    ("uid", "user_id"),
    ("duid", "domain_userid"),
    ("vid", "domain_sessionidx"),
    ("sid", "domain_sessionid"),
    ("nuid", "network_userid"),
    ("ip", "user_ipaddress"),
    ("fp", "user_fingerprint"),
    ("url", "page_url"),
    ("page", "page_title"),
    ("refr", "page_referrer"),
    ("lang", "br_lang"),
    ("cs", "doc_charset"),
    ("tz", "os_timezone"),
    ("cd", "br_colordepth"),
    ("cookie", "br_cookies"),
    ("ua", "useragent"),
    ("se_ca", "se_category"),
    ("se_ac", "se_action"),
    ("se_la", "se_label"),
    ("se_pr", "se_property"),
    ("se_va", "se_value"),
    ("pp_mix", "pp_xoffset_min"),
    ("pp_max", "pp_xoffset_max"),
    ("pp_miy", "pp_yoffset_min"),
    ("pp_may", "pp_yoffset_max"),
    ("tr_id", "tr_orderid"),
    ("tr_af", "tr_affiliation"),
    ("tr_tt", "tr_total"),
    ("tr_tx", "tr_tax"),
    ("tr_sh", "tr_shipping"),
    ("tr_ci", "tr_city"),
    ("tr_st", "tr_state"),
    ("tr_co", "tr_country"),
    ("tr_cu", "tr_currency"),
    ("ti_id", "ti_orderid"),
    ("ti_sk", "ti_sku"),
    ("ti_na", "ti_name"),
    ("ti_ca", "ti_category"),
    ("ti_pr", "ti_price"),
    ("ti_qu", "ti_quantity"),
    ("ti_cu", "ti_currency"),
];

/// `(wire value of e, enriched event, schema that enrichment gives it)`.
///
/// Self-describing events (`ue`) carry their own schema.
pub const EVENT_TYPES: &[(&str, &str, Option<&str>)] = &[
    ("pv", "page_view", Some("iglu:com.snowplowanalytics.snowplow/page_view/jsonschema/1-0-0")),
    ("pp", "page_ping", Some("iglu:com.snowplowanalytics.snowplow/page_ping/jsonschema/1-0-0")),
    ("ue", "unstruct", None),
    ("se", "struct", Some("iglu:com.google.analytics/event/jsonschema/1-0-0")),
    ("tr", "transaction", Some("iglu:com.snowplowanalytics.snowplow/transaction/jsonschema/1-0-0")),
    (
        "ti",
        "transaction_item",
        Some("iglu:com.snowplowanalytics.snowplow/transaction_item/jsonschema/1-0-0"),
    ),
];
