//! An `EventSource` that closes when it is dropped.

use super::machine::Failure;
use crate::browser::json::parse_json;
use crate::browser::listener::{EventTarget, Listener};
use alloc::rc::Rc;
use alloc::string::String;
use signals_wire::stream::{HELLO_EVENT, PING_EVENT};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    #[wasm_bindgen(extends = EventTarget)]
    type EventSource;
    #[wasm_bindgen(constructor, catch)]
    fn new(url: &str) -> Result<EventSource, JsValue>;
    #[wasm_bindgen(method, getter, js_name = readyState)]
    fn ready_state(this: &EventSource) -> u32;
    #[wasm_bindgen(method)]
    fn close(this: &EventSource);

    /// A `MessageEvent` of an event stream. Its values stay in JavaScript: most are only passed on.
    pub type Frame;

    /// The data of the frame, a string.
    #[wasm_bindgen(method, getter)]
    pub fn data(this: &Frame) -> JsValue;

    /// The last event id of the stream at this frame, a string.
    #[wasm_bindgen(method, getter, js_name = lastEventId)]
    pub fn last_event_id(this: &Frame) -> JsValue;
}

/// What a frame is for. The numbers travel between tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// An instance.
    Message,
    /// The server introduces itself.
    Hello,
    /// The server is alive.
    Ping,
}

impl FrameKind {
    /// The kind with this number.
    pub fn from_number(number: u32) -> Option<FrameKind> {
        [FrameKind::Message, FrameKind::Hello, FrameKind::Ping].get(number as usize).copied()
    }
}

#[wasm_bindgen]
extern "C" {
    type HelloData;
    #[wasm_bindgen(method, getter)]
    fn resume_param(this: &HelloData) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn keep_alive_ms(this: &HelloData) -> JsValue;
}

/// What a server says in its `hello`. One that says nothing usable is as plain as one that says none.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The query parameter in which it wants to hear a last event id.
    pub resume_parameter: Option<String>,
    /// It speaks at least every so many milliseconds; 0 if it does not say.
    pub keep_alive_ms: u64,
}

impl Hello {
    /// Reads the data of a `hello`.
    pub fn read(data: &JsValue) -> Hello {
        let Some(hello) = parse_json(data).ok().filter(JsValue::is_object) else {
            return Hello::default();
        };
        let hello: HelloData = hello.unchecked_into();
        Hello {
            resume_parameter: hello.resume_param().as_string(),
            keep_alive_ms: hello.keep_alive_ms().as_f64().unwrap_or_default() as u64,
        }
    }
}

/// The ready state of an `EventSource` that does not reconnect by itself.
const CLOSED: u32 = 2;

/// What a stream reports.
pub enum StreamEvent {
    /// The server accepted it.
    Opened,
    /// A frame arrived.
    Frame(FrameKind, Frame),
    /// It broke.
    Failed(Failure),
}

/// One stream and its listeners.
#[must_use = "dropping a stream closes it"]
pub struct EventStream {
    source: EventSource,
    _listeners: [Listener; 5],
}

impl EventStream {
    /// Requests `url` and reports to `listener` from then on.
    ///
    /// # Errors
    ///
    /// A `SyntaxError` when `url` is none.
    pub fn open(
        url: &str,
        listener: impl Fn(StreamEvent) + 'static,
    ) -> Result<EventStream, JsValue> {
        let source = EventSource::new(url)?;
        let listener: Rc<dyn Fn(StreamEvent)> = Rc::new(listener);
        let on = |name: &'static str, read: fn(&EventSource, JsValue) -> StreamEvent| {
            let (source, listener) = (source.clone(), Rc::clone(&listener));
            Listener::new(&source.clone(), name, move |event| listener(read(&source, event)))
        };
        let listeners = [
            on("open", |_, _| StreamEvent::Opened),
            on("message", |_, event| frame(FrameKind::Message, event)),
            on(HELLO_EVENT, |_, event| frame(FrameKind::Hello, event)),
            on(PING_EVENT, |_, event| frame(FrameKind::Ping, event)),
            on("error", |source, _| {
                let given_up = source.ready_state() == CLOSED;
                StreamEvent::Failed(if given_up { Failure::Refused } else { Failure::Dropped })
            }),
        ];
        Ok(EventStream { source, _listeners: listeners })
    }
}

fn frame(kind: FrameKind, event: JsValue) -> StreamEvent {
    StreamEvent::Frame(kind, event.unchecked_into())
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.source.close();
    }
}
