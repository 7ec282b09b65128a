use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use signals_wire::base64;
use signals_wire::schema::{SCHEME, Schema};
use signals_wire::text::{clean, repair_json};

/// Self-describing JSON: data with its schema.
#[derive(Debug, Clone, PartialEq)]
pub struct SelfDescribing {
    /// The schema.
    pub schema: SchemaUri,
    pub(super) data: Json,
}

impl SelfDescribing {
    /// The described data.
    pub fn data(&self) -> &Value {
        self.data.value()
    }
}

/// Valid JSON that is parsed lazily, because definitions use little of the data in events.
#[derive(Debug, Clone)]
pub(super) struct Json {
    text: Box<RawValue>,
    value: OnceLock<Value>,
}

impl Json {
    /// # Errors
    /// The text is JSON but cannot become a value: a number is too large, there is a lone surrogate, or it is nested too deeply.
    fn new(text: Box<RawValue>) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Checked>(text.get())?;
        Ok(Self { text, value: OnceLock::new() })
    }

    pub(super) fn value(&self) -> &Value {
        self.value.get_or_init(|| {
            let text = self.text.get();
            // `new` has checked that the text is a value.
            let mut value = serde_json::from_str(text).unwrap_or_default();
            // JSON allows control characters only as escapes, except DEL and those whose first byte is 0xC2.
            if text.bytes().any(|byte| matches!(byte, b'\\' | 0x7f | 0xc2)) {
                clean_texts(&mut value);
            }
            value
        })
    }
}

/// [Cleans](clean) every text in a value.
fn clean_texts(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(cleaned) = clean(Cow::Borrowed(text)) {
                *text = cleaned;
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(clean_texts),
        Value::Object(fields) => fields.values_mut().for_each(clean_texts),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

/// A parsed Iglu schema URI: `iglu:{vendor}/{name}/{format}/{model}-{revision}-{addition}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaUri {
    uri: Cow<'static, str>,
    vendor_end: usize,
    name_end: usize,
    format_end: usize,
    major_version: u64,
}

impl SchemaUri {
    /// Parses a schema URI. `None` if it is invalid.
    pub fn parse(uri: impl Into<String>) -> Option<Self> {
        Self::from_uri(uri.into().into()).ok()
    }

    /// Parses a schema URI in the source.
    pub(super) fn well_known(uri: &'static str) -> Option<Self> {
        Self::from_uri(uri.into()).ok()
    }

    /// # Errors
    /// The text, if it is not a schema URI.
    fn from_uri(uri: Cow<'static, str>) -> Result<Self, Cow<'static, str>> {
        match Self::ends(&uri) {
            Some((vendor_end, name_end, format_end, major_version)) => {
                Ok(Self { uri, vendor_end, name_end, format_end, major_version })
            }
            None => Err(uri),
        }
    }

    /// The ends of vendor, name and format, and the major version.
    fn ends(uri: &str) -> Option<(usize, usize, usize, u64)> {
        let schema = Schema::parse(uri)?;
        let vendor_end = SCHEME.len() + schema.vendor.len();
        let name_end = vendor_end + 1 + schema.name.len();
        let format_end = name_end + 1 + schema.format.len();
        Some((vendor_end, name_end, format_end, schema.major_version))
    }

    /// The vendor, for example `com.snowplowanalytics.snowplow.ecommerce`.
    pub fn vendor(&self) -> &str {
        &self.uri[SCHEME.len()..self.vendor_end]
    }

    /// The name, for example `product`.
    pub fn name(&self) -> &str {
        &self.uri[self.vendor_end + 1..self.name_end]
    }

    /// The format, usually `jsonschema`.
    pub fn format(&self) -> &str {
        &self.uri[self.name_end + 1..self.format_end]
    }

    /// The version, for example `1-0-2`.
    pub fn version(&self) -> &str {
        &self.uri[self.format_end + 1..]
    }

    /// The first number of the version. Data of the same major version is compatible.
    pub fn major_version(&self) -> u64 {
        self.major_version
    }
}

impl fmt::Display for SchemaUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.uri)
    }
}

impl<'de> Deserialize<'de> for SchemaUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_uri(String::deserialize(deserializer)?.into()).map_err(|text| {
            D::Error::custom(format!("`{}` is not a schema URI", text.escape_debug()))
        })
    }
}

/// The self-describing wrapper around a self-describing event, or around the list of entities.
#[derive(Deserialize)]
struct Envelope<T> {
    schema: SchemaUri,
    data: T,
}

/// Self-describing JSON whose data was not checked.
#[derive(Deserialize)]
struct Unchecked {
    schema: SchemaUri,
    data: Box<RawValue>,
}

