use serde::Deserialize;
use serde_json::json;

use super::*;

const ARRIVED: i64 = 1_795_333_700_000;

fn arrival() -> Arrival {
    Arrival {
        collector_tstamp: Timestamp::from_millis(ARRIVED),
        network_userid: Some("0b1c2d3e-0000-4000-8000-00000000000a".to_owned()),
        referer: None,
        useragent: Some("Agent/1.0".to_owned()),
        user_ipaddress: Some("203.0.113.7".to_owned()),
    }
}

fn event(payload: Value) -> Event {
    Event::from_payload(Payload::deserialize(&payload).unwrap(), &arrival()).unwrap()
}

fn refusal(payload: Value) -> String {
    Event::from_payload(Payload::deserialize(&payload).unwrap(), &arrival())
        .unwrap_err()
        .to_string()
}

fn contexts(data: Value) -> String {
    json!({"schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0", "data": data})
        .to_string()
}

/// One entity, whose data need not be JSON.
fn contexts_of(data: &str) -> String {
    contexts(json!([{"schema": "iglu:com.acme/product/jsonschema/1-0-0", "data": "DATA"}]))
        .replace("\"DATA\"", data)
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE.encode(text)
}

fn unstruct(data: Value) -> String {
    json!({"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0", "data": data}).to_string()
}

#[test]
fn every_parameter_is_found_under_its_enriched_name() {
    let cases = [
        ("aid", "shop", "app_id", json!("shop")),
        ("p", "web", "platform", json!("web")),
        ("dtm", "1795333691482", "dvce_created_tstamp", json!("2026-11-22T07:48:11.482Z")),
        ("stm", "1795333691491", "dvce_sent_tstamp", json!("2026-11-22T07:48:11.491Z")),
        ("ttm", "0", "true_tstamp", json!("1970-01-01T00:00:00.000Z")),
        (
            "eid",
            "c4dcb15d-820d-4d5c-ae50-9965f4e5fce2",
            "event_id",
            json!("c4dcb15d-820d-4d5c-ae50-9965f4e5fce2"),
        ),
        ("tid", "123456", "txn_id", json!(123_456)),
        ("tna", "sp", "name_tracker", json!("sp")),
        ("tv", "js-4.10.1", "v_tracker", json!("js-4.10.1")),
        ("uid", "ann", "user_id", json!("ann")),
        ("duid", "d", "domain_userid", json!("d")),
        ("vid", "3", "domain_sessionidx", json!(3)),
        ("sid", "s", "domain_sessionid", json!("s")),
        ("nuid", "n", "network_userid", json!("n")),
        ("ip", "198.51.100.1", "user_ipaddress", json!("198.51.100.1")),
        ("fp", "42", "user_fingerprint", json!("42")),
        ("page", "Café ☕", "page_title", json!("Café ☕")),
        ("lang", "en-US", "br_lang", json!("en-US")),
        ("cs", "UTF-8", "doc_charset", json!("UTF-8")),
        ("tz", "Europe/London", "os_timezone", json!("Europe/London")),
        ("cd", "24", "br_colordepth", json!("24")),
        ("cookie", "1", "br_cookies", json!(true)),
        ("ua", "Other/2", "useragent", json!("Other/2")),
        ("res", "1280x720", "dvce_screenwidth", json!(1280)),
        ("res", "1280x720", "dvce_screenheight", json!(720)),
        ("vp", "800x600", "br_viewwidth", json!(800)),
        ("vp", "800x600", "br_viewheight", json!(600)),
        ("ds", "800x3000", "doc_width", json!(800)),
        ("ds", "800x3000", "doc_height", json!(3000)),
        ("se_ca", "shop", "se_category", json!("shop")),
        ("se_ac", "click", "se_action", json!("click")),
        ("se_la", "hero", "se_label", json!("hero")),
        ("se_pr", "x", "se_property", json!("x")),
        ("se_va", "4.5", "se_value", json!(4.5)),
        ("pp_mix", "0", "pp_xoffset_min", json!(0)),
        ("pp_max", "10", "pp_xoffset_max", json!(10)),
        ("pp_miy", "20", "pp_yoffset_min", json!(20)),
        ("pp_may", "30.7", "pp_yoffset_max", json!(30)),
        ("tr_tt", "19.98", "tr_total", json!(19.98)),
        ("ti_qu", "2", "ti_quantity", json!(2)),
    ];
    for (parameter, text, field, expected) in cases {
        let event = event(json!({"e": "pv", parameter: text}));
        assert_eq!(event.atomic(field), expected, "{parameter} → {field}");
    }
}

