//! Routes that only a mock server has: state and journal, forwarding, reset, clock and scripted faults.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use signals_engine::Event;
use signals_server::{
    ApiError, Authorized, BadRow, BodyRefused, CheckedQuery, Clock, DeliveryHub, EnrichedTakenIn,
    ErrorBody, Forwarding, ForwardingReport, Journal, JsonBody, Pipeline, Problem, RawBody,
    Registry, Step, TokenRefused, shown_event,
};
use signals_wire::TargetAttributeKey;
use utoipa::{OpenApi, ToSchema};

use super::contexts::contexts_of;
use crate::faults::{Faults, Script};
use crate::state::AppState;

/// How long a request may wait for something to happen.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The description of the routes for people and tests.
#[derive(OpenApi)]
#[openapi(paths(
    profile_state,
    journal,
    bad_rows,
    enriched_events,
    forwarding,
    reset,
    advance_clock,
    script_faults,
    clear_faults
))]
pub(super) struct Api;

/// The routes for people and tests.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/mock/state", get(profile_state))
        .route("/mock/journal", get(journal))
        .route("/mock/bad-rows", get(bad_rows))
        .route("/mock/enriched-events", post(enriched_events))
        .route("/mock/forwarding", get(forwarding))
        .route("/mock/reset", post(reset))
        .route("/mock/clock", post(advance_clock))
        .route("/mock/faults", post(script_faults).delete(clear_faults))
}

/// The id whose state is requested.
#[derive(Debug, Deserialize)]
struct Owner {
    key: Option<String>,
    id: Option<String>,
}

impl Owner {
    /// # Errors
    /// 422 with the missing or invalid parameter.
    fn named(self, pipeline: &Pipeline) -> Result<TargetAttributeKey, Problem> {
        let missing = |name| Problem::in_query(name, "missing", "is missing");
        let name = self.key.ok_or_else(|| missing("key"))?;
        let id = self.id.ok_or_else(|| missing("id"))?;
        if pipeline.has_attribute_key(&name) {
            Ok(TargetAttributeKey { name, id })
        } else {
            Err(Problem::in_query("key", "unknown_attribute_key", "not an attribute key"))
        }
    }
}

/// Shows the profile, recent events, delivered interventions and rules of one id, and the agentic contexts of the session in its latest
/// event.
#[utoipa::path(
    get,
    path = "/mock/state",
    tag = "mock",
    security(("token" = [])),
    params(
        ("key" = String, Query, description = "Name of an attribute key."),
        ("id" = String, Query),
    ),
    responses(
        (status = 200, description = "The state of the id.", body = Object),
        (status = 422, body = ErrorBody, description = "There is no such attribute key."),
        TokenRefused,
    )
)]
async fn profile_state(
    _: Authorized,
    State(registry): State<Arc<Registry>>,
    State(pipeline): State<Arc<Pipeline>>,
    State(clock): State<Clock>,
    State(hub): State<DeliveryHub>,
    State(journal): State<Journal>,
    CheckedQuery(owner): CheckedQuery<Owner>,
) -> Result<Json<Value>, ApiError> {
    let owner = owner.named(&pipeline)?;
    let now = clock.now();
    let profile: Vec<Value> = pipeline
        .profile(&owner, now)
        .into_iter()
        .map(|group| {
            let attributes = group.attributes.into_iter();
            let attributes: Map<_, _> =
                attributes.map(|attribute| (attribute.name, attribute.value)).collect();
            json!({ "name": group.name, "version": group.version, "attributes": attributes })
        })
        .collect();
    let instances: Vec<Value> = hub
        .instances(&owner)
        .into_iter()
        .map(|(at, instance)| json!({ "published_at": at, "instance": instance }))
        .collect();
    let ids_of = |event: &Event| pipeline.ids(event);
    let mut events = journal.good_events();
    events.retain(|entry| entry.concerns(&owner, &ids_of));
    let events: Vec<&Event> = events.iter().filter_map(|entry| entry.good_event()).collect();
    // A rule can read several profiles of the same shopper.
    let ids = events.last().map_or_else(|| vec![owner.clone()], |event| ids_of(event));
    let session = ids.iter().find(|id| id.name == "domain_sessionid");
    let contexts =
        session.map_or_else(Vec::new, |id| contexts_of(&id.id, &registry, &pipeline, now));
    Ok(Json(json!({
        "now": now,
        "attribute_key": owner.name,
        "id": owner.id,
        "ids": ids,
        "open_streams": hub.streams_of(&owner),
        "profile": profile,
        "events": events.into_iter().map(shown_event).collect::<Vec<_>>(),
        "instances": instances,
        "interventions": pipeline.explain(&ids, now),
        "contexts": contexts,
    })))
}

