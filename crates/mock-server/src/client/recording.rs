//! Recordings: the events that trackers sent, and when.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use signals_wire::tracker_protocol::POST_PATH;
use thiserror::Error;
use uuid::Uuid;

/// The headers that a collector uses.
const HEADERS: [&str; 3] = ["content-type", "sp-anonymous", "user-agent"];

/// The schema of a body with a list of events.
const PAYLOAD_DATA: &str = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";

/// Why a file is not a recording.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{place}: {reason}")]
pub struct RecordingError {
    /// The line or element with the error.
    place: String,
    reason: String,
}

impl RecordingError {
    pub(super) fn without_events() -> Self {
        Self { place: "recording".to_owned(), reason: "contains no events".to_owned() }
    }
}

/// Requests of trackers, in order.
#[derive(Debug, PartialEq)]
pub(super) struct Recording {
    pub(super) requests: Vec<RecordedRequest>,
    /// How many other requests there were, without events.
    pub(super) skipped: usize,
}

/// One request of a tracker.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RecordedRequest {
    /// The time since the first request.
    pub(super) after: Duration,
    /// With the query.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    /// `None` for a GET request, whose event is in the query.
    pub(super) body: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    headers: Map<String, Value>,
    body: Option<Value>,
}

impl Recording {
    /// Reads a JSON array of requests, or lines of JSON: requests, tracker payloads, or POST bodies.
    pub(super) fn read(text: &str) -> Result<Self, RecordingError> {
        let mut recording = Self { requests: Vec::new(), skipped: 0 };
        let mut first_ms = None;
        for (place, entry) in entries(text)? {
            let error = |reason: String| RecordingError { place: place.clone(), reason };
            let Some(mut request) = read_entry(entry).map_err(error)? else {
                recording.skipped += 1;
                continue;
            };
            let before = recording.requests.last().map_or(Duration::ZERO, |last| last.after);
            // Devices' clocks differ, but requests keep their order.
            request.after = match request.sent_ms() {
                Some(sent) => {
                    let first = *first_ms.get_or_insert(sent);
                    before.max(Duration::from_millis(sent.saturating_sub(first)))
                }
                None => before,
            };
            recording.requests.push(request);
        }
        if recording.requests.is_empty() {
            return Err(RecordingError::without_events());
        }
        Ok(recording)
    }
}

impl RecordedRequest {
    /// How many events it has.
    pub(super) fn events(&self) -> usize {
        self.body.as_ref().map_or(1, |_| self.payloads().count())
    }

    /// Gives every event a new id, so that a server that has received the recording before counts the events again.
    pub(super) fn renew_event_ids(&mut self) {
        let id = || Uuid::new_v4().to_string();
        match &mut self.body {
            Some(body) => {
                let events = body.get_mut("data").and_then(Value::as_array_mut);
                for event in events.into_iter().flatten() {
                    if event.get("eid").is_some() {
                        event["eid"] = id().into();
                    }
                }
            }
            None => {
                let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
                let pairs = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| {
                    if name == "eid" { (name, id().into()) } else { (name, value) }
                });
                let query =
                    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                self.path = format!("{path}?{query}");
            }
        }
    }

    fn payloads(&self) -> impl Iterator<Item = &Value> {
        let data = self.body.as_ref().and_then(|body| body.get("data"));
        data.and_then(Value::as_array).into_iter().flatten()
    }

    /// When its first event was sent or, if that is unknown, happened. In milliseconds since 1970.
    fn sent_ms(&self) -> Option<u64> {
        let read = |name: &str| -> Option<u64> {
            if let Some(event) = self.payloads().next() {
                let value = event.get(name)?;
                return value.as_u64().or_else(|| value.as_str()?.parse().ok());
            }
            let (_, query) = self.path.split_once('?')?;
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(key, _)| key == name)?.1.parse().ok()
        };
        read("stm").or_else(|| read("dtm"))
    }
}

/// The elements of a recording, each with its place for errors.
fn entries(text: &str) -> Result<Vec<(String, Value)>, RecordingError> {
    if text.trim_start().starts_with('[') {
        let list: Vec<Value> = serde_json::from_str(text).map_err(|error| RecordingError {
            place: format!("line {}", error.line()),
            reason: format!("not a JSON array: {error}"),
        })?;
        let numbered = list.into_iter().enumerate();
        return Ok(numbered.map(|(at, entry)| (format!("element {at}"), entry)).collect());
    }
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let place = format!("line {number}");
            match serde_json::from_str(line) {
                Ok(entry) => Ok((place, entry)),
                Err(error) => Err(RecordingError { place, reason: format!("not JSON: {error}") }),
            }
        })
        .collect()
}

/// Reads `entry` as a request. `None` if it has no events.
fn read_entry(entry: Value) -> Result<Option<RecordedRequest>, String> {
    let Value::Object(fields) = entry else { return Err("must be an object".to_owned()) };
    if fields.contains_key("method") {
        let request = serde_json::from_value(Value::Object(fields));
        return read_request(request.map_err(|error| format!("not a request: {error}"))?);
    }
    if fields.contains_key("data") {
        return post(POST_PATH, Vec::new(), fields).map(Some);
    }
    if !fields.contains_key("e") {
        return Err(
            "must be a tracker payload (field `e`), a POST body (`data`) or a request (`method`)"
                .to_owned(),
        );
    }
    let body = json!({ "schema": PAYLOAD_DATA, "data": [fields] });
    let body = body.as_object().cloned().unwrap_or_default();
    post(POST_PATH, Vec::new(), body).map(Some)
}

