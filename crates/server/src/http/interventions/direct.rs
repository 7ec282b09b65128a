use std::num::NonZeroU64;
use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use signals_wire::TargetAttributeKey;
use utoipa::{OpenApi, ToSchema};

use super::targets::TargetRules;
use crate::http::auth::Authorized;
use crate::http::body::JsonBody;
use crate::http::error::{ApiError, BodyRefused, Problem, Step, TokenRefused};
use crate::http::query;
use crate::pipeline::{self, Pipeline};

/// An intervention that a client pushes without a rule.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct DirectIntervention {
    name: String,
    /// At least 1.
    #[schema(value_type = u64, minimum = 1)]
    version: NonZeroU64,
    #[schema(value_type = Option<HashMap<String, Value>>)]
    attributes: Option<Map<String, Value>>,
    intervention_id: Option<String>,
}

/// The outcome of a direct intervention.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub(super) enum Delivery {
    /// At least one open stream received it.
    Success,
    /// No stream is open for any of its targets. Unless the server runs with `--hosted`, it waits for a stream and can be replayed.
    Undelivered,
}

/// The description of direct interventions.
#[derive(OpenApi)]
#[openapi(paths(publish))]
pub(super) struct Api;

/// Pushes an intervention to the targets in the query, each as `{attribute key}={id}`.
#[utoipa::path(
    post,
    path = "/api/v1/interventions",
    operation_id = "push_intervention",
    tag = "interventions",
    security(("token" = [])),
    params(("domain_userid" = Option<Vec<String>>, Query)),
    request_body = DirectIntervention,
    responses(
        (status = 200, description = "The outcome.", body = Delivery),
        BodyRefused,
        TokenRefused,
    )
)]
pub(super) async fn publish(
    _: Authorized,
    State(rules): State<TargetRules>,
    State(pipeline): State<Arc<Pipeline>>,
    RawQuery(query): RawQuery,
    JsonBody(intervention): JsonBody<DirectIntervention>,
) -> Result<Json<Delivery>, ApiError> {
    let query = query.unwrap_or_default();
    let ids = query::parameters(&query)?;
    let targets = rules.targets(ids)?;
    let instance = intervention.address(targets)?;
    let delivery = match pipeline.push(instance) {
        0 => Delivery::Undelivered,
        _ => Delivery::Success,
    };
    Ok(Json(delivery))
}

impl DirectIntervention {
    fn address(
        self,
        targets: Vec<TargetAttributeKey>,
    ) -> Result<pipeline::DirectIntervention, ApiError> {
        let Self { name, version, attributes, intervention_id } = self;
        let problems: Vec<Problem> =
            [("name", Some(&name)), ("intervention_id", intervention_id.as_ref())]
                .into_iter()
                .filter_map(|(field, value)| check(field, value?).err())
                .collect();
        if !problems.is_empty() {
            return Err(ApiError::Invalid(problems));
        }
        let version = version.get();
        let attributes = attributes.unwrap_or_default();
        Ok(pipeline::DirectIntervention { intervention_id, name, version, attributes, targets })
    }
}

fn check(field: &str, value: &str) -> Result<(), Problem> {
    let problem = |kind, msg| Err(Problem::in_body([Step::from(field)], kind, msg));
    if value.is_empty() {
        return problem("empty", "cannot be empty");
    }
    if value.chars().any(char::is_control) {
        return problem("control_character", "cannot have control characters");
    }
    Ok(())
}