#[test]
fn the_page_url_falls_into_its_parts_and_its_campaign() {
    let event = event(json!({
        "e": "pv",
        "url": "https://shop.example:8443/a/b?utm_source=news&utm_medium=email&utm_campaign=black+friday&utm_term=t&utm_content=c&gclid=g1#top",
        "refr": "http://search.example/find?q=shoes",
    }));
    for (field, expected) in [
        ("page_urlscheme", json!("https")),
        ("page_urlhost", json!("shop.example")),
        ("page_urlport", json!(8443)),
        ("page_urlpath", json!("/a/b")),
        ("page_urlfragment", json!("top")),
        ("refr_urlscheme", json!("http")),
        ("refr_urlhost", json!("search.example")),
        ("refr_urlport", json!(80)),
        ("refr_urlpath", json!("/find")),
        ("refr_urlquery", json!("q=shoes")),
        ("refr_urlfragment", json!(null)),
        ("mkt_source", json!("news")),
        ("mkt_medium", json!("email")),
        ("mkt_campaign", json!("black friday")),
        ("mkt_term", json!("t")),
        ("mkt_content", json!("c")),
        ("mkt_clickid", json!("g1")),
    ] {
        assert_eq!(event.atomic(field), expected, "{field}");
    }
}

#[test]
fn a_text_that_is_no_url_is_a_path_and_the_event_good() {
    let event = event(json!({"e": "pv", "url": "not a url"}));
    assert_eq!(event.atomic("page_url"), json!("not a url"));
    assert_eq!(event.atomic("page_urlpath"), json!("not a url"));
    assert_eq!(event.atomic("page_urlhost"), json!(null));
}

#[test]
fn every_type_of_event_has_its_schema() {
    let search =
        json!({"schema": "iglu:com.example/search/jsonschema/2-0-1", "data": {"q": "shoes"}});
    for (payload, event_field, vendor, name, version) in [
        (json!({"e": "pv"}), "page_view", "com.snowplowanalytics.snowplow", "page_view", "1-0-0"),
        (json!({"e": "pp"}), "page_ping", "com.snowplowanalytics.snowplow", "page_ping", "1-0-0"),
        (json!({"e": "se"}), "struct", "com.google.analytics", "event", "1-0-0"),
        (
            json!({"e": "tr"}),
            "transaction",
            "com.snowplowanalytics.snowplow",
            "transaction",
            "1-0-0",
        ),
        (
            json!({"e": "ti"}),
            "transaction_item",
            "com.snowplowanalytics.snowplow",
            "transaction_item",
            "1-0-0",
        ),
        (
            json!({"e": "ue", "ue_pr": unstruct(search)}),
            "unstruct",
            "com.example",
            "search",
            "2-0-1",
        ),
    ] {
        let event = event(payload);
        assert_eq!(event.atomic("event"), json!(event_field));
        assert_eq!(event.atomic("event_vendor"), json!(vendor), "{event_field}");
        assert_eq!(event.atomic("event_name"), json!(name), "{event_field}");
        assert_eq!(event.atomic("event_format"), json!("jsonschema"), "{event_field}");
        assert_eq!(event.atomic("event_version"), json!(version), "{event_field}");
        assert_eq!(event.data().is_some(), event_field == "unstruct");
    }
}

