//! Errors as clients see them: `{"detail": …}`.

use std::fmt;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// Why a request was refused.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// The body is not what this endpoint takes at all.
    BadRequest(String),
    /// No token.
    Unauthorized,
    /// A wrong token.
    Forbidden,
    /// There is nothing at that path.
    NotFound,
    /// What the request names does not exist.
    Unknown(String),
    /// That path does not take this method.
    MethodNotAllowed(String),
    /// The body is over the limit.
    TooLarge,
    /// Parameters or fields that do not make sense, each named.
    Invalid(Vec<Problem>),
    /// A fault of this server.
    Internal(String),
}

/// One parameter or field at fault, in the form that Signals clients know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// The way to it, e.g. `["query", "domain_userid"]`.
    loc: Vec<Step>,
    /// What is wrong, for people.
    msg: String,
    /// What is wrong, for programs.
    r#type: &'static str,
}

/// One step of a [`Problem`]'s way: a name, or a position in an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

impl Problem {
    /// A problem with the query parameter `name`.
    pub(crate) fn in_query(name: &str, r#type: &'static str, msg: impl fmt::Display) -> Self {
        let loc = vec![Step::from("query"), Step::from(name)];
        Self { loc, msg: msg.to_string(), r#type }
    }

    /// A problem with the query as a whole.
    pub(crate) fn of_query(r#type: &'static str, msg: impl fmt::Display) -> Self {
        Self { loc: vec![Step::from("query")], msg: msg.to_string(), r#type }
    }

    /// A problem with the part `name` of the path.
    pub(crate) fn in_path(name: &str, r#type: &'static str, msg: impl fmt::Display) -> Self {
        let loc = vec![Step::from("path"), Step::from(name)];
        Self { loc, msg: msg.to_string(), r#type }
    }

    /// A problem with the field of the body at `path`; with the body as a whole when that is empty.
    pub(crate) fn in_body(
        path: impl IntoIterator<Item = Step>,
        r#type: &'static str,
        msg: impl fmt::Display,
    ) -> Self {
        let loc = [Step::from("body")].into_iter().chain(path).collect();
        Self { loc, msg: msg.to_string(), r#type }
    }
}

impl From<&str> for Step {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn detail(&self) -> serde_json::Value {
        match self {
            Self::BadRequest(reason)
            | Self::Unknown(reason)
            | Self::MethodNotAllowed(reason)
            | Self::Internal(reason) => json!(reason),
            Self::Unauthorized => json!("send the server's token as \"Authorization: Bearer …\""),
            Self::Forbidden => json!("wrong token"),
            Self::NotFound => json!("not found"),
            Self::TooLarge => json!("the body is too large"),
            Self::Invalid(problems) => json!(problems),
        }
    }
}

/// Answers requests of a method that their path does not take.
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed("this path does not take that method".to_owned())
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Invalid(vec![problem])
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response =
            (self.status(), Json(json!({ "detail": self.detail() }))).into_response();
        if let Self::Unauthorized = self {
            let challenge = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
