//! Errors as clients see them: `{"detail": …}`.

use std::fmt;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use signals_engine::LocSegment;
use utoipa::{IntoResponses, ToSchema};

use crate::json::Fault;
use crate::registry::Refusal;

/// Why a request was refused. As a response it is the status that belongs to it, and `{"detail": …}` that says what is wrong.
#[derive(Debug)]
pub enum ApiError {
    /// The body is not what this endpoint takes at all.
    BadRequest(String),
    /// No token.
    Unauthorized,
    /// No API key.
    NoApiKey,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The way to it, e.g. `["query", "domain_userid"]`.
    loc: Vec<Step>,
    /// What is wrong, for people.
    msg: String,
    /// What is wrong, for programs.
    r#type: &'static str,
}

/// One step of a [`Problem`]'s way: a name, or a position in an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Step {
    /// A part of the request, a parameter or a field.
    Name(String),
    /// A position, counted from 0.
    Index(usize),
}

/// The body of every answer that is an error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    detail: Detail,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Detail {
    Text(String),
    Problems(Vec<Problem>),
}

/// How requests without the right token are answered.
#[derive(IntoResponses)]
pub enum TokenRefused {
    /// The request brings no token.
    #[response(status = 401)]
    Missing(ErrorBody),
    /// The request brings a wrong token.
    #[response(status = 403)]
    Wrong(ErrorBody),
}

/// How requests with a wrong body are answered.
#[derive(IntoResponses)]
pub enum BodyRefused {
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// A field makes no sense; every one at fault is named.
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

    /// A problem with the field of the body at `path`; with the body as a whole when that is empty.
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

/// Answers requests of a method that their path does not take: 405.
pub async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed("this path does not take that method".to_owned())
}

/// Answers requests for what is not there: 404.
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
