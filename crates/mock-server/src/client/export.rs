use ureq::http::Request;

use super::{Client, ClientError};
use crate::cli::ServerArgs;

/// The definitions of `server`, as the text of a definitions file. Blocks until the server answers.
///
/// # Errors
/// When the server cannot be reached, or rejects the token.
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
