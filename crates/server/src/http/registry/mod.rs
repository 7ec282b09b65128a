//! The registry's routes: read and change definitions, and publish them.

mod engines;

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Method, header};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value};
use signals_engine::{AttributeGroup, AttributeKey, EventLog, Intervention, Service};
use tower_http::cors::{Any, CorsLayer};
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::openapi::{OpenApi as Description, Ref, RefOr};
use utoipa::{OpenApi, PartialSchema, ToSchema};

use crate::http::auth::Authorized;
use crate::http::body::JsonBody;
use crate::http::error::{self, ApiError, BodyRefused, ErrorBody, Problem, Step, TokenRefused};
use crate::http::query;
use crate::http::sdk::X_SIGNALS_SDK_NAME;
use crate::pipeline::Pipeline;
use crate::registry::{Document, Id, Kind, Registry, Representation};
use crate::state::AppState;

/// Query parameter that limits a list to published definitions.
const APPLIED: &str = "applied";

/// Confirms a deletion.
#[derive(Debug, Serialize, ToSchema)]
struct Deleted {
    ok: bool,
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(
    paths(list, create, get_latest, replace, delete, get_version, replace_version, delete_version),
    components(schemas(
        Definition,
        CollectionName,
        VersionedCollectionName,
        UnversionedCollectionName
    ))
)]
struct Api;

/// The kinds of definitions.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a part of paths")]
enum CollectionName {
    AttributeKeys,
    AttributeGroups,
    Services,
    Interventions,
    EventLogs,
}

/// The kinds of definitions that have versions.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a part of paths")]
enum VersionedCollectionName {
    AttributeGroups,
    Interventions,
}

/// The kinds of definitions that have no versions.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a part of paths")]
enum UnversionedCollectionName {
    AttributeKeys,
    Services,
    EventLogs,
}

/// A definition in a request, of the kind in the path.
struct Definition;

impl PartialSchema for Definition {
    fn schema() -> RefOr<Schema> {
        // A definition of one kind can have every field that another kind requires, so "one of" would be wrong.
        AnyOfBuilder::new()
            .item(Ref::from_schema_name(AttributeKey::name()))
            .item(Ref::from_schema_name(AttributeGroup::name()))
            .item(Ref::from_schema_name(Service::name()))
            .item(Ref::from_schema_name(Intervention::name()))
            .item(Ref::from_schema_name(EventLog::name()))
            .description(Some("A definition of the kind in the path."))
            .into()
    }
}

impl ToSchema for Definition {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((T::name().into_owned(), T::schema()));
            T::schemas(schemas);
        }
        add::<AttributeKey>(schemas);
        add::<AttributeGroup>(schemas);
        add::<Service>(schemas);
        add::<Intervention>(schemas);
        add::<EventLog>(schemas);
    }
}

type Segments<T> = Result<Path<T>, PathRejection>;

/// The description of these routes, including publishing.
pub(in crate::http) fn description() -> Description {
    let mut description = Api::openapi();
    description.merge(engines::Api::openapi());
    description
}

/// The routes of the registry.
pub(in crate::http) fn routes() -> Router<AppState> {
    let collection = || get(list).post(create);
    let latest = || get(get_latest).put(replace).delete(delete);
    let version = || get(get_version).put(replace_version).delete(delete_version);
    Router::new()
        .merge(with_or_without_slash("/api/v1/registry/{kind}", collection))
        .merge(with_or_without_slash("/api/v1/registry/{kind}/{name}", latest))
        .merge(with_or_without_slash("/api/v1/registry/{kind}/{name}/versions/{version}", version))
        .merge(engines::routes())
}

fn with_or_without_slash(
    path: &str,
    methods: impl Fn() -> MethodRouter<AppState>,
) -> Router<AppState> {
    // The CORS layer answers preflight requests in the place of the fallback.
    let methods = || methods().fallback(error::method_not_allowed).layer(readable_in_browsers());
    Router::new().route(path, methods()).route(&format!("{path}/"), methods())
}

/// Allows browser extensions that have the token to read the registry.
fn readable_in_browsers() -> CorsLayer {
    CorsLayer::new().allow_origin(Any).allow_methods([Method::GET]).allow_headers([
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        X_SIGNALS_SDK_NAME,
    ])
}