#[test]
fn the_collector_fills_in_only_what_the_payload_does_not_say() {
    let silent = event(json!({"e": "pv", "ua": ""}));
    assert_eq!(silent.atomic("network_userid"), json!("0b1c2d3e-0000-4000-8000-00000000000a"));
    assert_eq!(silent.atomic("useragent"), json!("Agent/1.0"));
    assert_eq!(silent.atomic("user_ipaddress"), json!("203.0.113.7"));
    assert_eq!(
        silent.atomic("collector_tstamp"),
        json!(Timestamp::from_millis(ARRIVED).to_string())
    );

    let telling = event(json!({"e": "pv", "ua": "U", "nuid": "N", "ip": "I"}));
    assert_eq!(telling.atomic("network_userid"), json!("N"));
    assert_eq!(telling.atomic("useragent"), json!("U"));
    assert_eq!(telling.atomic("user_ipaddress"), json!("I"));
}

#[test]
fn the_derived_timestamp_corrects_the_device_clock_unless_the_tracker_knows_the_truth() {
    let cases = [
        ("no device clock", json!({"e": "pv"}), ARRIVED),
        (
            "waited 4 s on the device",
            json!({"e": "pv", "dtm": "1000", "stm": "5000"}),
            ARRIVED - 4000,
        ),
        ("clock ran backwards", json!({"e": "pv", "dtm": "5000", "stm": "1000"}), ARRIVED),
        ("never sent", json!({"e": "pv", "dtm": "1000"}), ARRIVED),
        ("truth", json!({"e": "pv", "dtm": "1000", "stm": "5000", "ttm": "777"}), 777),
    ];
    for (case, payload, expected) in cases {
        let event = event(payload);
        assert_eq!(event.derived_tstamp().as_millis(), expected, "{case}");
        assert_eq!(
            event.atomic("derived_tstamp"),
            json!(Timestamp::from_millis(expected).to_string()),
            "{case}"
        );
        assert_eq!(event.collector_tstamp().as_millis(), ARRIVED, "{case}");
    }
}

#[test]
fn entities_and_data_read_the_same_plain_and_in_any_base64() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

    // The question marks and umlauts make the two alphabets and the paddings differ.
    let entity = json!({"schema": "iglu:com.acme/product/jsonschema/1-0-0", "data": {"name": "??>>üüÿ☕ Café", "price": 9.99}});
    let action =
        json!({"schema": "iglu:com.acme/action/jsonschema/1-0-2", "data": {"type": "vïew??>"}});
    let (co, ue) = (contexts(json!([entity])), unstruct(action));
    let plain = event(json!({"e": "ue", "co": co, "ue_pr": ue}));
    assert_eq!(plain.entities()[0].data()["price"], json!(9.99));
    assert_eq!(plain.entities()[0].schema.name(), "product");
    assert_eq!(plain.data(), Some(&json!({"type": "vïew??>"})));

    for engine in [&URL_SAFE, &URL_SAFE_NO_PAD, &STANDARD, &STANDARD_NO_PAD] {
        let (cx, ue_px) = (engine.encode(&co), engine.encode(&ue));
        let broken = |text: &str| format!("{}\r\n{}\n", &text[..20], &text[20..]);
        for (cx, ue_px) in [
            (cx.replace('+', " "), ue_px.replace('+', " ")),
            (broken(&cx), broken(&ue_px)),
            (cx, ue_px),
        ] {
            let encoded = event(json!({"e": "ue", "cx": cx, "ue_px": ue_px}));
            assert_eq!(encoded.entities(), plain.entities());
            assert_eq!(encoded.data(), plain.data());
            assert_eq!(encoded.schema(), plain.schema());
        }
    }
}

