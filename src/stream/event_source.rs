//! An `EventSource` that closes when it is dropped.

use super::machine::Failure;
use super::{Frame, FrameKind};
use crate::web::Preserved;
use gloo_events::EventListener;
use js_sys::Date;
use signals_wire::stream::{HELLO_EVENT, PING_EVENT};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventSource, MessageEvent};

#[wasm_bindgen]
extern "C" {
    /// A `MessageEvent` whose last event id stays in JavaScript. The getter of web-sys would copy it.
    type StreamMessage;

    #[wasm_bindgen(method, getter, js_name = lastEventId)]
    fn last_event_id(this: &StreamMessage) -> JsValue;
}

/// An event of an `EventSource`.
#[derive(Debug)]
pub(crate) enum SourceEvent {
    /// The server accepted the stream.
    Opened,
    /// A frame arrived.
    Frame(Frame),
    /// The stream broke.
    Failed(Failure),
}

/// An `EventSource` and its listeners.
#[must_use = "dropping it closes the stream"]
pub(crate) struct OpenSource {
    source: EventSource,
    _listeners: [EventListener; 5],
}

impl OpenSource {
    /// Requests `url` and calls `listener` for every event.
    ///
    /// # Errors
    ///
    /// Returns a `SyntaxError` if `url` is not a URL.
    pub(crate) fn open(
        url: &str,
        listener: impl Fn(SourceEvent) + 'static,
    ) -> Result<OpenSource, JsValue> {
        let source = EventSource::new(url)?;
        let listener: Rc<dyn Fn(SourceEvent)> = Rc::new(listener);
        let on = |name: &'static str, read: fn(&EventSource, &Event) -> SourceEvent| {
            let (target, listener) = (source.clone(), Rc::clone(&listener));
            EventListener::new(&source, name, move |event| listener(read(&target, event)))
        };
        let listeners = [
            on("open", |_, _| SourceEvent::Opened),
            on("message", |_, event| frame(FrameKind::Message, event)),
            on(HELLO_EVENT, |_, event| frame(FrameKind::Hello, event)),
            on(PING_EVENT, |_, event| frame(FrameKind::Ping, event)),
            on("error", |source, _| {
                let given_up = source.ready_state() == EventSource::CLOSED;
                SourceEvent::Failed(if given_up { Failure::Refused } else { Failure::Dropped })
            }),
        ];
        Ok(OpenSource { source, _listeners: listeners })
    }
}

impl Drop for OpenSource {
    fn drop(&mut self) {
        self.source.close();
    }
}

fn frame(kind: FrameKind, event: &Event) -> SourceEvent {
    let last_event_id = event.unchecked_ref::<StreamMessage>().last_event_id();
    let data = event.unchecked_ref::<MessageEvent>().data();
    SourceEvent::Frame(Frame {
        kind,
        last_event_id: Preserved(last_event_id),
        data: Preserved(data),
        at: Date::now(),
    })
}
