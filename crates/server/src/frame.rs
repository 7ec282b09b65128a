//! The frames of the intervention stream, byte for byte.
//!
//! Instances have a space after `data:`, control frames do not. SSE parsers treat both alike. Some clients, such as the Signals
//! Python SDK, take every line that begins with `data: ` for an instance.

use std::fmt::Display;
use std::sync::OnceLock;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use signals_engine::Triggered;
use signals_wire::stream::{HELLO_EVENT, Hello, KEEP_ALIVE_MS, PING_EVENT, RESUME_PARAM, RETRY_MS};
use signals_wire::{InterventionInstance, TargetAttributeKey};

/// A part of the stream that is written as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// One intervention instance.
    Instance(Bytes),
    /// Anything else.
    Control(Bytes),
}

impl Frame {
    /// The opening of a stream: the retry time and the `hello` event, with the name `server` and the id to resume from.
    pub(crate) fn opening(server: &str, start: impl Display) -> Self {
        let hello = json(&Hello {
            server: Some(server.to_owned()),
            resume_param: Some(RESUME_PARAM.to_owned()),
            keep_alive_ms: Some(KEEP_ALIVE_MS),
        });
        let text =
            format!("retry: {RETRY_MS}\n\nid: {start}\nevent: {HELLO_EVENT}\ndata:{hello}\n\n");
        Self::Control(text.into())
    }

    /// The keep-alive frame.
    pub(crate) fn ping() -> Self {
        static PING: OnceLock<Bytes> = OnceLock::new();
        let bytes = PING.get_or_init(|| format!("event: {PING_EVENT}\ndata:{{}}\n\n").into());
        Self::Control(bytes.clone())
    }

    /// A comment, which SSE parsers ignore.
    pub(crate) fn comment() -> Self {
        Self::Control(Bytes::from_static(b":\n\n"))
    }

    /// The bytes to write.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Instance(bytes) | Self::Control(bytes) => bytes,
        }
    }

    /// Number of bytes to write.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Instance(bytes) | Self::Control(bytes) => bytes.len(),
        }
    }
}

/// How a client expects attribute values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As JSON values.
    Standard,
    /// All values as strings: the Signals Python SDK (0.4.10) accepts no other type and crashes.
    PythonSdk,
}

/// One instance addressed to one target, encoded once for all its readers.
#[derive(Debug, Clone)]
pub(crate) struct InstanceFrame {
    standard: Bytes,
    /// Encoded only when such a client connects.
    python_sdk: OnceLock<Bytes>,
}

impl InstanceFrame {
    const DATA: &str = "data: ";

    pub(crate) fn new(id: impl Display, instance: &Triggered, target: &TargetAttributeKey) -> Self {
        let addressed = InterventionInstance {
            intervention_id: Some(&instance.intervention_id),
            name: &instance.name,
            version: Some(instance.version),
            attributes: instance.attributes_by_name(),
            target_attribute_key: Some(target),
        };
        Self { standard: encode(id, &addressed), python_sdk: OnceLock::new() }
    }

    /// Reads an encoded frame. `None` if the bytes are not such a frame.
    pub(crate) fn from_bytes(standard: Bytes) -> Option<Self> {
        let frame = Self { standard, python_sdk: OnceLock::new() };
        frame.instance().is_some().then_some(frame)
    }

