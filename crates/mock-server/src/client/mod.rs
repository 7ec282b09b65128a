//! What the command line asks of a running server.

mod export;
mod recording;
mod replay;
mod sse;
mod trigger;
mod watch;

use thiserror::Error;
use ureq::http::{Request, Response, StatusCode};
use ureq::{Agent, AsSendBody, Body};

pub use self::export::export;
pub use self::recording::RecordingError;
pub use self::replay::{ReplayError, replay};
pub use self::trigger::trigger;
pub use self::watch::{WatchError, watch};
use crate::cli::{ServerArgs, ServerUrl};

/// Why a server did not do what it was asked.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nobody answers.
    #[error("cannot reach {url}: {source}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why not.
        source: ureq::Error,
    },
    /// The answer is not what was asked for.
    #[error("{url} answers {status}: {reason}")]
    Refused {
        /// What was asked.
        url: String,
        /// The status of the answer.
        status: StatusCode,
        /// What the server says about it.
        reason: String,
    },
}

impl ClientError {
    /// Whether trying again is of no use.
    fn is_final(&self) -> bool {
        match self {
            Self::Refused { status, .. } => status.is_client_error(),
            Self::Unreachable { source, .. } => {
                matches!(source, ureq::Error::BadUri(_) | ureq::Error::Http(_))
            }
        }
    }
}

/// Whoever asks something of one server.
struct Client<'a> {
    url: &'a str,
    /// Only where it is needed: what is replayed or watched may be somewhere else than the token is good for.
    token: Option<&'a str>,
    agent: Agent,
}

impl<'a> Client<'a> {
    /// Somebody who may do everything.
    fn owner(ServerArgs { server, token }: &'a ServerArgs) -> Self {
        Self { token: Some(token), ..Self::anybody(server) }
    }

    /// Somebody who may do what pages can.
    fn anybody(server: &'a ServerUrl) -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { url: &server.url, token: None, agent }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }

    /// The answer, whose body is not read yet.
    fn send(&self, mut request: Request<impl AsSendBody>) -> Result<Response<Body>, ClientError> {
        // Queries may be long, and say who somebody is.
        let url = request.uri().to_string();
        let url = url.split('?').next().unwrap_or_default().to_owned();
        // A token that no header can hold is a wrong one; the server says so.
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

    /// The whole answer.
    fn text(&self, request: Request<impl AsSendBody>) -> Result<String, ClientError> {
        self.bytes(request).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The whole answer, whatever it is.
    fn bytes(&self, request: Request<impl AsSendBody>) -> Result<Vec<u8>, ClientError> {
        let url = request.uri().path().to_owned();
        let bytes = self.send(request)?.body_mut().read_to_vec();
        bytes.map_err(|source| ClientError::Unreachable { url: self.url(&url), source })
    }
}

/// What an error says, for people.
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