/// Which part of the journal is requested.
#[derive(Debug, Deserialize)]
struct JournalQuery {
    #[serde(flatten)]
    owner: Owner,
    after: Option<String>,
    wait_ms: Option<String>,
}

/// Lists what happened recently, oldest first: events (good, duplicate, bad), published interventions and opened streams.
#[utoipa::path(
    get,
    path = "/mock/journal",
    tag = "mock",
    security(("token" = [])),
    params(
        ("key" = Option<String>, Query, description = "Only entries about an id of this attribute key. Requires `id`."),
        ("id" = Option<String>, Query, description = "The id. Requires `key`."),
        ("after" = Option<u64>, Query, description = "Only entries after this number, the `latest` of an earlier response."),
        ("wait_ms" = Option<u64>, Query, description = "How many milliseconds to wait for an entry about any id. At most 30000."),
    ),
    responses(
        (status = 200, description = "`entries`, the number of the `latest` one, and how many were `missed` in between.", body = Object),
        (status = 422, body = ErrorBody, description = "A parameter is invalid."),
        TokenRefused,
    )
)]
async fn journal(
    _: Authorized,
    State(pipeline): State<Arc<Pipeline>>,
    State(kept): State<Journal>,
    CheckedQuery(JournalQuery { owner, after, wait_ms }): CheckedQuery<JournalQuery>,
) -> Result<Json<Value>, ApiError> {
    let wants_everyone = owner.key.is_none() && owner.id.is_none();
    let owner = if wants_everyone { None } else { Some(owner.named(&pipeline)?) };
    let after = number("after", after.as_deref())?;
    let wait = Duration::from_millis(number("wait_ms", wait_ms.as_deref())?).min(MAX_WAIT);
    let news = kept.news(after);
    tokio::select! {
        () = news => {}
        () = tokio::time::sleep(wait) => {}
    }

    let excerpt = kept.after(after);
    let ids_of = |event: &Event| pipeline.ids(event);
    let entries = excerpt.entries.iter();
    let wanted =
        entries.filter(|entry| owner.as_ref().is_none_or(|owner| entry.concerns(owner, &ids_of)));
    Ok(Json(json!({
        "latest": excerpt.latest,
        "missed": excerpt.missed,
        "entries": wanted.map(|entry| entry.shown(&ids_of)).collect::<Vec<_>>(),
    })))
}

/// The value of a numeric query parameter. 0 without it.
fn number(name: &str, text: Option<&str>) -> Result<u64, Problem> {
    let Some(text) = text else { return Ok(0) };
    text.parse().map_err(|_| Problem::in_query(name, "int_parsing", "must be a whole number"))
}

/// Lists the latest events that could not be processed, oldest first.
#[utoipa::path(
    get,
    path = "/mock/bad-rows",
    tag = "mock",
    security(("token" = [])),
    responses((status = 200, description = "The events.", body = Vec<BadRow>), TokenRefused)
)]
async fn bad_rows(_: Authorized, State(journal): State<Journal>) -> Json<Vec<BadRow>> {
    Json(journal.bad_rows())
}

/// Receives enriched events, as Snowplow's enrichment writes them: one line of 131 tab-separated columns per event.
///
/// The events count as if they had been collected now. A line that is not an event becomes a bad row.
#[utoipa::path(
    post,
    path = "/mock/enriched-events",
    tag = "mock",
    security(("token" = [])),
    request_body(content = String, content_type = "text/tab-separated-values"),
    responses(
        (status = 200, description = "How many lines are events.", body = EnrichedTakenIn),
        (status = 413, body = ErrorBody, description = "The body is too large."),
        TokenRefused,
    )
)]
async fn enriched_events(
    _: Authorized,
    State(pipeline): State<Arc<Pipeline>>,
    State(clock): State<Clock>,
    RawBody(body): RawBody,
) -> Json<EnrichedTakenIn> {
    Json(pipeline.take_in_enriched(&String::from_utf8_lossy(&body), clock.now()))
}

