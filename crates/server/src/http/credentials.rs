//! API keys. The Signals SDKs exchange them for an access token, as they do with Snowplow's console.

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{OpenApi, ToSchema};

use super::auth::{KeyHolder, X_API_KEY, X_API_KEY_ID};
use super::error::{ApiError, ErrorBody};
use crate::access::Access;
use crate::state::AppState;

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
    KeyHolder { id }: KeyHolder,
) -> Result<Json<AccessToken>, ApiError> {
    let access_token = access.issue(&id).map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(Json(AccessToken { access_token }))
}