    /// The bytes for [`InstanceFrame::from_bytes`].
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.standard
    }

    /// Number of bytes in the standard dialect.
    pub(crate) fn len(&self) -> usize {
        self.standard.len()
    }

    /// The frame in `dialect`.
    pub(crate) fn frame(&self, dialect: Dialect) -> Frame {
        Frame::Instance(match dialect {
            Dialect::Standard => self.standard.clone(),
            Dialect::PythonSdk => self.python_sdk.get_or_init(|| self.for_python_sdk()).clone(),
        })
    }

    /// The frame without an id, for streams that cannot be resumed.
    pub(crate) fn frame_without_id(&self, dialect: Dialect) -> Frame {
        let bytes = self.frame(dialect).into_bytes();
        let id_line = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        Frame::Instance(bytes.slice(id_line..))
    }

    /// The instance read back from its frame.
    pub(crate) fn instance(&self) -> Option<InterventionInstance> {
        self.id_and_instance().map(|(_, instance)| instance)
    }

    fn for_python_sdk(&self) -> Bytes {
        match self.id_and_instance() {
            Some((id, mut instance)) => {
                instance.attributes.values_mut().for_each(stringify);
                encode(id, &instance)
            }
            None => self.standard.clone(),
        }
    }

    // Thousands of frames are kept for minutes. Parsing one again when it is needed is cheaper than keeping the
    // instance beside its bytes.
    fn id_and_instance(&self) -> Option<(&str, InterventionInstance)> {
        let text = std::str::from_utf8(&self.standard).ok()?;
        let (id, data) = text.strip_prefix("id: ")?.split_once('\n')?;
        let instance = serde_json::from_str(data.strip_prefix(Self::DATA)?.trim_end()).ok()?;
        Some((id, instance))
    }
}

fn encode(id: impl Display, instance: &impl Serialize) -> Bytes {
    format!("id: {id}\n{}{}\n\n", InstanceFrame::DATA, json(instance)).into()
}

/// Characters that end a line in Python, and so in httpx and the Signals SDK, but not in JSON or SSE. Each with its JSON escape.
const LINE_BREAKS_OF_PYTHON: [(char, &str); 3] =
    [('\u{85}', "\\u0085"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];

#[expect(clippy::expect_used, reason = "fails only for maps whose keys are not strings")]
fn json(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).expect("serialisable");
    if json.is_ascii() {
        return json;
    }
    // Outside strings, JSON is ASCII. Every occurrence is in a string and can be escaped.
    LINE_BREAKS_OF_PYTHON
        .iter()
        .fold(json, |json, (character, escape)| json.replace(*character, escape))
}