#[test]
fn a_malformed_parameter_is_refused_by_name_and_reason() {
    let no_uri = json!([{"schema": "product", "data": {}}]);
    for (payload, expected) in [
        (json!({}), "e: missing"),
        (json!({"e": "zz"}), "e: `zz` is not a type of event"),
        (json!({"e": "ue"}), "ue_pr: missing"),
        (json!({"e": "pv", "dtm": "soon"}), "dtm: `soon` is not a time in milliseconds"),
        (json!({"e": "pv", "vid": "three"}), "vid: `three` is not an integer"),
        (json!({"e": "se", "se_va": "NaN"}), "se_va: `NaN` is not a number"),
        (json!({"e": "pv", "cookie": "maybe"}), "cookie: `maybe` is not a boolean (0 or 1)"),
        (json!({"e": "pv", "res": "wide"}), "res: `wide` is not a size such as 1280x720"),
        (json!({"e": "pv", "page": {"a": 1}}), "page: not a string"),
        (json!({"e": "pv", "unknown": [1]}), "unknown: not a string"),
        (json!({"e": "pv", "co": "{"}), "co: not JSON: "),
        (json!({"e": "pv", "co": "[]"}), "co: not a self-describing JSON: "),
        (
            json!({"e": "pv", "co": contexts(no_uri)}),
            "co: not a self-describing JSON: `product` is not a schema URI",
        ),
        (json!({"e": "pv", "co": unstruct(json!([]))}), "co: schema is "),
        (json!({"e": "pv", "co": contexts_of("1e999")}), "co: not JSON: number out of range"),
        (json!({"e": "pv", "co": contexts_of(&"[".repeat(200))}), "co: not JSON: "),
        (json!({"e": "pv", "cx": "%%%"}), "cx: not base64"),
        (json!({"e": "pv", "cx": "e30"}), "cx: not a self-describing JSON: missing field `schema`"),
        (json!({"e": "ue", "ue_px": "/w"}), "ue_px: not JSON: "),
        (json!({"e": "pv", "vid": "nullx"}), "vid: `nullx` is not an integer"),
        (json!({"e": "pv", "dtm": "null"}), "dtm: `null` is not a time in milliseconds"),
        (json!({"e": "pv", "cookie": "null"}), "cookie: `null` is not a boolean (0 or 1)"),
        (json!({"e": "pv", "vp": "nullxnull"}), "vp: `nullxnull` is not a size such as 1280x720"),
        (json!({"e": "pv", "ds": "0x-5"}), "ds: `0x-5` is not a size such as 1280x720"),
    ] {
        let actual = refusal(payload.clone());
        assert!(actual.starts_with(expected), "{payload}: {actual}");
    }
}

