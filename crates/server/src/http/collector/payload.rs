//! Reads the events in a request.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use signals_engine::{BadEvent, Payload};
use signals_wire::text::{clean, repair_json};

use crate::http::error::ApiError;
use crate::json::is_object;
use crate::pipeline::RawEvent;

/// The schema of a tracker's POST body, without its version.
const PAYLOAD_DATA: &str = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/";

#[derive(Deserialize)]
struct PayloadData<'a> {
    #[serde(borrow)]
    schema: Cow<'a, str>,
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

/// The text of a POST body, repaired where a small error would lose all of its events. Bytes that are not UTF-8 and lone surrogates
/// become U+FFFD (pages cut texts in the middle of an emoji). Control characters, which JSON does not allow in strings, are removed.
pub(super) fn text_of(body: &[u8]) -> Cow<'_, str> {
    let text = clean(String::from_utf8_lossy(body));
    // Browsers escape lone surrogates, and hardly anything else does.
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return text;
    }
    repair_json(&text).map_or(text, Cow::Owned)
}

/// The events in the [text](text_of) of a POST body, parsed lazily. An element that is not an object becomes a bad event.
///
/// # Errors
/// 400 when the body is not a tracker payload.
pub(super) fn events_in_body(body: &str) -> Result<impl Iterator<Item = RawEvent<'_>>, ApiError> {
    let not_a_payload = |reason| ApiError::BadRequest(format!("not a tracker payload: {reason}"));
    let payload: PayloadData<'_> =
        serde_json::from_str(body).map_err(|error| not_a_payload(error.to_string()))?;
    if !is_object(body.as_bytes()) {
        return Err(not_a_payload("expected an object".to_owned()));
    }
    if !payload.schema.starts_with(PAYLOAD_DATA) {
        return Err(not_a_payload(format!("schema: expected {PAYLOAD_DATA}…")));
    }
    Ok(payload.data.into_iter().enumerate().map(|(index, event)| {
        let text = event.get();
        let payload =
            read_event(text).map_err(|reason| BadEvent { field: format!("data[{index}]"), reason });
        RawEvent { text, payload }
    }))
}

/// # Errors
/// Why the JSON is not an event.
fn read_event(json: &str) -> Result<Payload<'_>, String> {
    if !is_object(json.as_bytes()) {
        return Err("an event must be an object".to_owned());
    }
    serde_json::from_str(json).map_err(|error| format!("not JSON: {error}"))
}

