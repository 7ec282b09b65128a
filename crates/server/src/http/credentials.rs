//! API keys. The Signals SDKs exchange them for an access token, as they do with Snowplow's console.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{OpenApi, ToSchema};

use super::error::{ApiError, ErrorBody};
use crate::access::Access;
use crate::state::AppState;

/// The headers of an API key: its id and its secret.
pub(crate) const X_API_KEY_ID: &str = "x-api-key-id";
pub(crate) const X_API_KEY: &str = "x-api-key";

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(paths(access_token_for_key))]
struct Api;

/// The routes of API keys.
pub(super) fn routes() -> Router<AppState> {
    let path = "/api/msc/v1/organizations/{organization}/credentials/v3/token";
    Router::new().route(path, get(access_token_for_key))
}

/// The description of those routes.
pub(super) fn description() -> Description {
    let mut description = Api::openapi();
    let components = description.components.get_or_insert_default();
    for (scheme, header) in [("api_key_id", X_API_KEY_ID), ("api_key", X_API_KEY)] {
        let value = ApiKey::Header(ApiKeyValue::new(header));
        components.security_schemes.insert(scheme.to_owned(), SecurityScheme::ApiKey(value).into());
    }
    description
}

/// The result of exchanging an API key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AccessToken {
    /// A JWT that the API accepts as a bearer token for 24 hours.
    access_token: String,
}

/// Exchanges an API key for an access token. The key is the server's token. Any key id and organization are accepted.
#[utoipa::path(
    get,
    path = "/api/msc/v1/organizations/{organization}/credentials/v3/token",
    tag = "credentials",
    security(("api_key_id" = [], "api_key" = [])),
    params(("organization" = String, Path)),
    responses(
        (status = 200, description = "The token.", body = AccessToken),
        (status = 401, description = "The request has no key.", body = ErrorBody),
        (status = 403, description = "The request has a wrong key.", body = ErrorBody),
    )
)]
async fn access_token_for_key(
    State(access): State<Access>,
    Path(_organization): Path<String>,
    headers: HeaderMap,
) -> Result<Json<AccessToken>, ApiError> {
    let key_id = header(&headers, X_API_KEY_ID).ok_or(ApiError::NoApiKey)?;
    let key = header(&headers, X_API_KEY).ok_or(ApiError::NoApiKey)?;
    if !access.is_token(key) {
        return Err(ApiError::Forbidden);
    }
    let access_token =
        access.issue(key_id).map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(Json(AccessToken { access_token }))
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().filter(|text| !text.is_empty())
}
