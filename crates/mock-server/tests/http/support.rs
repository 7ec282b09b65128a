//! A server to talk to without a network, and streams to read from it.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use signals_engine::{Definitions, Timestamp};
use signals_mock_server::{AppState, Clock, ServerOptions, Tls, app, load_definitions, run};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::ServiceExt;

pub(crate) const TOKEN: &str = "a token for tests";
pub(crate) const USER: &str = "218e8926-3858-431d-b2ed-66da03a1cbe5";
pub(crate) const OTHER_USER: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";
pub(crate) const STREAM: &str = "/api/v1/interventions";
pub(crate) const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

/// The time of the tests' clocks.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_333_700_000);

/// A server with a manual clock.
pub(crate) struct Server {
    pub(crate) clock: Clock,
    pub(crate) state: AppState,
    router: Router,
}

/// A server that listens on its own port.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// A complete response.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An open stream.
pub(crate) struct Stream {
    pub(crate) headers: HeaderMap,
    body: Body,
}

impl Server {
    /// With the default definitions.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(adapt: impl FnOnce(&mut ServerOptions)) -> Self {
        let clock = Clock::stopped(NOW);
        let mut options = ServerOptions {
            definitions: load_definitions(&[]).unwrap(),
            persistence: None,
            token: TOKEN.into(),
            strict_ids: false,
            receivers: Vec::new(),
            www: None,
            clock: clock.clone(),
            hosted: None,
        };
        adapt(&mut options);
        let state = AppState::new(options).unwrap();
        Self { clock, router: app(state.clone()), state }
    }

    /// A server with these options. Its clock must not be moved.
    pub(crate) fn of(state: AppState) -> Self {
        Self { clock: Clock::stopped(NOW), router: app(state.clone()), state }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.respond(request).await.into_parts();
        let body = patiently(body.collect()).await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// With the token.
    pub(crate) async fn get_as_owner(&self, path: &str) -> Answer {
        self.send(as_owner(request(Method::GET, path)).body(Body::empty()).unwrap()).await
    }

    /// With the token.
    pub(crate) async fn post_as_owner(&self, path: &str, body: &Value) -> Answer {
        self.send_as_owner(Method::POST, path, body).await
    }

    /// With the token and, unless it is null, a body.
    pub(crate) async fn send_as_owner(&self, method: Method, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(as_owner(request(method, path)).body(body).unwrap()).await
    }

    /// Sends events like a tracker.
    pub(crate) async fn collect(&self, events: &[Value]) -> Answer {
        self.collect_body(payload(events).to_string()).await
    }

    pub(crate) async fn collect_body(&self, body: impl Into<Body>) -> Answer {
        let request = request(Method::POST, TP2)
            .header("content-type", "application/json; charset=UTF-8")
            .body(body.into());
        self.send(request.unwrap()).await
    }

    /// Pushes a direct intervention and returns the status in the response.
    pub(crate) async fn push(&self, targets: &str, name: &str) -> String {
        let path = format!("{STREAM}?{targets}");
        let answer = self.post_as_owner(&path, &json!({"name": name, "version": 1})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["status"].as_str().unwrap().to_owned()
    }

    /// Opens a stream and reads its opening.
    pub(crate) async fn open(&self, query: &str) -> Stream {
        let mut stream = self.open_with(query, &[]).await;
        stream.skip_opening().await;
        stream
    }

    /// Opens a stream.
    pub(crate) async fn open_with(&self, query: &str, headers: &[(&str, &str)]) -> Stream {
        let mut request = request(Method::GET, &format!("{STREAM}?{query}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let (parts, body) = response.into_parts();
        Stream { headers: parts.headers, body }
    }

    /// The value of one line of the metrics.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await.text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    /// Also serves on a real port, with keep-alives.
    pub(crate) async fn run(&self) -> Running {
        self.run_with(None).await
    }

    /// The same, over TLS if there is a certificate.
    pub(crate) async fn run_with(&self, tls: Option<Tls>) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move { stopped.await.unwrap() };
        let task = tokio::spawn(run(listener, tls, self.state.clone(), shutdown));
        Running { address, stop, task }
    }

    async fn respond(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }
}

impl Running {
    /// Stops the server and waits until it has stopped.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The `loc` of each problem of a 422.
    pub(crate) fn locs(&self) -> Vec<Value> {
        assert_eq!(self.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", self.text());
        let problems = self.json()["detail"].as_array().unwrap().clone();
        problems.into_iter().map(|problem| problem["loc"].clone()).collect()
    }
}

impl Stream {
    /// The next bytes that the server writes, or `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let frame = patiently(self.body.frame()).await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().into()).unwrap())
    }

    /// Reads the opening and returns its id.
    pub(crate) async fn skip_opening(&mut self) -> String {
        let opening = self.next().await.unwrap();
        assert!(opening.starts_with("retry: 2000\n\nid: "), "{opening}");
        let id = opening.lines().find_map(|line| line.strip_prefix("id: "));
        id.unwrap().to_owned()
    }

    /// The next frame as an instance, with its event id.
    pub(crate) async fn instance(&mut self) -> (String, Value) {
        let frame = self.next().await.unwrap();
        let (id, data) =
            frame.split_once("\ndata: ").unwrap_or_else(|| panic!("no instance: {frame}"));
        (id.trim_start_matches("id: ").to_owned(), serde_json::from_str(data).unwrap())
    }

    /// The names of the next instances.
    pub(crate) async fn names(&mut self, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(self.instance().await.1["name"].as_str().unwrap().to_owned());
        }
        names
    }

    /// Whether the server has nothing to write.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        tokio::time::timeout(Duration::ZERO, self.next()).await.is_err()
    }
}

/// Waits with a time limit, so that a test fails instead of hanging.
async fn patiently<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.unwrap()
}

pub(crate) fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path)
}

pub(crate) fn as_owner(request: axum::http::request::Builder) -> axum::http::request::Builder {
    request.header("authorization", format!("Bearer {TOKEN}"))
}

/// A tracker's POST body.
pub(crate) fn payload(events: &[Value]) -> Value {
    json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
        "data": events,
    })
}

/// A page view of `user`, which [`counting_page_views`] counts.
pub(crate) fn page_view(user: &str, event_id: &str) -> Value {
    json!({"e": "pv", "p": "web", "aid": "shop", "tv": "js-4.10.1", "duid": user, "eid": event_id})
}

/// Definitions with one intervention, `third_view`, for users who have seen three pages.
pub(crate) fn counting_page_views() -> Definitions {
    let definitions = json!({
        "attribute_groups": [{
            "name": "views",
            "version": 1,
            "attribute_key": {"name": "domain_userid"},
            "attributes": [{
                "name": "page_views",
                "type": "int32",
                "events": [{"name": "page_view"}],
                "aggregation": "counter",
            }],
        }],
        "interventions": [{
            "name": "third_view",
            "version": 1,
            "criteria": {"attribute": "views:page_views", "operator": "=", "value": 3},
        }],
    });
    Definitions::from_json(&definitions.to_string()).unwrap()
}

/// A new event id for each call.
pub(crate) fn event_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
