//! Minimal handlers that do only what the mock server must do, in ordinary axum code.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use futures_util::Stream;
use futures_util::stream;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::Result;

/// The readers of each id, and of all ids.
type Readers = Arc<Mutex<HashMap<String, Vec<mpsc::Sender<Arc<str>>>>>>;

/// The id that reaches every stream.
pub(crate) const EVERYBODY: &str = "all";

pub(crate) async fn serve(port: u16) -> Result<()> {
    let app = Router::new()
        .route("/{vendor}/{version}", post(parse))
        .route("/sub/{id}", get(subscribe))
        .route("/pub/{id}", post(publish))
        .with_state(Readers::default());
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening");
    Ok(axum::serve(listener, app).await?)
}

/// The minimal collector.
async fn parse(body: Bytes) -> std::result::Result<&'static str, StatusCode> {
    match serde_json::from_slice::<Value>(&body) {
        Ok(_) => Ok("ok"),
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

/// The minimal stream.
async fn subscribe(
    State(readers): State<Readers>,
    Path(id): Path<String>,
) -> Sse<impl Stream<Item = std::result::Result<Event, Infallible>>> {
    let (sender, receiver) = mpsc::channel::<Arc<str>>(64);
    {
        let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.entry(id).or_default().push(sender.clone());
        readers.entry(EVERYBODY.to_owned()).or_default().push(sender);
    }
    let events = stream::unfold(receiver, |mut receiver| async {
        let text = receiver.recv().await?;
        Some((Ok(Event::default().data(&*text)), receiver))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn publish(
    State(readers): State<Readers>,
    Path(id): Path<String>,
    body: String,
) -> &'static str {
    let text: Arc<str> = body.into();
    let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(readers) = readers.get_mut(&id) {
        readers.retain(|reader| reader.try_send(Arc::clone(&text)).is_ok());
    }
    "ok"
}
