//! API keys, and the access tokens for them.

use axum::body::Body;
use axum::http::{Method, StatusCode};

use crate::support::{Answer, Server, TOKEN, request};

const TRADE: &str =
    "/api/msc/v1/organizations/7b1f7b4c-3c43-4b0b-8c0f-0d0c9a8d1f11/credentials/v3/token";
const LIST: &str = "/api/v1/registry/services/";

async fn trade(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let mut request = request(Method::GET, TRADE);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

async fn list_with(server: &Server, token: &str) -> StatusCode {
    let request = request(Method::GET, LIST).header("authorization", format!("Bearer {token}"));
    server.send(request.body(Body::empty()).unwrap()).await.status
}

async fn access_token(server: &Server) -> String {
    let answer = trade(server, &[("X-API-Key-Id", "any"), ("X-API-Key", TOKEN)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["accessToken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_servers_token_as_an_api_key_is_traded_for_a_token_that_the_api_takes() {
    let server = Server::new();
    let token = access_token(&server).await;
    assert_ne!(token, TOKEN);
    assert_eq!(list_with(&server, &token).await, StatusCode::OK);
    let restarted = Server::new();
    assert_eq!(list_with(&restarted, &token).await, StatusCode::OK, "clients keep it for a day");
}

#[tokio::test]
async fn an_access_token_of_another_server_is_a_wrong_token() {
    let other = Server::with(|options| options.token = "another token".into());
    let token = access_token(&Server::new()).await;
    assert_eq!(list_with(&other, &token).await, StatusCode::FORBIDDEN);
    assert_eq!(list_with(&other, &format!("{token}x")).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_key_that_is_missing_or_wrong_is_refused() {
    let server = Server::new();
    for headers in [
        &[][..],
        &[("X-API-Key", TOKEN)],
        &[("X-API-Key-Id", "any")],
        &[("X-API-Key-Id", "any"), ("X-API-Key", "")],
    ] {
        let answer = trade(&server, headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert!(answer.text().contains("X-API-Key-Id"), "{}", answer.text());
    }
    let wrong = trade(&server, &[("X-API-Key-Id", "any"), ("X-API-Key", "guess")]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
}
