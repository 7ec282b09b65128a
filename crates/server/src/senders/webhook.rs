//! Sends a message by HTTP, with the headers of Standard Webhooks.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use tokio_rustls::rustls::crypto::ring;
use url::Url;

use crate::forwarding::{ForwardError, Message, Outcome, Secret};

/// How long an attempt may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How much of a response is read. A connection can be used again once its response was read.
const MAX_RESPONSE_BYTES: usize = 64 << 10;

const USER_AGENT: &str = concat!("signals-server/", env!("CARGO_PKG_VERSION"));

pub(super) struct WebhookSender {
    client: Client,
    url: Url,
    secret: Arc<Secret>,
}

impl WebhookSender {
    /// # Errors
    /// When there are no certificates to check those of an https receiver with.
    pub(super) fn new(url: Url, secret: Arc<Secret>) -> Result<Self, ForwardError> {
        // The client takes the default of the process. If there is one already, it is the same.
        let _ = ring::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(USER_AGENT)
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none());
        if url.scheme() == "http" {
            // No certificates are needed, and some machines have none.
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(|error| ForwardError::Tls(reason(&error)))?;
        Ok(Self { client, url, secret })
    }

    pub(super) async fn send(&self, message: &Message) -> Outcome {
        // Receivers compare it with their own clocks, so it is the machine's time.
        let timestamp = seconds_since_1970();
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", self.secret.sign(&message.id, timestamp, &message.body))
            .body(message.body.clone());
        match request.send().await {
            Ok(response) => {
                let outcome = outcome_of(&response);
                discard(response).await;
                outcome
            }
            Err(error) => Outcome::Failed { reason: reason(&error), retry_after: None },
        }
    }
}

/// Without the address, which can hold a secret.
impl fmt::Debug for WebhookSender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebhookSender").finish_non_exhaustive()
    }
}

fn outcome_of(response: &Response) -> Outcome {
    let status = response.status();
    let reason = || format!("it answered {status}");
    if status.is_success() {
        Outcome::Accepted
    } else if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        Outcome::Failed { reason: reason(), retry_after: retry_after(response) }
    } else {
        Outcome::Refused { reason: reason() }
    }
}

/// How long the receiver asks to wait: a number of seconds or a date (RFC 9110, 10.2.3).
fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok()
}

async fn discard(mut response: Response) {
    let mut read = 0;
    while read <= MAX_RESPONSE_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        read += chunk.len();
    }
}

fn seconds_since_1970() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}

/// The innermost error, which is the one that helps. The outer ones contain the address, which can hold a secret.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("it did not answer within {} s", TIMEOUT.as_secs());
    }
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