fn read_request(request: Request) -> Result<Option<RecordedRequest>, String> {
    let Request { method, path, headers, body } = request;
    if !path.starts_with('/') {
        return Err("path: must begin with /".to_owned());
    }
    let headers = headers
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned())))
        .filter(|(name, _)| HEADERS.contains(&name.as_str()))
        .collect();
    match (method.as_str(), body) {
        ("GET", _) => {
            Ok(Some(RecordedRequest { after: Duration::ZERO, path, headers, body: None }))
        }
        ("POST", Some(Value::Object(body))) => post(&path, headers, body).map(Some),
        ("POST", _) => Err("body: must be an object".to_owned()),
        _ => Ok(None),
    }
}

fn post(
    path: &str,
    headers: Vec<(String, String)>,
    mut body: Map<String, Value>,
) -> Result<RecordedRequest, String> {
    if !body.get("data").is_some_and(Value::is_array) {
        return Err("data: must be an array of tracker payloads".to_owned());
    }
    body.entry("schema").or_insert_with(|| PAYLOAD_DATA.into());
    Ok(RecordedRequest { after: Duration::ZERO, path: path.to_owned(), headers, body: Some(body) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Recording {
        Recording::read(text).unwrap()
    }

    fn events(recording: &Recording) -> usize {
        recording.requests.iter().map(RecordedRequest::events).sum()
    }

    fn afters(recording: &Recording) -> Vec<u128> {
        recording.requests.iter().map(|request| request.after.as_millis()).collect()
    }

    #[test]
    fn what_real_trackers_sent_is_read_with_its_intervals() {
        let posted = read(include_str!("../../../../tests/fixtures/collector/v3-post.json"));
        assert_eq!((posted.requests.len(), events(&posted), posted.skipped), (2, 5, 0));
        let got = read(include_str!("../../../../tests/fixtures/collector/v4-get.json"));
        assert_eq!(afters(&got), [0, 15, 23, 29, 36, 44, 50]);
        let anonymous =
            read(include_str!("../../../../tests/fixtures/collector/v4-anonymous.json"));
        assert_eq!(anonymous.skipped, 1, "a preflight request");
        assert!(anonymous.requests[0].headers.contains(&("sp-anonymous".into(), "*".into())));
    }

    #[test]
    fn lines_of_payloads_are_read_with_their_intervals() {
        let text = concat!(
            r#"{"e": "pv", "dtm": "1000"}"#,
            "\n\n",
            r#"{"e": "pp", "dtm": "900", "stm": "1500"}"#,
            "\n",
            r#"{"e": "pp"}"#,
            "\n",
            r#"{"e": "pp", "dtm": 1200}"#,
            "\n",
            r#"{"data": [{"e": "pv", "dtm": "3000"}, {"e": "pv"}]}"#,
            "\n",
        );
        let recording = read(text);
        assert_eq!(afters(&recording), [0, 500, 500, 500, 2000]);
        assert_eq!(events(&recording), 6);
        assert_eq!(recording.requests[0].path, POST_PATH);
        assert!(recording.requests[4].body.as_ref().unwrap()["schema"].is_string());
    }

    #[test]
    fn what_is_no_recording_is_named_by_its_place() {
        for (text, expected) in [
            ("", "recording: contains no events"),
            ("{\"e\": \"pv\"}\noops", "line 2: not JSON"),
            ("[{\"e\": \"pv\"}, 7]", "element 1: must be an object"),
            ("[{\"e\": \"pv\"}", "line 1: not a JSON array"),
            (r#"{"event": "page_view"}"#, "line 1: must be a tracker payload"),
            (r#"{"data": {}}"#, "line 1: data: must be an array"),
            (r#"{"method": "GET", "path": "i"}"#, "line 1: path: must begin with /"),
            (r#"{"method": "GET"}"#, "line 1: not a request: missing field `path`"),
            (r#"{"method": "POST", "path": "/a/b"}"#, "line 1: body: must be an object"),
        ] {
            let error = Recording::read(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn event_ids_can_be_made_new() {
        let mut recording = read(concat!(
            r#"{"method": "GET", "path": "/i?e=pv&eid=a&page=b%26c"}"#,
            "\n",
            r#"{"e": "pv", "eid": "a"}"#
        ));
        recording.requests.iter_mut().for_each(RecordedRequest::renew_event_ids);
        let path = &recording.requests[0].path;
        assert!(path.starts_with("/i?e=pv&eid=") && path.ends_with("&page=b%26c"), "{path}");
        assert!(!path.contains("eid=a&"), "{path}");
        let body = recording.requests[1].body.as_ref().unwrap();
        assert_ne!(body["data"][0]["eid"], "a");
    }
}
