//! An `EventSource` that closes when it is dropped.

use gloo_events::EventListener;
use signals_wire::stream::{HELLO_EVENT, PING_EVENT};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::EventSource;

use super::machine::Failure;

#[wasm_bindgen]
extern "C" {
    /// A `MessageEvent` of an event stream. Its values stay in JavaScript: most are only passed on.
    pub type Frame;

    /// The data of the frame, a string.
    #[wasm_bindgen(method, getter)]
    pub fn data(this: &Frame) -> JsValue;

    /// The last event id of the stream at this frame, a string.
    #[wasm_bindgen(method, getter, js_name = lastEventId)]
    pub fn last_event_id(this: &Frame) -> JsValue;
}

/// What a stream reports.
pub enum StreamEvent<'a> {
    /// The server accepted it.
    Opened,
    /// An instance arrived.
    Message(&'a Frame),
    /// The server introduced itself.
    Hello(&'a Frame),
    /// The server is alive.
    Ping,
    /// It broke.
    Failed(Failure),
}

type Listener = Rc<dyn Fn(StreamEvent<'_>)>;

/// One stream and its listeners.
#[must_use = "dropping a stream closes it"]
pub struct EventStream {
    source: EventSource,
    _listeners: [EventListener; 5],
}

impl EventStream {
    /// Requests `url` and reports to `listener` from then on.
    ///
    /// # Errors
    ///
    /// A `SyntaxError` when `url` is none.
    pub fn open(
        url: &str,
        listener: impl Fn(StreamEvent<'_>) + 'static,
    ) -> Result<EventStream, JsValue> {
        let source = EventSource::new(url)?;
        let listener: Listener = Rc::new(listener);
        let on = |name: &'static str, report: fn(&Listener, &Frame)| {
            let listener = Rc::clone(&listener);
            EventListener::new(&source, name, move |event| report(&listener, event.unchecked_ref()))
        };
        let failing = source.clone();
        let failed = Rc::clone(&listener);
        let listeners = [
            on("open", |listener, _| listener(StreamEvent::Opened)),
            on("message", |listener, frame| listener(StreamEvent::Message(frame))),
            on(HELLO_EVENT, |listener, frame| listener(StreamEvent::Hello(frame))),
            on(PING_EVENT, |listener, _| listener(StreamEvent::Ping)),
            EventListener::new(&source, "error", move |_| {
                failed(StreamEvent::Failed(if failing.ready_state() == EventSource::CLOSED {
                    Failure::Refused
                } else {
                    Failure::Dropped
                }));
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
