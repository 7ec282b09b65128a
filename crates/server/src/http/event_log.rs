//! Reads agentic contexts.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use utoipa::{OpenApi, ToSchema};

use super::auth::Authorized;
use super::error::{ApiError, ErrorBody, Problem, TokenRefused};
use super::query;
use crate::clock::Clock;
use crate::context::{AgenticContext, narrative};
use crate::pipeline::Pipeline;
use crate::state::AppState;

const TEXT: &str = "text/plain; charset=utf-8";

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(paths(read_context), components(schemas(Format)))]
pub(super) struct Api;

/// The routes for reading agentic contexts.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/api/v1/event_log", get(read_context))
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
enum Format {
    Json,
    Narrative,
}

/// The parameters of a request.
struct Wanted {
    name: String,
    identifier: String,
    format: Format,
}

/// Reads the recent events of a session for an agent, as a published event log keeps them.
#[utoipa::path(
    get,
    path = "/api/v1/event_log",
    tag = "agentic contexts",
    security(("token" = [])),
    params(
        ("name" = String, Query, description = "The name of the event log."),
        ("identifier" = String, Query, description = "The id of the session: its `domain_sessionid`."),
        ("format" = Option<Format>, Query, description = "By default, `json`. `narrative` is text for a language model."),
    ),
    responses(
        (status = 200, description = "The context. A session without events has an empty one.", content(
            (AgenticContext = "application/json"),
            (String = "text/plain"),
        )),
        (status = 404, body = ErrorBody, description = "No event log of this name is published."),
        (status = 422, body = ErrorBody, description = "A parameter is missing or invalid."),
        TokenRefused,
    )
)]
async fn read_context(
    _: Authorized,
    State(pipeline): State<Arc<Pipeline>>,
    State(clock): State<Clock>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Wanted { name, identifier, format } = wanted(query.as_deref().unwrap_or_default())?;
    let now = clock.now();
    let reading = pipeline.context(&name, &identifier, now).ok_or_else(|| {
        ApiError::Unknown(format!("event log `{}` is not published", name.escape_debug()))
    })?;
    Ok(match format {
        Format::Json => Json(AgenticContext::new(reading, identifier, now)).into_response(),
        Format::Narrative => {
            ([(header::CONTENT_TYPE, TEXT)], narrative(&reading, now)).into_response()
        }
    })
}

fn wanted(query: &str) -> Result<Wanted, Problem> {
    let parameters = query::parameters(query)?;
    let parameter = |name: &str| {
        let found = parameters.iter().rfind(|(it, _)| it == name);
        found.map(|(_, value)| value.as_ref()).filter(|value| !value.is_empty())
    };
    let required = |name: &str| match parameter(name) {
        Some(value) => Ok(value.to_owned()),
        None => Err(Problem::in_query(name, "missing", "missing")),
    };
    let format = match parameter("format") {
        None | Some("json") => Format::Json,
        Some("narrative") => Format::Narrative,
        Some(_) => {
            return Err(Problem::in_query("format", "enum", "must be `json` or `narrative`"));
        }
    };
    Ok(Wanted { name: required("name")?, identifier: required("identifier")?, format })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_that_is_missing_or_unknown_is_named() {
        for (query, name) in [
            ("", "name"),
            ("name=a", "identifier"),
            ("name=a&identifier=", "identifier"),
            ("name=a&identifier=s&format=xml", "format"),
        ] {
            let problem = wanted(query).err();
            assert_eq!(json!(problem)["loc"], json!(["query", name]), "{query}");
        }
    }

    #[test]
    fn json_is_the_default() {
        let format = |query| wanted(query).map(|wanted| wanted.format);
        assert_eq!(format("name=a&identifier=s"), Ok(Format::Json));
        assert_eq!(format("name=a&identifier=s&format="), Ok(Format::Json));
        assert_eq!(format("format=narrative&name=a&identifier=s"), Ok(Format::Narrative));
    }
}
