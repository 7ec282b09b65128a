//! The routes and what they share.
//!
//! Each module takes from the state only what it needs. It names the state itself only as the type parameter of its router.

mod attributes;
mod auth;
mod body;
mod collector;
mod credentials;
mod docs;
mod error;
mod event_log;
mod interventions;
mod mcp;
mod metrics;
mod query;
mod registry;
mod sdk;
mod testing;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::handler::Handler;
use axum::routing::any;

pub use self::auth::Authorized;
pub use self::body::{JsonBody, LIMIT_BYTES as BODY_LIMIT_BYTES, RawBody};
pub use self::collector::cors as collector_cors;
pub use self::docs::description;
pub use self::error::{
    ApiError, BodyRefused, ErrorBody, Problem, Step, TokenRefused, method_not_allowed,
};
use self::interventions::TargetRules;
pub use self::interventions::cors as interventions_cors;
pub use self::query::CheckedQuery;
use crate::access::Access;
use crate::clock::Clock;
use crate::hub::DeliveryHub;
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::registry::Registry;
use crate::state::AppState;

/// All routes of the server. Answers 404 to everything else. That includes the mock server's own paths, so that nobody mistakes
/// this server for a mock server.
pub fn app(state: AppState) -> Router {
    app_with(state, error::not_found)
        .route("/mock/{*path}", any(error::not_found))
        .route("/inspector/{*path}", any(error::not_found))
}

/// All routes of the server. `otherwise` answers paths without a route, and `GET` and `HEAD` of paths that only trackers post
/// to. Other methods that a path does not support are answered with 405.
pub fn app_with<T: 'static>(state: AppState, otherwise: impl Handler<T, ()>) -> Router {
    Router::new()
        .merge(collector::routes(otherwise.clone()))
        .merge(interventions::routes())
        .merge(registry::routes())
        .merge(attributes::routes())
        .merge(event_log::routes())
        .merge(testing::routes())
        .merge(credentials::routes())
        .merge(docs::routes(state.name()))
        .merge(metrics::routes())
        .merge(mcp::routes(&state))
        .with_state(state)
        .method_not_allowed_fallback(error::method_not_allowed)
        .fallback(otherwise)
        .layer(DefaultBodyLimit::max(body::LIMIT_BYTES))
}

/// Lets handlers take one part of the state.
macro_rules! parts {
    (|$state:ident| $($part:ty = $of:expr;)*) => {
        $(impl FromRef<AppState> for $part {
            fn from_ref($state: &AppState) -> Self {
                $of
            }
        })*
    };
}

parts! { |state|
    Access = state.access().clone();
    Clock = state.clock().clone();
    DeliveryHub = state.hub().clone();
    Journal = state.journal().clone();
    Metrics = state.metrics().clone();
    Arc<Pipeline> = Arc::clone(state.pipeline());
    Arc<Registry> = Arc::clone(state.registry());
    TargetRules = TargetRules::new(Arc::clone(state.pipeline()), state.strict_ids());
}