/// The event in the query of a GET request. If a parameter repeats, the last one counts.
pub(super) fn event_in_query(query: &str) -> RawEvent<'_> {
    RawEvent { text: query, payload: Ok(form_urlencoded::parse(query.as_bytes()).collect()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use signals_engine::{Arrival, Event, Timestamp};

    use super::*;

    const SCHEMA: &str = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";

    fn events(body: &str) -> Result<Vec<RawEvent<'_>>, ApiError> {
        events_in_body(body).map(Iterator::collect)
    }

    fn event(raw: RawEvent<'_>) -> Event {
        read(raw).unwrap()
    }

    fn read(raw: RawEvent<'_>) -> Result<Event, BadEvent> {
        let arrival = Arrival {
            collector_tstamp: Timestamp::from_millis(0),
            network_userid: None,
            referer: None,
            useragent: None,
            user_ipaddress: None,
        };
        raw.payload.and_then(|payload| Event::from_payload(payload, &arrival))
    }

    #[test]
    fn events_keep_their_order() {
        let data = json!([{"e": "pv", "eid": "1"}, {"e": "pv", "eid": "2"}]);
        let body = json!({"schema": SCHEMA, "data": data}).to_string();
        let events: Vec<_> = events(&body).unwrap().into_iter().map(event).collect();
        let ids: Vec<_> = events.iter().map(Event::event_id).collect();
        assert_eq!(ids, [Some("1"), Some("2")]);
    }

    #[test]
    fn an_element_that_is_no_object_is_a_bad_event_that_names_its_place() {
        let body = json!({"schema": SCHEMA, "data": [{}, "x", [], null]}).to_string();
        let events = events(&body).unwrap();
        assert!(events[0].payload.is_ok());
        for (index, text) in [(1, "\"x\""), (2, "[]"), (3, "null")] {
            let bad = events[index].payload.as_ref().unwrap_err();
            assert_eq!(bad.field, format!("data[{index}]"));
            assert_eq!(events[index].text, text);
        }
    }

    #[test]
    fn what_its_sender_wrote_carelessly_costs_no_event() {
        let body = [
            br#"{"data": [{"e": "pv", "uid": "a\ud83d", "\ude00": "\udc00"}, {"e": "pv", "uid": "b"#.as_slice(),
            b"\tc\n\xff\"}, {\"e\": \"pv\", \"uid\": \"\\ud83d\\uded2\"}], \"\\ud800\": \"\\udfff\", ",
            br#""schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"}"#,
        ];
        let body = body.concat();
        let text = text_of(&body);
        let users: Vec<_> =
            events(&text).unwrap().into_iter().map(|raw| event(raw).atomic("user_id")).collect();
        assert_eq!(users, ["a\u{fffd}", "b    c\u{fffd}", "🛒"]);
    }

    #[test]
    fn an_object_that_cannot_be_read_is_a_bad_event_with_the_true_reason() {
        let body = format!(
            r#"{{"schema": "{SCHEMA}", "data": [{{"e": "pv", "x": 1e999}}, {{"e": "\ud800"}}]}}"#
        );
        for raw in events(&body).unwrap() {
            let reason = raw.payload.unwrap_err().reason;
            assert!(reason.starts_with("not JSON: "), "{reason}");
        }
    }

    #[test]
    fn what_is_not_a_tracker_payload_is_refused_with_the_reason() {
        let other_schema = json!({"schema": "iglu:com.acme/x/jsonschema/1-0-0", "data": []});
        let no_array = json!({"schema": SCHEMA, "data": {"e": "pv"}});
        for (body, reason) in [
            ("", "EOF"),
            ("e=pv", "expected value"),
            ("[]", "expected"),
            (&json!([SCHEMA, []]).to_string(), "expected an object"),
            ("{}", "missing field `schema`"),
            (&json!({"schema": SCHEMA}).to_string(), "missing field `data`"),
            (&other_schema.to_string(), "payload: schema: expected iglu:"),
            (&no_array.to_string(), "expected a sequence"),
        ] {
            match events(body) {
                Err(ApiError::BadRequest(detail)) => assert!(detail.contains(reason), "{detail}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_query_is_decoded() {
        let event = event(event_in_query("e=pv&page=caf%C3%A9+bar&tna=%ff&eid=1&eid=2"));
        for (field, expected) in
            [("page_title", "café bar"), ("name_tracker", "\u{fffd}"), ("event_id", "2")]
        {
            assert_eq!(event.atomic(field), expected, "{field}");
        }
    }

    fn parameter() -> impl Strategy<Value = (String, String)> {
        let names =
            vec!["e", "eid", "duid", "url", "vp", "se_va", "dtm", "ue_px", "cx", "co", "tna"];
        let texts = vec!["pv", "ue", "se", "1x1", "-1", "1e999", "e30", "e30=", "{}", "http://["];
        (
            prop_oneof![4 => prop::sample::select(names).prop_map(str::to_owned), 1 => any::<String>()],
            prop_oneof![
                prop::sample::select(texts).prop_map(str::to_owned),
                any::<String>(),
                "[A-Za-z0-9+/=_ -]{0,40}",
            ],
        )
    }

    proptest! {
        #[test]
        fn a_query_of_any_text_is_an_event_or_a_bad_one_that_names_its_field(
            query in prop_oneof!["[a-z=&%+0-9A-F]{0,60}", "(e=pv&)?(cx|ue_px|co)=[A-Za-z0-9%+/=_-]{0,60}"],
        ) {
            if let Err(bad) = read(event_in_query(&query)) {
                prop_assert!(!bad.field.is_empty() && !bad.reason.is_empty());
            }
        }

        #[test]
        fn an_event_is_the_same_from_a_query_and_from_a_body(
            parameters in prop::collection::btree_map(
                parameter().prop_map(|(name, _)| name), parameter().prop_map(|(_, text)| text), 0..8,
            ),
        ) {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&parameters)
                .finish();
            let body = json!({ "schema": SCHEMA, "data": [parameters] }).to_string();
            let posted = events(&body).unwrap().remove(0);
            match (read(event_in_query(&query)), read(posted)) {
                (Ok(got), Ok(posted)) => {
                    for field in ["event_name", "event_id", "page_url", "br_viewwidth", "se_value"] {
                        prop_assert_eq!(got.atomic(field), posted.atomic(field), "{}", field);
                    }
                    prop_assert_eq!(got.data(), posted.data());
                    prop_assert_eq!(got.entities(), posted.entities());
                }
                (got, posted) => prop_assert_eq!(got.err(), posted.err()),
            }
        }
    }
}