impl Unchecked {
    fn check(self) -> Result<SelfDescribing, String> {
        let data = Json::new(self.data).map_err(|error| undecodable(&error))?;
        Ok(SelfDescribing { schema: self.schema, data })
    }
}

/// Decodes the value of `ue_pr` or, from base64, of `ue_px`.
pub(super) fn decode_event(text: &str, encoding: Encoding) -> Result<SelfDescribing, String> {
    decode(text, encoding, |json| parse_envelope::<Unchecked>(json, "unstruct_event")?.check())
}

/// Decodes the value of `co` or, from base64, of `cx`.
pub(super) fn decode_entities(
    text: &str,
    encoding: Encoding,
) -> Result<Vec<SelfDescribing>, String> {
    decode(text, encoding, |json| {
        let entities = parse_envelope::<Vec<Unchecked>>(json, "contexts")?;
        entities.into_iter().map(Unchecked::check).collect()
    })
}

/// The encoding of self-describing JSON in a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Base64,
}

/// Reads JSON. If that fails, [repairs](repair_json) it and tries again: few events need that, so it is not done first.
fn decode<T>(
    text: &str,
    encoding: Encoding,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, String> {
    let json = match encoding {
        Encoding::Plain => Cow::Borrowed(text),
        Encoding::Base64 => Cow::Owned(base64::decode_text(text).ok_or("not base64")?),
    };
    read(&json).or_else(|problem| match repair_json(&json) {
        Some(repaired) => read(&repaired),
        None => Err(problem),
    })
}

fn parse_envelope<T: for<'de> Deserialize<'de>>(json: &str, wrapper: &str) -> Result<T, String> {
    let envelope: Envelope<T> = serde_json::from_str(json).map_err(|error| undecodable(&error))?;
    if envelope.schema.name() != wrapper {
        return Err(format!("schema is `{}`, expected one named {wrapper}", envelope.schema));
    }
    Ok(envelope.data)
}

fn undecodable(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "not a self-describing JSON" } else { "not JSON" };
    format!("{what}: {error}")
}

/// Checks that JSON can become a [`Value`], without creating one.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self, A::Error> {
        while elements.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_schema_uri_falls_into_its_parts() {
        let schema = SchemaUri::parse("iglu:com.acme.shop/product/jsonschema/12-0-3").unwrap();
        assert_eq!(schema.vendor(), "com.acme.shop");
        assert_eq!(schema.name(), "product");
        assert_eq!(schema.format(), "jsonschema");
        assert_eq!(schema.version(), "12-0-3");
        assert_eq!(schema.major_version(), 12);
        assert_eq!(schema.to_string(), "iglu:com.acme.shop/product/jsonschema/12-0-3");
    }

    #[test]
    fn what_only_resembles_a_schema_uri_is_refused() {
        for text in [
            "",
            "com.acme/product/jsonschema/1-0-0",
            "iglu:com.acme/product/jsonschema",
            "iglu:com.acme/product/jsonschema/1-0-0/more",
            "iglu:com.acme/product/jsonschema/1-0",
            "iglu:com.acme/product/jsonschema/1-0-0-0",
            "iglu:com.acme/product/jsonschema/1-0-+0",
            "iglu:com.acme/product/jsonschema/1-*-*",
            "iglu:com.acme//jsonschema/1-0-0",
            "iglu:com.acme/product/jsonschema/99999999999999999999-0-0",
        ] {
            assert_eq!(SchemaUri::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_event_and_entities_or_refused_with_a_reason(
            text in prop_oneof![any::<String>(), "[A-Za-z0-9+/=_ -]{0,60}", "[{}\\[\\]\":,a-z0-9\\\\]{0,40}"],
        ) {
            for encoding in [Encoding::Plain, Encoding::Base64] {
                let event = decode_event(&text, encoding).err();
                let entities = decode_entities(&text, encoding).err();
                prop_assert!([event, entities].iter().flatten().all(|reason| !reason.is_empty()));
            }
        }

        #[test]
        fn an_event_is_the_same_in_base64_and_in_the_plain_whatever_is_cut_off(
            data in "[{}\\[\\]\":,a-z0-9\\\\ü]{0,40}", cut in any::<prop::sample::Index>(),
        ) {
            let inner = format!(r#"{{"schema":"iglu:a/b/c/1-0-0","data":{data}}}"#);
            let whole = format!(r#"{{"schema":"iglu:a/unstruct_event/c/1-0-0","data":{inner}}}"#);
            let end = cut.index(whole.len() * 2).min(whole.len());
            let text = String::from_utf8_lossy(&whole.as_bytes()[..end]);
            prop_assert_eq!(
                decode_event(&text, Encoding::Plain),
                decode_event(&URL_SAFE_NO_PAD.encode(text.as_bytes()), Encoding::Base64)
            );
        }
    }
}