#[test]
fn control_characters_are_taken_out_of_every_text_and_the_event_counts() {
    let action =
        json!({"schema": "iglu:com.acme/action/jsonschema/1-0-0", "data": {"a": "x\ty\n"}});
    let bare = contexts_of("{\"a\": [\"x\ty\n\u{7f}\"], \"b\": \"\\u0000\u{85}£\"}");
    for (plain, entities) in [("co", bare.clone()), ("cx", base64(&bare))] {
        let event = event(json!({
            "e": "ue\n", "duid": "a\nid: 7", "uid": "a\u{0}", "eid": "\u{85}1", "page": "\tA\r\nB",
            "vid": "3\n", "vp": "800x600\n", "url": "https://shop.example/\n", "ue_pr": unstruct(action.clone()),
            plain: entities,
        }));
        for (field, expected) in [
            ("domain_userid", json!("aid: 7")),
            ("user_id", json!("a")),
            ("event_id", json!("1")),
            ("page_title", json!("    AB")),
            ("domain_sessionidx", json!(3)),
            ("br_viewheight", json!(600)),
            ("page_urlpath", json!("/")),
        ] {
            assert_eq!(event.atomic(field), expected, "{field}");
        }
        assert_eq!(event.data(), Some(&json!({"a": "x    y"})));
        assert_eq!(event.entities()[0].data(), &json!({"a": ["x    y"], "b": "£"}));
    }
    let arrival = Arrival { useragent: Some("A\tB".to_owned()), ..arrival() };
    let silent = Event::from_payload(serde_json::from_str(r#"{"e": "pv"}"#).unwrap(), &arrival);
    assert_eq!(silent.unwrap().atomic("useragent"), json!("A    B"));
}

#[test]
fn half_a_surrogate_pair_becomes_a_replacement_character_in_entities_and_data() {
    let halves = r#"{"a": "\ud83d", "b": ["x\uDED2\uD83D"], "\udc00": "\ud83d\uded2 \\ud83d"}"#;
    let expected = json!({"a": "\u{fffd}", "b": ["x\u{fffd}\u{fffd}"], "\u{fffd}": "🛒 \\ud83d"});
    let action = unstruct(json!({"schema": "iglu:com.acme/a/jsonschema/1-0-0", "data": "DATA"}));
    let (co, ue) = (contexts_of(halves), action.replace("\"DATA\"", halves));
    for payload in [
        json!({"e": "ue", "co": co, "ue_pr": ue}),
        json!({"e": "ue", "cx": base64(&co), "ue_px": base64(&ue)}),
    ] {
        let event = event(payload);
        assert_eq!(event.data(), Some(&expected));
        assert_eq!(event.entities()[0].data(), &expected);
    }
}

#[test]
fn the_word_null_in_any_letter_case_is_no_number_and_the_event_counts() {
    let event = event(json!({
        "e": "pp", "vid": "null", "tid": "NULL", "se_va": "Null", "pp_mix": "nUlL", "ti_qu": "null", "uid": "null",
    }));
    for field in ["domain_sessionidx", "txn_id", "se_value", "pp_xoffset_min", "ti_quantity"] {
        assert_eq!(event.atomic(field), json!(null), "{field}");
    }
    assert_eq!(event.atomic("user_id"), json!("null"), "is a text");
}

#[test]
fn names_of_older_trackers_fill_the_same_fields_where_the_usual_ones_have_no_value() {
    let older = json!({
        "e": "ev", "ev_ca": "c", "ev_ac": "a", "ev_la": "l", "ev_pr": "p", "ev_va": "4.5", "ti_nm": "n", "cv": "ssc", "f_pdf": "1",
    });
    let expected = [
        ("event", json!("struct")),
        ("event_vendor", json!("com.google.analytics")),
        ("se_category", json!("c")),
        ("se_action", json!("a")),
        ("se_label", json!("l")),
        ("se_property", json!("p")),
        ("se_value", json!(4.5)),
        ("ti_name", json!("n")),
        ("v_collector", json!("ssc")),
        ("br_features_pdf", json!(true)),
    ];
    for (field, expected) in expected {
        assert_eq!(event(older.clone()).atomic(field), expected, "{field}");
    }
    let both = event(json!({"e": "se", "se_ca": "new", "ev_ca": "old", "se_va": "", "ev_va": "1"}));
    assert_eq!(both.atomic("se_category"), json!("new"));
    assert_eq!(both.atomic("se_value"), json!(1.0));
}

#[test]
fn tnuid_is_the_network_user_id_before_all_others() {
    let event = event(json!({"e": "pv", "nuid": "n", "tnuid": "t"}));
    assert_eq!(event.atomic("network_userid"), json!("t"));
}

#[test]
fn the_referer_header_is_the_page_url_only_of_an_event_without_one() {
    let arrival = Arrival { referer: Some("https://shop.example/a".to_owned()), ..arrival() };
    let path = |payload: Value| {
        let payload = Payload::deserialize(&payload).unwrap();
        Event::from_payload(payload, &arrival).unwrap().atomic("page_urlpath")
    };
    assert_eq!(path(json!({"e": "pv"})), json!("/a"));
    assert_eq!(path(json!({"e": "pv", "url": "https://shop.example/b"})), json!("/b"));
}

#[test]
fn uuids_of_events_and_sessions_become_lower_case() {
    const ID: &str = "C4DCB15D-820D-4D5C-AE50-9965F4E5FCE2";
    let event = event(json!({"e": "pv", "eid": ID, "sid": ID, "duid": ID}));
    assert_eq!(event.event_id(), Some(ID.to_lowercase().as_str()));
    assert_eq!(event.atomic("domain_sessionid"), json!(ID.to_lowercase()));
    assert_eq!(event.atomic("domain_userid"), json!(ID));
}

#[test]
fn clicks_and_links_of_other_sites_are_read_from_the_page_url() {
    for (query, expected) in [
        ("msclkid=m", [json!("m"), json!("Microsoft"), json!(null), json!(null)]),
        (
            "dclid=d&_sp=u.1795333691482.s...",
            [json!("d"), json!("DoubleClick"), json!("u"), json!("2026-11-22T07:48:11.482Z")],
        ),
        (
            "_sp=u.1795333691482",
            [json!(null), json!(null), json!("u"), json!("2026-11-22T07:48:11.482Z")],
        ),
    ] {
        let event = event(json!({"e": "pv", "url": format!("https://shop.example/?{query}")}));
        let fields = ["mkt_clickid", "mkt_network", "refr_domain_userid", "refr_dvce_tstamp"];
        assert_eq!(fields.map(|field| event.atomic(field)), expected, "{query}");
    }
}

#[test]
fn parts_of_a_url_are_as_they_were_sent() {
    let event = event(json!({"e": "pv", "url": "https://Bücher.Example/a/../größe%zz?ü#"}));
    for (field, expected) in [
        ("page_urlhost", json!("Bücher.Example")),
        ("page_urlport", json!(443)),
        ("page_urlpath", json!("/a/../größe%zz")),
        ("page_urlquery", json!("ü")),
        ("page_urlfragment", json!(null)),
    ] {
        assert_eq!(event.atomic(field), expected, "{field}");
    }
    let bare = self::event(json!({"e": "pv", "url": "https://shop.example"}));
    assert_eq!(bare.atomic("page_urlpath"), json!(null));
}

#[test]
fn empty_null_and_unknown_parameters_count_as_absent() {
    let event = event(
        json!({"e": "pv", "uid": "", "duid": null, "dtm": "", "co": "", "res": "", "zzz": "1"}),
    );
    assert_eq!(event.atomic("user_id"), json!(null));
    assert_eq!(event.atomic("domain_userid"), json!(null));
    assert_eq!(event.derived_tstamp().as_millis(), ARRIVED);
    assert!(event.entities().is_empty());
}

#[test]
fn bare_numbers_are_read_like_their_text() {
    let event = event(json!({"e": "pv", "vid": 3, "dtm": 1_795_333_691_482_i64, "uid": 77}));
    assert_eq!(event.atomic("domain_sessionidx"), json!(3));
    assert_eq!(event.atomic("dvce_created_tstamp"), json!("2026-11-22T07:48:11.482Z"));
    assert_eq!(event.atomic("user_id"), json!("77"));
}

#[test]
fn of_a_campaign_parameter_given_twice_the_last_one_counts() {
    let event = event(
        json!({"e": "pv", "url": "https://shop.example/?utm_source=a&utm_source=b&utm_source="}),
    );
    assert_eq!(event.atomic("mkt_source"), json!("b"));
}

#[test]
fn of_a_parameter_given_twice_the_last_one_counts() {
    let text =
        r#"{"e": "pv", "uid": "a", "uid": "b", "vid": "x", "vid": "2", "tna": "n", "tna": ""}"#;
    let event = Event::from_payload(serde_json::from_str(text).unwrap(), &arrival()).unwrap();
    assert_eq!(event.atomic("user_id"), json!("b"));
    assert_eq!(event.atomic("domain_sessionidx"), json!(2));
    assert_eq!(event.atomic("name_tracker"), json!(null));
}

#[test]
fn a_parameter_that_is_taken_out_was_never_sent() {
    let payload = json!({"e": "pv", "nuid": "n"});
    let mut payload = Payload::deserialize(&payload).unwrap();
    payload.remove("nuid");
    payload.remove("unknown");
    let arrival = Arrival { network_userid: None, ..arrival() };
    let event = Event::from_payload(payload, &arrival).unwrap();
    assert_eq!(event.atomic("network_userid"), json!(null));
}

#[test]
fn what_is_no_object_is_no_payload() {
    for text in ["[]", "7", "\"pv\"", "null"] {
        assert!(serde_json::from_str::<Payload<'_>>(text).is_err(), "{text}");
    }
}