/// Lists the definitions of one kind, with all versions.
#[utoipa::path(
    get,
    path = "/api/v1/registry/{kind}/",
    tag = "registry",
    security(("token" = [])),
    params(
        ("kind" = CollectionName, Path),
        ("applied" = Option<bool>, Query, description = "Only published definitions."),
    ),
    responses(
        (status = 200, description = "The definitions, in the order in which they were registered.", body = Vec<Representation>),
        (status = 404, body = ErrorBody, description = "This kind of definitions does not exist."),
        (status = 422, body = ErrorBody, description = "`applied` is neither true nor false."),
        TokenRefused,
    )
)]
async fn list(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    kind: Segments<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Representation>>, ApiError> {
    let only_published = is_applied(query.as_deref().unwrap_or_default())?;
    Ok(Json(registry.list(kind_of(&segments(kind)?)?, only_published)))
}

/// Registers a definition.
#[utoipa::path(
    post,
    path = "/api/v1/registry/{kind}/",
    tag = "registry",
    security(("token" = [])),
    params(("kind" = CollectionName, Path)),
    request_body = Definition,
    responses(
        (status = 200, description = "The definition as it is registered.", body = Representation),
        (status = 400, body = ErrorBody, description = "The definition already exists."),
        (status = 404, body = ErrorBody, description = "This kind of definitions does not exist."),
        BodyRefused,
        TokenRefused,
    )
)]
async fn create(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    State(pipeline): State<Arc<Pipeline>>,
    kind: Segments<String>,
    JsonBody(sent): JsonBody<Map<String, Value>>,
) -> Result<Json<Representation>, ApiError> {
    let document = Document::read(kind_of(&segments(kind)?)?, sent)?;
    Ok(Json(registry.create(document, &pipeline)?))
}

/// Shows the latest version of a definition.
#[utoipa::path(
    get,
    path = "/api/v1/registry/{kind}/{name}",
    tag = "registry",
    security(("token" = [])),
    params(("kind" = CollectionName, Path), ("name" = String, Path)),
    responses(
        (status = 200, description = "The definition.", body = Representation),
        (status = 404, body = ErrorBody, description = "The definition does not exist."),
        TokenRefused,
    )
)]
async fn get_latest(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    path: Segments<(String, String)>,
) -> Result<Json<Representation>, ApiError> {
    let (kind, name) = segments(path)?;
    let id = Id { kind: kind_of(&kind)?, name, version: None };
    Ok(Json(registry.get(&id)?))
}

/// Replaces a definition that has no versions. An event log that is published stays as it is until you publish the change.
#[utoipa::path(
    put,
    path = "/api/v1/registry/{kind}/{name}",
    tag = "registry",
    security(("token" = [])),
    params(("kind" = UnversionedCollectionName, Path), ("name" = String, Path)),
    request_body = Definition,
    responses(
        (status = 200, description = "The definition as it is registered now.", body = Representation),
        (status = 400, body = ErrorBody, description = "Another definition needs it as it is."),
        (status = 404, body = ErrorBody, description = "The definition does not exist."),
        BodyRefused,
        TokenRefused,
    )
)]
async fn replace(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    State(pipeline): State<Arc<Pipeline>>,
    path: Segments<(String, String)>,
    JsonBody(sent): JsonBody<Map<String, Value>>,
) -> Result<Json<Representation>, ApiError> {
    let id = unversioned(segments(path)?)?;
    Ok(Json(registry.replace(read_as(&id, sent)?, &pipeline)?))
}

/// Deletes a definition that has no versions.
#[utoipa::path(
    delete,
    path = "/api/v1/registry/{kind}/{name}",
    tag = "registry",
    security(("token" = [])),
    params(("kind" = UnversionedCollectionName, Path), ("name" = String, Path)),
    responses(
        (status = 200, description = "The definition is deleted.", body = Deleted),
        (status = 400, body = ErrorBody, description = "The definition is published or built in, or another definition needs it."),
        (status = 404, body = ErrorBody, description = "The definition does not exist."),
        TokenRefused,
    )
)]
async fn delete(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    State(pipeline): State<Arc<Pipeline>>,
    path: Segments<(String, String)>,
) -> Result<Json<Deleted>, ApiError> {
    let id = unversioned(segments(path)?)?;
    registry.delete(&id, &pipeline)?;
    Ok(Json(Deleted { ok: true }))
}

/// Shows one version of a definition.
#[utoipa::path(
    get,
    path = "/api/v1/registry/{kind}/{name}/versions/{version}",
    tag = "registry",
    security(("token" = [])),
    params(
        ("kind" = VersionedCollectionName, Path),
        ("name" = String, Path),
        ("version" = u64, Path),
    ),
    responses(
        (status = 200, description = "The definition.", body = Representation),
        (status = 404, body = ErrorBody, description = "The definition does not exist."),
        (status = 422, body = ErrorBody, description = "The version is not a number."),
        TokenRefused,
    )
)]
async fn get_version(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    path: Segments<(String, String, String)>,
) -> Result<Json<Representation>, ApiError> {
    Ok(Json(registry.get(&versioned(segments(path)?)?)?))
}

