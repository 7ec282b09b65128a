//! The routes, and what they have in common.
//!
//! Each module takes from the state what it needs, and knows the state itself only as the type parameter of its router.

mod attributes;
mod auth;
mod body;
mod collector;
mod credentials;
mod docs;
mod error;
mod interventions;
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
pub use self::body::{JsonBody, LIMIT_BYTES as BODY_LIMIT_BYTES};
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

/// All routes of the server. Everything else is answered with 404, also where trackers could post to and a mock server has
/// routes of its own: nobody is to take this server for one.
pub fn app(state: AppState) -> Router {
    app_with(state, error::not_found)
        .route("/mock/{*path}", any(error::not_found))
        .route("/inspector/{*path}", any(error::not_found))
}

/// All routes of the server. `otherwise` answers what no route takes, also `GET` and `HEAD` of paths to which trackers may only
/// post. Methods that a path does not take are answered with 405.
pub fn app_with<T: 'static>(state: AppState, otherwise: impl Handler<T, ()>) -> Router {
    Router::new()
        .merge(collector::routes(otherwise.clone()))
        .merge(interventions::routes())
        .merge(registry::routes())
        .merge(attributes::routes())
        .merge(testing::routes())
        .merge(credentials::routes())
        .merge(docs::routes(state.name()))
        .merge(metrics::routes())
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
