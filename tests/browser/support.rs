//! A page under test, and the scripted server that it connects to.

use js_sys::{Array, Object, Promise, Reflect};
use signals_interventions::{BrowserTracker, Client, Plugin};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/tests/browser/support.js")]
extern "C" {
    #[wasm_bindgen(js_name = makeTracker)]
    fn make_tracker(id: &str, domain_userid: &str) -> JsValue;
    #[wasm_bindgen(js_name = makeLogger)]
    fn make_logger() -> JsValue;
    #[wasm_bindgen(js_name = dispatchEvent)]
    fn dispatch_event(event: &str, properties: &JsValue);
    #[wasm_bindgen(js_name = stopClock)]
    pub(crate) fn stop_clock(work_ms: f64) -> JsValue;
    #[wasm_bindgen(js_name = restartClock)]
    pub(crate) fn restart_clock();
    fn evaluate(source: &str) -> JsValue;
    fn wait(milliseconds: u32) -> Promise;
    #[wasm_bindgen(js_name = toJson)]
    fn to_json(value: &JsValue) -> Option<String>;
    fn request(method: &str, url: &str, body: Option<&str>) -> Promise;
}

/// Milliseconds to wait for a condition.
const PATIENCE_MS: u32 = 8_000;

pub(crate) const USER: &str = "218e8926-3858-431d-b2ed-66da03a1cbe5";

/// Evaluates JavaScript.
pub(crate) fn js(source: &str) -> JsValue {
    evaluate(source)
}

pub(crate) fn json(value: &JsValue) -> String {
    to_json(value).unwrap_or_else(|| "undefined".to_owned())
}

pub(crate) fn get(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap()
}

/// The query of a logged request.
pub(crate) fn query(request: &JsValue) -> String {
    get(request, "query").as_string().unwrap()
}

/// Dispatches an event with these properties on the window.
pub(crate) fn dispatch(event: &str, properties: &str) {
    dispatch_event(event, &js(properties));
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let mut waited = 0;
    while !condition().await {
        assert!(waited < PATIENCE_MS, "in vain: waited until {what}");
        JsFuture::from(wait(10)).await.unwrap();
        waited += 10;
    }
}

/// A path of the scripted server for one test.
pub(crate) struct Channel {
    name: String,
}

const HOST: &str = "127.0.0.1";
const PORT: &str = match option_env!("SCRIPTED_SERVER_PORT") {
    Some(port) => port,
    None => "8791",
};

impl Channel {
    /// `script` is a JSON list of connections. See `tests/support/scripted-server.mjs`.
    pub(crate) async fn open(script: &str) -> Channel {
        thread_local!(static CHANNELS: Cell<u32> = const { Cell::new(0) });
        let number = CHANNELS.replace(CHANNELS.get() + 1);
        let channel = Channel { name: format!("browser-{number}") };
        channel.request("PUT", "", Some(script)).await;
        channel
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{HOST}:{PORT}/{}", self.name)
    }

    /// Writes to all open connections.
    pub(crate) async fn send(&self, text: &str) {
        self.request("POST", "/send", Some(text)).await;
    }

    /// All requests so far.
    pub(crate) async fn log(&self) -> Array {
        js(&self.request("GET", "/log", None).await).unchecked_into()
    }

    /// All requests so far for the interventions of `id`.
    pub(crate) async fn requests_for(&self, id: &str) -> Vec<JsValue> {
        self.log().await.iter().filter(|request| query(request).contains(id)).collect()
    }

    pub(crate) async fn until_requests(&self, count: u32) -> Array {
        until("enough requests have come", async || self.log().await.length() >= count).await;
        self.log().await
    }

    async fn request(&self, method: &str, action: &str, body: Option<&str>) -> String {
        let url = format!("http://{HOST}:{PORT}/channels/{}{action}", self.name);
        JsFuture::from(request(method, &url, body)).await.unwrap().as_string().unwrap()
    }
}

