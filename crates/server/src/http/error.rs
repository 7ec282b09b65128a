//! The errors of the API: `{"detail": …}`.

use std::fmt;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use signals_engine::LocSegment;
use utoipa::{IntoResponses, ToSchema};

use crate::json::Fault;
use crate::registry::Refusal;

/// Why a request failed. The response has the matching status, and a body `{"detail": …}` that describes the error.
#[derive(Debug)]
pub enum ApiError {
    /// The body has a form that this endpoint does not accept at all.
    BadRequest(String),
    /// The request has no token.
    Unauthorized,
    /// The request has no API key.
    NoApiKey,
    /// The request has a wrong token.
    Forbidden,
    /// The path does not exist.
    NotFound,
    /// Something that the request names does not exist.
    Unknown(String),
    /// The path does not support the method.
    MethodNotAllowed(String),
    /// The body is larger than the limit.
    TooLarge,
    /// Invalid parameters or fields.
    Invalid(Vec<Problem>),
    /// A bug in this server.
    Internal(String),
}

/// One invalid parameter or field, in the form that Signals clients know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Its location, for example `["query", "domain_userid"]`.
    loc: Vec<Step>,
    /// The error, for people.
    msg: String,
    /// The kind of error, for programs.
    r#type: &'static str,
}

/// One step of a location: a name, or a position in an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Step {
    /// A part of the request, a parameter or a field.
    Name(String),
    /// A position, counted from 0.
    Index(usize),
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    detail: Detail,
}

/// The error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Detail {
    Text(String),
    Problems(Vec<Problem>),
}

/// The responses to requests without the right token.
#[derive(IntoResponses)]
pub enum TokenRefused {
    /// The request has no token.
    #[response(status = 401)]
    Missing(ErrorBody),
    /// The request has a wrong token.
    #[response(status = 403)]
    Wrong(ErrorBody),
}

/// The responses to requests with an invalid body.
#[derive(IntoResponses)]
pub enum BodyRefused {
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// One or more fields are invalid. `detail` names each of them.
    #[response(status = 422)]
    Invalid(ErrorBody),
}

impl Problem {
    /// A problem with the query parameter `name`.
    pub fn in_query(name: &str, r#type: &'static str, msg: impl fmt::Display) -> Self {
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

    /// A problem with the field of the body at `path`, or with the whole body if `path` is empty.
    pub fn in_body(
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
            Self::Unauthorized | Self::NoApiKey => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn into_detail(self) -> Detail {
        let text = match self {
            Self::Invalid(problems) => return Detail::Problems(problems),
            Self::BadRequest(reason)
            | Self::Unknown(reason)
            | Self::MethodNotAllowed(reason)
            | Self::Internal(reason) => return Detail::Text(reason),
            Self::Unauthorized => "send the server's token as \"Authorization: Bearer …\"",
            Self::NoApiKey => {
                "send any id as \"X-API-Key-Id\" and the server's token as \"X-API-Key\""
            }
            Self::Forbidden => "wrong token",
            Self::NotFound => "not found",
            Self::TooLarge => "the body is too large",
        };
        Detail::Text(text.to_owned())
    }
}

/// Rejects a method that the path does not support, with 405.
pub async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed("this path does not support this method".to_owned())
}

/// Answers 404 to a request for a path that does not exist.
pub(super) async fn not_found() -> ApiError {
    ApiError::NotFound
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Invalid(vec![problem])
    }
}

impl From<Fault> for Problem {
    fn from(Fault { path, kind, message }: Fault) -> Self {
        let path = path.into_iter().map(|segment| match segment {
            LocSegment::Field(name) => Step::Name(name),
            LocSegment::Index(index) => Step::Index(index),
        });
        Self::in_body(path, kind, message)
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        Problem::from(fault).into()
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown(_) => Self::Unknown(refusal.to_string()),
            Refusal::Invalid(fault) => fault.into(),
            _ => Self::BadRequest(refusal.to_string()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = ErrorBody { detail: self.into_detail() };
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