/// Shows what was forwarded lately to each receiver, and what waits.
#[utoipa::path(
    get,
    path = "/mock/forwarding",
    tag = "mock",
    security(("token" = [])),
    responses(
        (status = 200, description = "The receivers and the latest attempts.", body = ForwardingReport),
        TokenRefused,
    )
)]
async fn forwarding(_: Authorized, State(forwarding): State<Forwarding>) -> Json<ForwardingReport> {
    Json(forwarding.report())
}

/// Deletes all profiles and interventions, and keeps the definitions.
#[utoipa::path(
    post,
    path = "/mock/reset",
    tag = "mock",
    security(("token" = [])),
    responses((status = 204, description = "Profiles and interventions are deleted."), TokenRefused)
)]
async fn reset(_: Authorized, State(pipeline): State<Arc<Pipeline>>) -> StatusCode {
    pipeline.reset();
    StatusCode::NO_CONTENT
}

/// How to move the clock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// ISO 8601 duration, for example `PT11M`. A day has 24 hours.
    advance: String,
}

/// The server's time.
#[derive(Debug, Serialize, ToSchema)]
struct Now {
    now: String,
}

/// Moves the clock forward.
#[utoipa::path(
    post,
    path = "/mock/clock",
    tag = "mock",
    security(("token" = [])),
    request_body = Advance,
    responses(
        (status = 200, description = "The server's new time.", body = Now),
        BodyRefused,
        TokenRefused,
    )
)]
async fn advance_clock(
    _: Authorized,
    State(pipeline): State<Arc<Pipeline>>,
    State(clock): State<Clock>,
    JsonBody(Advance { advance }): JsonBody<Advance>,
) -> Result<Json<Now>, ApiError> {
    let by = parse_duration(&advance).ok_or_else(|| {
        let msg = "must be an ISO 8601 duration of 0 or more, in days or smaller units, for example PT11M";
        Problem::in_body([Step::from("advance")], "duration_parsing", msg)
    })?;
    clock.advance(by);
    pipeline.forget_expired(clock.now());
    Ok(Json(Now { now: clock.now().to_string() }))
}

fn parse_duration(text: &str) -> Option<Duration> {
    // The library also accepts spans such as `10m ago`.
    let span: Span = text.starts_with('P').then(|| text.parse().ok())??;
    if span.get_months() != 0 || span.get_years() != 0 {
        return None;
    }
    Duration::try_from(span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?).ok()
}

/// Injects faults.
#[utoipa::path(
    post,
    path = "/mock/faults",
    tag = "mock",
    security(("token" = [])),
    request_body = Script,
    responses((status = 204, description = "The faults are active."), BodyRefused, TokenRefused)
)]
async fn script_faults(
    _: Authorized,
    State(hub): State<DeliveryHub>,
    State(faults): State<Arc<Faults>>,
    JsonBody(script): JsonBody<Script>,
) -> StatusCode {
    let demand = faults.follow(script);
    if demand.drop_after_events.is_some() {
        hub.end_streams_after(demand.drop_after_events);
    }
    if let Some(raw) = demand.send_raw
        && hub.broadcast(raw.clone()) == 0
    {
        hub.write_to_next(Some(raw));
    }
    if demand.drop_after_events == Some(0) {
        hub.close_streams();
    }
    StatusCode::NO_CONTENT
}

/// Clears all faults.
#[utoipa::path(
    delete,
    path = "/mock/faults",
    tag = "mock",
    security(("token" = [])),
    responses((status = 204, description = "All faults are cleared."), TokenRefused)
)]
async fn clear_faults(
    _: Authorized,
    State(hub): State<DeliveryHub>,
    State(faults): State<Arc<Faults>>,
) -> StatusCode {
    faults.clear();
    hub.write_to_next(None);
    hub.end_streams_after(None);
    StatusCode::NO_CONTENT
}