/// The script of one connection, as JSON: it sends `frames` and stays open.
pub(crate) fn sending(frames: &[String]) -> String {
    let frames: Array = frames.iter().map(|frame| JsValue::from_str(frame)).collect();
    format!(r#"[{{"frames":{}}}]"#, json(&frames))
}

pub(crate) fn hello(id: u32, keep_alive_ms: u32) -> String {
    format!(
        "id: {id}\nevent: hello\ndata:{{\"server\":\"scripted\",\"resume_param\":\"since\",\"keep_alive_ms\":{keep_alive_ms}}}\n\n"
    )
}

pub(crate) fn instance(event_id: u32, intervention_id: &str) -> String {
    format!(
        "id: {event_id}\ndata: {{\"intervention_id\":\"{intervention_id}\",\"name\":\"discount\",\"version\":1,\"attributes\":{{\"views\":4}}}}\n\n"
    )
}

/// A page with one tracker.
pub(crate) struct TestPage {
    pub(crate) plugin: Rc<Plugin>,
    pub(crate) tracker: JsValue,
    logger: JsValue,
    /// The array `globalThis.calls`, which the handlers of a test write to.
    calls: Array,
}

impl TestPage {
    pub(crate) fn new() -> TestPage {
        TestPage::with_tracker("sp1", USER)
    }

    pub(crate) fn with_tracker(id: &str, domain_userid: &str) -> TestPage {
        let test = TestPage::without_tracker(id, domain_userid);
        test.activate("{}");
        test
    }

    pub(crate) fn without_tracker(id: &str, domain_userid: &str) -> TestPage {
        if let Some(storage) = web_sys::window().and_then(|window| window.session_storage().ok()?) {
            storage.clear().unwrap();
        }
        let logger = make_logger();
        let plugin = Rc::new(Plugin::new(js("(event) => event").unchecked_into()));
        plugin.set_logger(logger.clone().unchecked_into());
        let calls = Array::new();
        Reflect::set(&js_sys::global(), &"calls".into(), &calls).unwrap();
        TestPage { plugin, tracker: make_tracker(id, domain_userid), logger, calls }
    }

    pub(crate) fn activate(&self, options: &str) {
        let tracker: BrowserTracker = self.tracker.clone().unchecked_into();
        self.plugin.activate(tracker, js(options), None);
    }

    /// Adds the plugin with the page's own source of interventions. This function receives the configuration.
    pub(crate) fn activate_with_source(&self, configure: &str) {
        let tracker: BrowserTracker = self.tracker.clone().unchecked_into();
        let configure = js(configure).unchecked_into();
        self.plugin.activate(tracker, js("{}"), Some(configure));
    }

    /// Adds the plugin to a second tracker.
    pub(crate) fn activate_another(&self, id: &str) {
        let tracker: BrowserTracker = make_tracker(id, USER).unchecked_into();
        self.plugin.activate(tracker, js("{}"), None);
    }

    /// A client without a tracker, for the interventions of the user `ada`.
    pub(crate) fn create_client(&self, channel: &Channel) -> Client {
        let config = format!(
            "{{ endpoint: '{}', attributeKeyIds: {{ user_id: 'ada' }} }}",
            channel.endpoint()
        );
        self.plugin.create_client(
            "client:1".to_owned(),
            &js(&config),
            js("() => {}").unchecked_into(),
        )
    }

    pub(crate) fn add_handlers(&self, source: &str) {
        self.plugin.add_handlers(&js(source), &JsValue::NULL);
    }

    pub(crate) fn subscribe(&self, channel: &Channel) {
        self.subscribe_with(channel, "{}");
    }

    /// Subscribes with additional configuration fields.
    pub(crate) fn subscribe_with(&self, channel: &Channel, config: &str) {
        let config: Object = js(config).unchecked_into();
        Reflect::set(&config, &"endpoint".into(), &channel.endpoint().into()).unwrap();
        self.plugin.subscribe(&config, &JsValue::NULL);
    }

    pub(crate) fn track(&self, payload: &str) {
        self.plugin.after_track(js(payload).unchecked_ref());
    }

    /// The array that handlers wrote to, as JSON.
    pub(crate) fn calls(&self) -> String {
        json(&self.calls)
    }

    pub(crate) async fn until_calls(&self, count: u32) {
        until("the handlers were called", async || self.calls.length() >= count).await;
    }

    pub(crate) fn log_lines(&self) -> String {
        json(&get(&self.logger, "lines"))
    }

    pub(crate) fn tracked(&self) -> Array {
        get(&self.tracker, "tracked").unchecked_into()
    }

    /// Records the connection states in an array, with a listener like a page's.
    pub(crate) fn watch_connection(&self) -> Array {
        let states = js("Object.assign([], {})").unchecked_into::<Array>();
        Reflect::set(&js_sys::global(), &"states".into(), &states).unwrap();
        let listener = js("((states) => (change) => void states.push(change))(globalThis.states)");
        self.plugin.add_connection_listener(listener.unchecked_into(), &JsValue::NULL);
        states
    }
}

/// Handlers that record the intervention's id.
pub(crate) const NOTE_IDS: &str = "{ note: (i) => void calls.push(i.intervention_id) }";
