//! JSON that is checked field by field. Errors name the invalid field.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};
use signals_engine::LocSegment;

/// A field that is missing or invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The path to the field. Empty for the whole value.
    pub(crate) path: Vec<LocSegment>,
    /// The kind of error, for programs.
    pub(crate) kind: &'static str,
    /// The error, for people.
    pub(crate) message: String,
}

impl Fault {
    /// A fault of the field at `path`.
    pub(crate) fn at(
        path: Vec<LocSegment>,
        kind: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { path, kind, message: message.into() }
    }

    /// A fault of the field `name` of the outermost object.
    pub(crate) fn of_field(name: &str, kind: &'static str, message: impl Into<String>) -> Self {
        Self::at(vec![LocSegment::Field(name.to_owned())], kind, message)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.path.iter().enumerate() {
            formatter.write_str(if index == 0 { "" } else { "." })?;
            match segment {
                LocSegment::Field(name) => formatter.write_str(name)?,
                LocSegment::Index(index) => index.fmt(formatter)?,
            }
        }
        let separator = if self.path.is_empty() { "" } else { ": " };
        write!(formatter, "{separator}{}", self.message)
    }
}

/// Whether valid JSON is an object. Derived deserialisers of structs also accept arrays of the fields' values.
pub(crate) fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().starts_with(b"{")
}

/// A `T` inside a body, from a JSON object only. Derived deserialisers of structs also accept arrays of the fields' values.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

/// Deserialises JSON text as `T`, from an object only.
///
/// # Errors
/// When the text is not JSON. Otherwise, the first field that is missing or invalid.
pub(crate) fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(fault)?;
    deserializer.end().map_err(|error| not_json(&error))?;
    if is_object(bytes) {
        Ok(value)
    } else {
        Err(Fault::at(Vec::new(), "value_error", "must be an object"))
    }
}

/// Deserialises JSON that is parsed already.
///
/// # Errors
/// The first field that is missing or invalid.
pub(crate) fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(value).map_err(fault)
}

#[expect(clippy::needless_pass_by_value, reason = "to be passed to map_err")]
fn fault(error: serde_path_to_error::Error<serde_json::Error>) -> Fault {
    let cause = error.inner();
    if cause.is_syntax() || cause.is_eof() {
        return not_json(cause);
    }
    let message = cause.to_string();
    let missing = missing_field(&message).map(|name| LocSegment::Field(name.to_owned()));
    let kind = if missing.is_some() { "missing" } else { "value_error" };
    Fault::at(steps(error.path()).chain(missing).collect(), kind, message)
}

fn not_json(cause: &serde_json::Error) -> Fault {
    Fault::at(Vec::new(), "json_invalid", format!("not JSON: {cause}"))
}

fn steps(path: &Path) -> impl Iterator<Item = LocSegment> {
    path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(LocSegment::Index(*index)),
        Segment::Map { key } => Some(LocSegment::Field(key.clone())),
        Segment::Enum { variant } => Some(LocSegment::Field(variant.clone())),
        Segment::Unknown => None,
    })
}

// serde reports a missing field at the object that lacks it; only the message has the name.
fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split('`').next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only the errors matter")]
        inner: Object<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only the errors matter")]
        count: u8,
    }

    fn fault(body: &str) -> Fault {
        from_slice::<Outer>(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let fault = fault(r#"{"inner": {"count": "many"}}"#);
        assert_eq!(json!(fault.path), json!(["inner", "count"]));
        assert_eq!(fault.kind, "value_error");
    }

    #[test]
    fn a_missing_field_is_named() {
        let fault = fault(r#"{"inner": {}}"#);
        assert_eq!(json!(fault.path), json!(["inner", "count"]));
        assert_eq!(fault.kind, "missing");
    }

    #[test]
    fn an_unknown_field_is_named() {
        let fault = fault(r#"{"iner": {}}"#);
        assert_eq!(json!(fault.path), json!(["iner"]));
    }

    #[test]
    fn an_array_does_not_pass_for_an_object() {
        assert_eq!(fault(r#"[{"count": 1}]"#).message, "must be an object");
        let inside = fault(r#"{"inner": [1]}"#);
        assert_eq!(json!(inside.path), json!(["inner"]));
        let msg = inside.message;
        assert!(msg.starts_with("invalid type: sequence, expected an object"), "{msg}");
    }

    #[test]
    fn what_is_not_json_is_said_to_be_so() {
        for body in ["", "{", "inner=1", r#"{"inner": {"count": 1}} and more"#] {
            let fault = fault(body);
            assert_eq!(fault.path, []);
            assert_eq!(fault.kind, "json_invalid");
        }
    }
}
