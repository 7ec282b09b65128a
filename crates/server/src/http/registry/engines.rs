//! Publishes and unpublishes registered definitions, by reference.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::http::auth::Authorized;
use crate::http::body::JsonBody;
use crate::http::error::{ApiError, BodyRefused, ErrorBody, Problem, Step, TokenRefused};
use crate::json::Object;
use crate::pipeline::Pipeline;
use crate::registry::{Id, Kind, Refusal, Registry};
use crate::state::AppState;

/// The definitions to publish or unpublish.
#[derive(Debug, Deserialize, ToSchema)]
struct References {
    #[schema(value_type = Option<Vec<Named>>)]
    attribute_keys: Option<Vec<Object<Named>>>,
    #[schema(value_type = Option<Vec<Versioned>>)]
    attribute_groups: Option<Vec<Object<Versioned>>>,
    #[schema(value_type = Option<Vec<Named>>)]
    services: Option<Vec<Object<Named>>>,
    #[schema(value_type = Option<Vec<Versioned>>)]
    interventions: Option<Vec<Object<Versioned>>>,
    #[schema(value_type = Option<Vec<Named>>)]
    event_logs: Option<Vec<Object<Named>>>,
    #[schema(value_type = Option<Vec<Named>>)]
    agentic_decisions: Option<Vec<Object<Named>>>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct Named {
    name: String,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct Versioned {
    name: String,
    version: u64,
}

/// The outcome of publishing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status")]
enum Published {
    #[serde(rename = "published")]
    Published,
    #[serde(rename = "nothing to publish")]
    NothingToPublish,
}

/// The outcome of unpublishing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status")]
enum Unpublished {
    #[serde(rename = "unpublished")]
    Unpublished {
        /// Other interventions that were unpublished, because they use one of the attribute groups.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        #[schema(required = false)]
        interventions: Vec<Versioned>,
    },
    #[serde(rename = "nothing to unpublish")]
    NothingToUnpublish,
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(paths(publish, unpublish))]
pub(super) struct Api;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/engines/publish", post(publish))
        .route("/api/v1/engines/unpublish", post(unpublish))
}

/// Publishes registered definitions, all or nothing.
#[utoipa::path(
    post,
    path = "/api/v1/engines/publish",
    tag = "registry",
    security(("token" = [])),
    request_body = References,
    responses(
        (status = 200, description = "Everything is published.", body = Published),
        BodyRefused,
        TokenRefused,
    )
)]
async fn publish(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    State(pipeline): State<Arc<Pipeline>>,
    JsonBody(references): JsonBody<References>,
) -> Result<Json<Published>, ApiError> {
    Ok(Json(match apply(&registry, &pipeline, references, true)? {
        Some(_) => Published::Published,
        None => Published::NothingToPublish,
    }))
}

/// Unpublishes definitions, all or nothing. Also unpublishes the interventions that use one of the attribute groups.
#[utoipa::path(
    post,
    path = "/api/v1/engines/unpublish",
    tag = "registry",
    security(("token" = [])),
    request_body = References,
    responses(
        (status = 200, description = "Everything is unpublished.", body = Unpublished),
        (status = 400, body = ErrorBody, description = "A published service contains an attribute group."),
        BodyRefused,
        TokenRefused,
    )
)]
async fn unpublish(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    State(pipeline): State<Arc<Pipeline>>,
    JsonBody(references): JsonBody<References>,
) -> Result<Json<Unpublished>, ApiError> {
    Ok(Json(match apply(&registry, &pipeline, references, false)? {
        Some(ids) => {
            let versioned = |id: Id| Some(Versioned { name: id.name, version: id.version? });
            let interventions = ids.into_iter().filter_map(versioned).collect();
            Unpublished::Unpublished { interventions }
        }
        None => Unpublished::NothingToUnpublish,
    }))
}

fn apply(
    registry: &Registry,
    pipeline: &Pipeline,
    references: References,
    publish: bool,
) -> Result<Option<Vec<Id>>, ApiError> {
    let ids = references.ids()?;
    registry.publish(&ids, publish, pipeline).map_err(|refusal| match refusal {
        Refusal::Unknown(id) => {
            let msg = format!("{id} does not exist");
            Problem::in_body(place(&ids, &id), "unknown_reference", msg).into()
        }
        refusal => refusal.into(),
    })
}

/// The location of the reference to `id` among `ids`.
fn place(ids: &[Id], id: &Id) -> [Step; 2] {
    let index = ids.iter().filter(|it| it.kind == id.kind).position(|it| it == id);
    [Step::from(id.kind.collection()), Step::Index(index.unwrap_or_default())]
}

impl References {
    fn ids(self) -> Result<Vec<Id>, Problem> {
        if let Some(Object(reference)) = self.agentic_decisions.iter().flatten().next() {
            let msg =
                format!("`{}`: this server does not support it", reference.name.escape_debug());
            let path = [Step::from("agentic_decisions"), Step::Index(0)];
            return Err(Problem::in_body(path, "unknown_reference", msg));
        }
        let named = |kind, references: Option<Vec<Object<Named>>>| {
            let references = references.unwrap_or_default().into_iter();
            references.map(move |Object(Named { name })| Id { kind, name, version: None })
        };
        let versioned = |kind, references: Option<Vec<Object<Versioned>>>| {
            let references = references.unwrap_or_default().into_iter();
            references.map(move |Object(Versioned { name, version })| Id {
                kind,
                name,
                version: Some(version),
            })
        };
        Ok(named(Kind::AttributeKey, self.attribute_keys)
            .chain(versioned(Kind::AttributeGroup, self.attribute_groups))
            .chain(named(Kind::Service, self.services))
            .chain(versioned(Kind::Intervention, self.interventions))
            .chain(named(Kind::EventLog, self.event_logs))
            .collect())
    }
}
