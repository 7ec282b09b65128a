//! The commands that talk to a running server.

mod enriched;
mod export;
mod recording;
mod replay;
mod sse;
mod trigger;
mod watch;

use thiserror::Error;
use ureq::http::{Request, Response, StatusCode};
use ureq::{Agent, AsSendBody, Body};

pub use self::enriched::BadLines;
pub use self::export::export;
pub use self::recording::RecordingError;
pub use self::replay::{ReplayError, replay};
pub use self::trigger::trigger;
pub use self::watch::{WatchError, watch};
use crate::cli::{ServerArgs, ServerUrl};

/// Why a request to a server failed.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The server did not answer.
    #[error("cannot reach {url}: {source}")]
    Unreachable {
        /// The requested URL, without its query.
        url: String,
        /// The cause.
        source: ureq::Error,
    },
    /// The server answered with an error.
    #[error("{url} answered {status}: {reason}")]
    Refused {
        /// The requested URL, without its query.
        url: String,
        /// The status of the response.
        status: StatusCode,
        /// The error in the response's body.
        reason: String,
    },
}

impl ClientError {
    /// Whether a retry cannot help.
    fn is_final(&self) -> bool {
        match self {
            Self::Refused { status, .. } => status.is_client_error(),
            Self::Unreachable { source, .. } => {
                matches!(source, ureq::Error::BadUri(_) | ureq::Error::Http(_))
            }
        }
    }
}

/// A client of one server.
struct Client<'a> {
    url: &'a str,
    /// Sent only if a route needs it: `replay` and `watch` may talk to a server that must not see the token.
    token: Option<&'a str>,
    agent: Agent,
}

impl<'a> Client<'a> {
    /// A client that sends the token.
    fn owner(ServerArgs { server, token }: &'a ServerArgs) -> Self {
        Self { token: Some(token), ..Self::anybody(server) }
    }

    /// A client without the token, with the rights of a page.
    fn anybody(server: &'a ServerUrl) -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { url: &server.url, token: None, agent }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }

    /// Sends a request. The body of the response is not read yet.
    fn send(&self, mut request: Request<impl AsSendBody>) -> Result<Response<Body>, ClientError> {
        // Errors leave the query out: it can be long, and it contains ids.
        let url = request.uri().to_string();
        let url = url.split('?').next().unwrap_or_default().to_owned();
        // If a header cannot hold the token, it is wrong. The server reports that.
        if let Some(Ok(token)) = self.token.map(|token| format!("Bearer {token}").parse()) {
            request.headers_mut().insert("authorization", token);
        }
        let mut response = self
            .agent
            .run(request)
            .map_err(|source| ClientError::Unreachable { url: url.clone(), source })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.body_mut().read_to_string().unwrap_or_default();
        Err(ClientError::Refused { url, status, reason: reason(&body) })
    }

    /// Sends a request and reads the body of the response.
    fn text(&self, request: Request<impl AsSendBody>) -> Result<String, ClientError> {
        self.bytes(request).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Like [`Client::text`], but accepts bytes that are not UTF-8.
    fn bytes(&self, request: Request<impl AsSendBody>) -> Result<Vec<u8>, ClientError> {
        let url = request.uri().path().to_owned();
        let bytes = self.send(request)?.body_mut().read_to_vec();
        bytes.map_err(|source| ClientError::Unreachable { url: self.url(&url), source })
    }
}

/// The error in a response's body, as text.
fn reason(body: &str) -> String {
    let error: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    match &error["detail"] {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(problems) => {
            let problems = problems.iter().map(|problem| {
                let steps = problem["loc"].as_array().into_iter().flatten();
                let steps: Vec<String> = steps
                    .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
                    .collect();
                format!("{}: {}", steps.join("."), problem["msg"].as_str().unwrap_or_default())
            });
            problems.collect::<Vec<_>>().join("; ")
        }
        _ => body.trim().to_owned(),
    }
}