/// Replaces one version of a definition. A published version cannot change.
#[utoipa::path(
    put,
    path = "/api/v1/registry/{kind}/{name}/versions/{version}",
    tag = "registry",
    security(("token" = [])),
    params(
        ("kind" = VersionedCollectionName, Path),
        ("name" = String, Path),
        ("version" = u64, Path),
    ),
    request_body = Definition,
    responses(
        (status = 200, description = "The definition as it is registered now.", body = Representation),
        (status = 400, body = ErrorBody, description = "The version is published with other contents, or another definition needs it as it is."),
        (status = 404, body = ErrorBody, description = "The definition does not exist."),
        BodyRefused,
        TokenRefused,
    )
)]
async fn replace_version(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    State(pipeline): State<Arc<Pipeline>>,
    path: Segments<(String, String, String)>,
    JsonBody(sent): JsonBody<Map<String, Value>>,
) -> Result<Json<Representation>, ApiError> {
    let id = versioned(segments(path)?)?;
    Ok(Json(registry.replace(read_as(&id, sent)?, &pipeline)?))
}

/// Deletes one version of a definition.
#[utoipa::path(
    delete,
    path = "/api/v1/registry/{kind}/{name}/versions/{version}",
    tag = "registry",
    security(("token" = [])),
    params(
        ("kind" = VersionedCollectionName, Path),
        ("name" = String, Path),
        ("version" = u64, Path),
    ),
    responses(
        (status = 200, description = "The definition is deleted.", body = Deleted),
        (status = 400, body = ErrorBody, description = "The version is published, or another definition needs it."),
        (status = 404, body = ErrorBody, description = "The definition does not exist."),
        (status = 422, body = ErrorBody, description = "The version is not a number."),
        TokenRefused,
    )
)]
async fn delete_version(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    State(pipeline): State<Arc<Pipeline>>,
    path: Segments<(String, String, String)>,
) -> Result<Json<Deleted>, ApiError> {
    registry.delete(&versioned(segments(path)?)?, &pipeline)?;
    Ok(Json(Deleted { ok: true }))
}

/// A path that cannot be decoded does not exist.
fn segments<T>(path: Segments<T>) -> Result<T, ApiError> {
    path.map(|Path(segments)| segments).map_err(|_| ApiError::NotFound)
}

fn kind_of(collection: &str) -> Result<Kind, ApiError> {
    Kind::of_collection(collection).ok_or(ApiError::NotFound)
}

/// The id of a definition without versions. Other definitions are replaced and deleted version by version.
fn unversioned((collection, name): (String, String)) -> Result<Id, ApiError> {
    let kind = kind_of(&collection)?;
    if kind.is_versioned() {
        let collection = kind.collection();
        return Err(ApiError::MethodNotAllowed(format!(
            "include the version: /api/v1/registry/{collection}/{{name}}/versions/{{version}}"
        )));
    }
    Ok(Id { kind, name, version: None })
}

fn versioned((collection, name, version): (String, String, String)) -> Result<Id, ApiError> {
    let kind = kind_of(&collection)?;
    if !kind.is_versioned() {
        return Err(ApiError::NotFound);
    }
    let version = version
        .parse()
        .map_err(|_| Problem::in_path("version", "int_parsing", "must be a whole number"))?;
    Ok(Id { kind, name, version: Some(version) })
}

/// Reads a body for `id`. The body can leave out the name and version, but must not contradict the path.
fn read_as(id: &Id, mut sent: Map<String, Value>) -> Result<Document, Problem> {
    sent.entry("name").or_insert_with(|| Value::from(id.name.as_str()));
    if let Some(version) = id.version {
        sent.entry("version").or_insert_with(|| Value::from(version));
    }
    let document = Document::read(id.kind, sent)?;
    let differs = |field: &str| {
        Problem::in_body([Step::from(field)], "value_error", "must be the same as in the path")
    };
    if document.id().name != id.name {
        return Err(differs("name"));
    }
    if document.id().version != id.version {
        return Err(differs("version"));
    }
    Ok(document)
}

fn is_applied(query: &str) -> Result<bool, Problem> {
    let applied = query::parameters(query)?
        .into_iter()
        .rfind(|(name, _)| name == APPLIED)
        .map(|(_, value)| value.to_ascii_lowercase());
    match applied.as_deref() {
        Some("true" | "1") => Ok(true),
        None | Some("false" | "0") => Ok(false),
        Some(_) => Err(Problem::in_query(APPLIED, "bool_parsing", "must be true or false")),
    }
}
