//! An `EventSource` that closes when it is dropped.

use super::machine::Failure;
use crate::browser::listener::{EventTarget, Listener};
use alloc::rc::Rc;
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

/// The ready state of an `EventSource` that does not reconnect by itself.
const CLOSED: u32 = 2;

/// What a stream reports.
pub enum StreamEvent {
    /// The server accepted it.
    Opened,
    /// An instance arrived.
    Message(Frame),
    /// The server introduced itself.
    Hello(Frame),
    /// The server is alive.
    Ping,
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
            on("message", |_, event| StreamEvent::Message(event.unchecked_into())),
            on(HELLO_EVENT, |_, event| StreamEvent::Hello(event.unchecked_into())),
            on(PING_EVENT, |_, _| StreamEvent::Ping),
            on("error", |source, _| {
                let given_up = source.ready_state() == CLOSED;
                StreamEvent::Failed(if given_up { Failure::Refused } else { Failure::Dropped })
            }),
        ];
        Ok(EventStream { source, _listeners: listeners })
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.source.close();
    }
}
