use ureq::http::Request;

use super::{Client, ClientError};
use crate::cli::ServerArgs;

/// What `server` has registered, as the text of a definitions file. Waits for the answer.
///
/// # Errors
/// When the server cannot be reached, or does not take the token.
pub fn export(server: &ServerArgs) -> Result<String, ClientError> {
    let client = Client::owner(server);
    client.text(request(&client)?)
}

fn request(client: &Client<'_>) -> Result<Request<()>, ClientError> {
    let url = client.url("/mock/definitions");
    Request::get(&url)
        .body(())
        .map_err(|source| ClientError::Unreachable { url, source: source.into() })
}
