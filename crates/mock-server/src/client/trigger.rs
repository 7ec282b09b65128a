use serde_json::json;
use signals_wire::stream::INTERVENTIONS_PATH;
use ureq::http::Request;

use super::{Client, ClientError};
use crate::cli::TriggerOptions;

/// Pushes an instance to its targets and says what became of it, in a line. Waits for the answer.
///
/// # Errors
/// When the server cannot be reached, or refuses: the token, an id or a name.
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
            "undelivered: no stream is open for it; it waits a minute for the first one".to_owned()
        }
        Some(status) => status.to_owned(),
        None => answer.to_string(),
    })
}
