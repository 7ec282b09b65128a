//! Query strings, validated like bodies.

use std::borrow::Cow;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::error::{ApiError, Problem};

/// The query, deserialised. An invalid query is answered with 422.
#[derive(Debug)]
pub struct CheckedQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for CheckedQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let result = Query::from_request_parts(parts, state).await;
        let Query(query) = result.map_err(|rejection: QueryRejection| {
            Problem::of_query("query_parsing", rejection.body_text())
        })?;
        Ok(Self(query))
    }
}

/// A name and its value, decoded.
pub(crate) type Parameter<'q> = (Cow<'q, str>, Cow<'q, str>);

/// The parameters of a query string in order, for queries whose parameters depend on the definitions.
///
/// # Errors
/// When one of them is not UTF-8. A replacement character would turn different ids into the same one.
pub(crate) fn parameters(query: &str) -> Result<Vec<Parameter<'_>>, Problem> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(parameter).collect()
}

fn parameter(pair: &str) -> Result<Parameter<'_>, Problem> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = decoded(name)
        .ok_or_else(|| Problem::of_query("utf8", "a parameter's name is not UTF-8"))?;
    let value = decoded(value).ok_or_else(|| Problem::in_query(&name, "utf8", "is not UTF-8"))?;
    Ok((name, value))
}

fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('+') {
        return percent_decode_str(text).decode_utf8().ok();
    }
    let spaced = text.replace('+', " ");
    Some(Cow::Owned(percent_decode_str(&spaced).decode_utf8().ok()?.into_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_decoded_in_their_order() {
        let read = parameters("a=1+2&b=%3D%26&&a=%C3%A9&c&d=").unwrap();
        let read: Vec<(&str, &str)> =
            read.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(read, [("a", "1 2"), ("b", "=&"), ("a", "é"), ("c", ""), ("d", "")]);
    }

    #[test]
    fn what_is_not_utf8_is_refused_by_name() {
        let problem = parameters("user_id=%FF").unwrap_err();
        assert_eq!(json!(problem)["loc"], json!(["query", "user_id"]));
        assert_eq!(json!(parameters("%FF=1").unwrap_err())["loc"], json!(["query"]));
    }
}
