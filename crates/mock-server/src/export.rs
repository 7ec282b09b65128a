//! Fetching what a running server has registered.

use thiserror::Error;
use ureq::Agent;
use ureq::http::StatusCode;

use crate::config::ExportOptions;

/// Why there is nothing to export.
#[derive(Debug, Error)]
pub enum ExportError {
    /// Nobody answers.
    #[error("cannot reach {url}: {source}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why not.
        source: ureq::Error,
    },
    /// The answer is not what was asked for.
    #[error("{url} answers {status}: {body}")]
    Refused {
        /// What was asked.
        url: String,
        /// The status of the answer.
        status: StatusCode,
        /// The answer.
        body: String,
    },
}

/// What the server at `options` has registered, as the text of a definitions file. Waits for the answer.
///
/// # Errors
/// When the server cannot be reached, or does not take the token.
pub fn export(options: &ExportOptions) -> Result<String, ExportError> {
    let url = format!("{}/mock/definitions", options.url.trim_end_matches('/'));
    let unreachable = |source| ExportError::Unreachable { url: url.clone(), source };
    let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    let mut response = agent
        .get(&url)
        .header("authorization", format!("Bearer {}", options.token))
        .call()
        .map_err(unreachable)?;
    let body = response.body_mut().read_to_string().map_err(unreachable)?;
    match response.status() {
        StatusCode::OK => Ok(body),
        status => Err(ExportError::Refused { url, status, body }),
    }
}
