//! Reads attributes: all attributes of a service, or single ones.

mod columns;
mod request;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, Method, header};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Map, Value};
use signals_wire::TargetAttributeKey;
use tower::ServiceBuilder;
use tower_http::cors::{Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;

use self::columns::{Columns, KeyReadings};
use self::request::{AttributesRequest, Entities, QualifiedName, Query, Selection};
use crate::clock::Clock;
use crate::http::auth::Caller;
use crate::http::body::JsonBody;
use crate::http::error::{self, ApiError, BodyRefused, ErrorBody, Problem, Step, TokenRefused};
use crate::http::sdk::X_SIGNALS_SDK_NAME;
use crate::pipeline::Pipeline;
use crate::registry::PublishedService;
use crate::registry::Registry;
use crate::state::AppState;

/// The description of the attributes API.
#[derive(OpenApi)]
#[openapi(paths(get_online_attributes))]
pub(in crate::http) struct Api;

/// The routes of the attributes API.
pub(in crate::http) fn routes() -> Router<AppState> {
    let cors = CorsLayer::new().allow_origin(Any).allow_methods([Method::POST]).allow_headers([
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        X_SIGNALS_SDK_NAME,
    ]);
    let no_store = HeaderValue::from_static("no-store");
    let layers = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, no_store))
        .layer(cors);
    // The CORS layer answers preflight requests in the place of the fallback.
    let route = post(get_online_attributes).fallback(error::method_not_allowed).layer(layers);
    Router::new().route("/api/v1/get-online-attributes", route)
}

/// Reads attributes. Each column has one value per id. Public services need no token.
#[utoipa::path(
    post,
    path = "/api/v1/get-online-attributes",
    tag = "attributes",
    security(("token" = []), ()),
    request_body = AttributesRequest,
    responses(
        (status = 200, description = "One column for each attribute key and each attribute.", body = HashMap<String, Vec<Value>>),
        (status = 404, body = ErrorBody, description = "There is no such service."),
        BodyRefused,
        TokenRefused,
    )
)]
async fn get_online_attributes(
    caller: Caller,
    State(registry): State<Arc<Registry>>,
    State(pipeline): State<Arc<Pipeline>>,
    State(clock): State<Clock>,
    JsonBody(request): JsonBody<AttributesRequest>,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let Query { entities, selection, full_names } = request.check()?;
    let columns = match selection {
        Selection::Service(name) => {
            let service = readable_service(&registry, caller, &name)?;
            if caller == Caller::Anyone {
                entities.check_public()?;
            }
            of_service(read(&pipeline, &clock, entities)?, &name, &service, full_names)?
        }
        Selection::Attributes(_) if caller == Caller::Anyone => return Err(ApiError::Unauthorized),
        Selection::Attributes(names) => {
            one_by_one(&registry, read(&pipeline, &clock, entities)?, &names, full_names)?
        }
    };
    Ok(Json(columns))
}

/// Finds a service. Without a token, only public services exist.
fn readable_service(
    registry: &Registry,
    caller: Caller,
    name: &str,
) -> Result<PublishedService, ApiError> {
    let service = registry.published_service(name);
    let readable = service.filter(|service| service.is_public || caller == Caller::Owner);
    readable.ok_or_else(|| {
        ApiError::Unknown(format!("service `{}` does not exist", name.escape_debug()))
    })
}

/// The values of every published group, for all ids at the same moment.
fn read(
    pipeline: &Pipeline,
    clock: &Clock,
    entities: Entities,
) -> Result<Vec<KeyReadings>, Problem> {
    let now = clock.now();
    let of_key = |(key, ids): (String, Vec<String>)| {
        if !pipeline.has_attribute_key(&key) {
            let path = [Step::from("attribute_keys"), Step::Name(key)];
            return Err(Problem::in_body(path, "unknown_attribute_key", "not an attribute key"));
        }
        let owners = ids.iter().map(|id| TargetAttributeKey { name: key.clone(), id: id.clone() });
        let rows = pipeline.profiles(owners, now);
        Ok(KeyReadings { key, ids, rows })
    };
    entities.0.into_iter().map(of_key).collect()
}

/// All attributes of the service that belong to the keys in the request.
fn of_service(
    readings: Vec<KeyReadings>,
    name: &str,
    service: &PublishedService,
    full_names: bool,
) -> Result<Map<String, Value>, Problem> {
    let mut columns = Columns::new(readings, full_names);
    let mut has_groups = service.groups.is_empty();
    for (group, version) in &service.groups {
        has_groups |= columns.add_group(group, *version)?;
    }
    match has_groups {
        true => Ok(columns.into_map()),
        false => {
            let msg = format!("service `{name}` has no attributes of these keys");
            Err(Problem::in_body([Step::from("attribute_keys")], "value_error", msg))
        }
    }
}

fn one_by_one(
    registry: &Registry,
    readings: Vec<KeyReadings>,
    names: &[QualifiedName],
    full_names: bool,
) -> Result<Map<String, Value>, Problem> {
    let mut columns = Columns::new(readings, full_names);
    for (index, name) in names.iter().enumerate() {
        if columns.add_attribute(name)? {
            continue;
        }
        let path = [Step::from("attributes"), Step::Index(index)];
        return Err(match registry.attribute_key_of(&name.group, name.version) {
            Some(key) if !columns.has_key(&key) => {
                let msg = format!("`{name}` needs ids of `{key}`");
                Problem::in_body([Step::from("attribute_keys")], "missing", msg)
            }
            _ => {
                let msg = format!("`{name}`: no published attribute group has this attribute");
                Problem::in_body(path, "unknown_attribute", msg)
            }
        });
    }
    Ok(columns.into_map())
}
