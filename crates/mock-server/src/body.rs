//! Request bodies: their size limit, and JSON that is checked field by field.

use std::fmt;
use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::error::{ApiError, Problem, Step};

/// The largest request body, in bytes.
pub(crate) const LIMIT_BYTES: usize = 1 << 20;

/// The whole body.
pub(crate) struct RawBody(pub(crate) Bytes);

/// A JSON body, deserialised. Its content type does not matter.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        Bytes::from_request(request, state)
            .await
            .map(Self)
            .map_err(|rejection| too_large_or(&rejection))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        Ok(Self(from_json(&bytes)?))
    }
}

fn too_large_or(rejection: &BytesRejection) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge,
        _ => ApiError::BadRequest(rejection.body_text()),
    }
}

/// Whether valid JSON is an object. Derived deserialisers of structs also accept arrays of the fields' values.
pub(crate) fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().starts_with(b"{")
}

/// A `T` inside a body. Accepts only a JSON object, see [`is_object`].
#[derive(Debug)]
pub(crate) struct Object<T>(pub(crate) T);

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

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(problem)?;
    deserializer.end().map_err(|error| not_json(&error))?;
    if is_object(bytes) {
        Ok(value)
    } else {
        Err(Problem::in_body([], "value_error", "must be an object"))
    }
}

/// Deserialises JSON that is parsed already.
///
/// # Errors
/// The first field that is missing or invalid.
pub(crate) fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(problem)
}

#[expect(clippy::needless_pass_by_value, reason = "to be passed to map_err")]
fn problem(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let cause = error.inner();
    if cause.is_syntax() || cause.is_eof() {
        return not_json(cause);
    }
    let message = cause.to_string();
    let missing = missing_field(&message).map(Step::from);
    let kind = if missing.is_some() { "missing" } else { "value_error" };
    Problem::in_body(steps(error.path()).chain(missing), kind, &message)
}

fn not_json(cause: &serde_json::Error) -> Problem {
    Problem::in_body([], "json_invalid", format_args!("not JSON: {cause}"))
}

fn steps(path: &Path) -> impl Iterator<Item = Step> {
    path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Name(key.clone())),
        Segment::Enum { variant } => Some(Step::Name(variant.clone())),
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

    fn problem(body: &str) -> serde_json::Value {
        json!(from_json::<Outer>(body.as_bytes()).unwrap_err())
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let problem = problem(r#"{"inner": {"count": "many"}}"#);
        assert_eq!(problem["loc"], json!(["body", "inner", "count"]));
        assert_eq!(problem["type"], "value_error");
    }

    #[test]
    fn a_missing_field_is_named() {
        let problem = problem(r#"{"inner": {}}"#);
        assert_eq!(problem["loc"], json!(["body", "inner", "count"]));
        assert_eq!(problem["type"], "missing");
    }

    #[test]
    fn an_unknown_field_is_named() {
        let problem = problem(r#"{"iner": {}}"#);
        assert_eq!(problem["loc"], json!(["body", "iner"]));
    }

    #[test]
    fn an_array_does_not_pass_for_an_object() {
        assert_eq!(problem(r#"[{"count": 1}]"#)["msg"], "must be an object");
        let inside = problem(r#"{"inner": [1]}"#);
        assert_eq!(inside["loc"], json!(["body", "inner"]));
        let msg = inside["msg"].as_str().unwrap();
        assert!(msg.starts_with("invalid type: sequence, expected an object"), "{msg}");
    }

    #[test]
    fn what_is_not_json_is_said_to_be_so() {
        for body in ["", "{", "inner=1", r#"{"inner": {"count": 1}} and more"#] {
            let problem = problem(body);
            assert_eq!(problem["loc"], json!(["body"]));
            assert_eq!(problem["type"], "json_invalid");
        }
    }
}
