use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON with the schema that describes it.
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

/// Valid JSON, as a value when first asked for: definitions ask for little of what events bring.
#[derive(Debug, Clone)]
pub(super) struct Json {
    text: Box<RawValue>,
    value: OnceLock<Value>,
}

impl Json {
    /// # Errors
    /// The text cannot be a value, though it is JSON: a number is too large, a surrogate stands alone, or it is nested too
    /// deep.
    fn new(text: Box<RawValue>) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Checked>(text.get())?;
        Ok(Self { text, value: OnceLock::new() })
    }

    pub(super) fn value(&self) -> &Value {
        // It was checked that the text is a value.
        self.value.get_or_init(|| serde_json::from_str(self.text.get()).unwrap_or_default())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

/// An Iglu schema URI taken apart: `iglu:{vendor}/{name}/{format}/{model}-{revision}-{addition}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaUri {
    uri: Cow<'static, str>,
    vendor_end: usize,
    name_end: usize,
    format_end: usize,
    major_version: u64,
}

const SCHEME: &str = "iglu:";

impl SchemaUri {
    /// Takes a schema URI apart; `None` when it is none.
    pub fn parse(uri: impl Into<String>) -> Option<Self> {
        Self::from_uri(uri.into().into()).ok()
    }

    /// Takes a schema URI apart that is part of the program.
    pub(super) fn well_known(uri: &'static str) -> Option<Self> {
        Self::from_uri(uri.into()).ok()
    }

    /// # Errors
    /// The text, when it is no schema URI.
    fn from_uri(uri: Cow<'static, str>) -> Result<Self, Cow<'static, str>> {
        match Self::ends(&uri) {
            Some((vendor_end, name_end, format_end, major_version)) => {
                Ok(Self { uri, vendor_end, name_end, format_end, major_version })
            }
            None => Err(uri),
        }
    }

    /// Where vendor, name and format end, and the major version.
    fn ends(uri: &str) -> Option<(usize, usize, usize, u64)> {
        let mut parts = uri.strip_prefix(SCHEME)?.split('/');
        let (vendor, name, format, version) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || [vendor, name, format].contains(&"") {
            return None;
        }
        let major_version = parse_version(version)?;
        let vendor_end = SCHEME.len() + vendor.len();
        let name_end = vendor_end + 1 + name.len();
        let format_end = name_end + 1 + format.len();
        Some((vendor_end, name_end, format_end, major_version))
    }

    /// E.g. `com.snowplowanalytics.snowplow.ecommerce`.
    pub fn vendor(&self) -> &str {
        &self.uri[SCHEME.len()..self.vendor_end]
    }

    /// E.g. `product`.
    pub fn name(&self) -> &str {
        &self.uri[self.vendor_end + 1..self.name_end]
    }

    /// Nearly always `jsonschema`.
    pub fn format(&self) -> &str {
        &self.uri[self.name_end + 1..self.format_end]
    }

    /// E.g. `1-0-2`.
    pub fn version(&self) -> &str {
        &self.uri[self.format_end + 1..]
    }

    /// The first number of the version: data of one major version is compatible.
    pub fn major_version(&self) -> u64 {
        self.major_version
    }
}

/// The first number of a version `{model}-{revision}-{addition}`; `None` when it is none.
pub(crate) fn parse_version(version: &str) -> Option<u64> {
    let mut numbers = version.split('-');
    let major_version = parse_version_number(numbers.next()?)?;
    for _ in 0..2 {
        parse_version_number(numbers.next()?)?;
    }
    numbers.next().is_none().then_some(major_version)
}

fn parse_version_number(text: &str) -> Option<u64> {
    // `parse` alone would let a sign through.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
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

/// A self-describing JSON whose data was not looked at.
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
    decode_envelope::<Unchecked>(text, encoding, "unstruct_event")?.check()
}

/// Decodes the value of `co` or, from base64, of `cx`.
pub(super) fn decode_entities(
    text: &str,
    encoding: Encoding,
) -> Result<Vec<SelfDescribing>, String> {
    let entities = decode_envelope::<Vec<Unchecked>>(text, encoding, "contexts")?;
    entities.into_iter().map(Unchecked::check).collect()
}

/// How a self-describing JSON is written into a tracker protocol parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Base64,
}

fn decode_envelope<T: for<'de> Deserialize<'de>>(
    text: &str,
    encoding: Encoding,
    wrapper: &str,
) -> Result<T, String> {
    let envelope: Envelope<T> = match encoding {
        Encoding::Plain => serde_json::from_str(text),
        Encoding::Base64 => serde_json::from_slice(&decode_base64(text)?),
    }
    .map_err(|error| undecodable(&error))?;
    if envelope.schema.name() != wrapper {
        return Err(format!("schema is `{}`, expected one named {wrapper}", envelope.schema));
    }
    Ok(envelope.data)
}

fn undecodable(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "not a self-describing JSON" } else { "not JSON" };
    format!("{what}: {error}")
}

/// JSON that can be a [`Value`], without making one.
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

/// Trackers differ in alphabet and padding, and form decoding turns `+` into a space: all of it is understood.
fn decode_base64(text: &str) -> Result<Vec<u8>, String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let url_safe: Vec<u8> = text
        .bytes()
        .map(|byte| match byte {
            b'+' | b' ' => b'-',
            b'/' => b'_',
            other => other,
        })
        .collect();
    LENIENT.decode(url_safe).map_err(|error| format!("not base64: {error}"))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
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
        fn bytes_are_decoded_from_every_form_of_base64_also_through_a_form(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            for form in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
                let text = form.encode(&bytes);
                prop_assert_eq!(decode_base64(&text), Ok(bytes.clone()));
                prop_assert_eq!(decode_base64(&text.replace('+', " ")), Ok(bytes.clone()));
            }
        }

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
