use serde_json::json;
use signals_wire::stream::INTERVENTIONS_PATH;
use ureq::http::Request;

use super::{Client, ClientError};
use crate::cli::TriggerOptions;

/// Pushes an intervention to its targets and returns the outcome as text. Blocks until the server answers.
///
/// # Errors
/// When the server cannot be reached, or rejects the token, an id or the name.
pub fn trigger(options: &TriggerOptions) -> Result<String, ClientError> {
    let client = Client::owner(&options.server);
    let url = client.url(&format!("{INTERVENTIONS_PATH}?{}", options.targets.query()));
    let body = json!({
        "name": options.name,
        "version": options.version,
        "attributes": options.attributes,
        "intervention_id": options.intervention_id,
    });
    let request = Request::post(&url)
        .header("content-type", "application/json")
        .body(body.to_string())
        .map_err(|source| ClientError::Unreachable { url, source: source.into() })?;
    let answer = client.text(request)?;
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
    Ok(match answer["status"].as_str() {
        Some("undelivered") => {
            "undelivered: no stream is open for it. It waits one minute for a stream, unless the server runs with --hosted".to_owned()
        }
        Some(status) => status.to_owned(),
        None => answer.to_string(),
    })
}
