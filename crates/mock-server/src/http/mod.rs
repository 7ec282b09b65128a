//! The mock server's own routes, and the faults that it applies to the server's routes.

mod contexts;
mod export;
mod faults;
mod files;
mod inspector;
mod mock_api;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRef, Request};
use axum::routing::get;
use axum::{Json, Router, middleware};
use signals_server::{
    Access, BODY_LIMIT_BYTES, Clock, DeliveryHub, Forwarding, Journal, Pipeline, Registry,
    app_with, description, method_not_allowed,
};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;

use crate::faults::Faults;
use crate::state::AppState;

/// All routes: those of the server, with scripted faults, and those that only the mock server has.
pub fn app(state: AppState) -> Router {
    let www = state.www().cloned();
    let file_of_shop = async move |request: Request| files::serve(www.as_deref(), request).await;
    let strike = middleware::from_fn_with_state(Arc::clone(state.faults()), faults::strike);
    let server = app_with(state.server().clone(), file_of_shop).layer(strike);
    Router::new()
        .merge(mock_api::routes())
        .merge(contexts::routes())
        .merge(export::routes())
        .merge(inspector::routes())
        .route("/openapi.json", get(async || Json(whole_description())))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .with_state(state)
        .fallback_service(server)
}

/// The parts that do not belong to a single route.
#[derive(OpenApi)]
#[openapi(info(
    title = "signals-mock-server",
    description = "Mock of the Snowplow collector and of Signals."
))]
struct Api;

fn whole_description() -> Description {
    let mut whole = Api::openapi();
    for part in
        [description(), mock_api::Api::openapi(), contexts::Api::openapi(), export::Api::openapi()]
    {
        whole.merge(part);
    }
    whole
}

/// Lets handlers take one part of the state.
macro_rules! parts {
    (|$state:ident| $($part:ty = $of:expr;)*) => {
        $(impl FromRef<AppState> for $part {
            fn from_ref($state: &AppState) -> Self {
                $of.clone()
            }
        })*
    };
}

parts! { |state|
    Access = state.server().access();
    Clock = state.server().clock();
    DeliveryHub = state.server().hub();
    Forwarding = state.server().forwarding();
    Journal = state.server().journal();
    Arc<Faults> = state.faults();
    Arc<Pipeline> = state.server().pipeline();
    Arc<Registry> = state.server().registry();
}
