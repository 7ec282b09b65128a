//! The MCP server: serves [`Tools`] over streamable HTTP to clients with an API key.
//!
//! It has no sessions. So it needs no memory for clients that went away, and any number of servers can stand behind one address.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_extractor_with_state;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use super::auth::KeyHolder;
use super::body;
use crate::mcp::Tools;
use crate::state::AppState;

/// The route of the MCP server.
pub(super) fn routes(state: &AppState) -> Router<AppState> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(body::LIMIT_BYTES)
        // The name of a deployment is not known. The key protects it, also from pages that reach it under another name.
        .disable_allowed_hosts();
    let tools = Tools::new(
        state.name(),
        Arc::clone(state.registry()),
        Arc::clone(state.pipeline()),
        state.clock().clone(),
    );
    let service = StreamableHttpService::new(
        move || Ok(tools.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    Router::new()
        .route_service("/mcp", service)
        .route_layer(from_extractor_with_state::<KeyHolder, _>(state.clone()))
}