fn stringify(value: &mut Value) {
    if !value.is_string() {
        *value = Value::String(value.to_string());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use signals_engine::TriggeredAttribute;

    use super::*;

    fn target() -> TargetAttributeKey {
        TargetAttributeKey {
            name: "domain_userid".into(),
            id: "218e8926-3858-431d-b2ed-66da03a1cbe5".into(),
        }
    }

    fn attribute(name: &str, value: Value) -> TriggeredAttribute {
        TriggeredAttribute { group: Some("views".into()), name: name.into(), value }
    }

    fn instance_frame(id: u64, attributes: &Value) -> InstanceFrame {
        let instance = Triggered {
            intervention_id: "550e8400-e29b-41d4-a716-446655440000".into(),
            name: "discount".into(),
            version: 1,
            attributes: attributes
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| attribute(name, value.clone()))
                .collect(),
            targets: vec![target()],
        };
        InstanceFrame::new(id, &instance, &target())
    }

    fn text(frame: Frame) -> String {
        String::from_utf8(frame.into_bytes().into()).unwrap()
    }

    #[test]
    fn a_stream_opens_with_the_reconnection_time_and_hello() {
        assert_eq!(
            text(Frame::opening("signals-mock-server", 41)),
            "retry: 2000\n\nid: 41\nevent: hello\ndata:{\"server\":\"signals-mock-server\",\
             \"resume_param\":\"last_event_id\",\"keep_alive_ms\":15000}\n\n"
        );
    }

    #[test]
    fn an_instance_is_one_unnamed_event_with_a_space_after_data() {
        let frame = instance_frame(42, &json!({"count_product_views": 4}));
        assert_eq!(
            text(frame.frame(Dialect::Standard)),
            "id: 42\ndata: {\"intervention_id\":\"550e8400-e29b-41d4-a716-446655440000\",\"name\":\"discount\",\
             \"version\":1,\"attributes\":{\"count_product_views\":4},\"target_attribute_key\":{\"name\":\
             \"domain_userid\",\"id\":\"218e8926-3858-431d-b2ed-66da03a1cbe5\"}}\n\n"
        );
    }

    #[test]
    fn a_ping_is_a_named_event_without_a_space_after_data() {
        assert_eq!(text(Frame::ping()), "event: ping\ndata:{}\n\n");
    }

    #[test]
    fn a_frame_without_an_id_is_the_same_event() {
        let frame = instance_frame(42, &json!({"n": 4}));
        for dialect in [Dialect::Standard, Dialect::PythonSdk] {
            let with_id = text(frame.frame(dialect));
            assert_eq!(
                Some(&*text(frame.frame_without_id(dialect))),
                with_id.strip_prefix("id: 42\n")
            );
        }
    }

    #[test]
    fn the_python_sdk_gets_every_attribute_as_a_string() {
        let attributes = json!({"n": 4, "x": 1.5, "b": true, "s": "text", "l": [1]});
        let frame = instance_frame(42, &attributes);
        let text = text(frame.frame(Dialect::PythonSdk));
        assert!(text.starts_with("id: 42\ndata: {"), "{text}");
        assert!(
            text.contains(r#""attributes":{"b":"true","l":"[1]","n":"4","s":"text","x":"1.5"}"#),
            "{text}"
        );
    }

    #[test]
    fn line_breaks_in_values_cannot_forge_stream_fields() {
        let frame = instance_frame(1, &json!({"s": "a\n\nevent: error"}));
        assert_eq!(text(frame.frame(Dialect::Standard)).lines().count(), 3);
    }

    #[test]
    fn an_instance_is_one_line_also_where_more_characters_than_in_sse_end_one() {
        let frame = instance_frame(1, &json!({"☕": "a\u{85}b\u{2028}c\u{2029}é"}));
        for dialect in [Dialect::Standard, Dialect::PythonSdk] {
            let text = text(frame.frame(dialect));
            assert!(text.contains(r#"{"☕":"a\u0085b\u2028c\u2029é"}"#), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_instance_is_one_event_of_an_id_and_a_line_of_json_whatever_is_in_it(
            [name, attribute_name, text, id] in any::<[String; 4]>(),
            version in any::<u64>(),
            position in any::<u64>(),
        ) {
            let target = TargetAttributeKey { name: "user_id".into(), id };
            let instance = Triggered {
                intervention_id: text.clone(),
                name: name.clone(),
                version,
                attributes: vec![attribute(&attribute_name, text.as_str().into())],
                targets: vec![target.clone()],
            };
            let frame = InstanceFrame::new(position, &instance, &target);
            let frame = String::from_utf8(frame.frame(Dialect::Standard).into_bytes().into()).unwrap();
            let lines: Vec<&str> = frame.split(['\r', '\n']).collect();
            let [id_line, data, "", ""] = lines[..] else { panic!("{frame:?}") };
            prop_assert_eq!(id_line, format!("id: {position}"));
            let read: InterventionInstance =
                serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            prop_assert_eq!(read.name, name);
            prop_assert_eq!(Value::Object(read.attributes), json!({ attribute_name: text }));
            prop_assert_eq!(read.target_attribute_key, Some(target));
        }
    }

    #[test]
    fn an_instance_can_be_read_back_from_its_frame() {
        let attributes = json!({"s": "id: 1\ndata: {}\u{2028}"});
        let instance = InterventionInstance {
            intervention_id: Some("550e8400-e29b-41d4-a716-446655440000".into()),
            name: "discount".into(),
            version: Some(1),
            attributes: attributes.as_object().cloned().unwrap_or_default(),
            target_attribute_key: Some(target()),
        };
        assert_eq!(instance_frame(7, &attributes).instance(), Some(instance));
    }
}
