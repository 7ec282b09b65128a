//! Query strings that are checked like bodies.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Problem};

/// The query in the form of `T`; one that has another form is answered with 422.
pub(crate) struct CheckedQuery<T>(pub(crate) T);

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
