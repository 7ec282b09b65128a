//! A page's own stream for one URL. Reports events to [`machine`](super::machine) and carries out its decisions.

use super::event_source::{OpenSource, SourceEvent};
use super::machine::{Effect, Failure, Input, Machine, StreamId};
use super::positions::Positions;
use super::probe::Probe;
use super::status::Status;
use super::{Frame, FrameKind, StreamEvent};
use crate::web;
use gloo_timers::callback::Timeout;
use js_sys::Math;
use signals_wire::stream::Hello;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// See the [module documentation](self). Opens no stream before [`Input::Subscribe`].
#[must_use = "dropping it closes the stream"]
pub(crate) struct OwnStream {
    inner: Rc<Inner>,
}

struct Inner {
    url: Rc<str>,
    /// Like the URL of the stream, but with ids that nobody uses.
    probe_url: String,
    positions: Rc<Positions>,
    machine: RefCell<Machine>,
    sources: RefCell<Vec<(StreamId, OpenSource)>>,
    wake: Cell<Option<Timeout>>,
    probe: Cell<Option<Probe>>,
    reported: Cell<Status>,
    /// Called with nothing borrowed, so it may call back.
    listener: Box<dyn Fn(StreamEvent)>,
}

impl OwnStream {
    /// Creates a stream that requests `url` and resumes from the position reached there.
    pub(crate) fn new(
        url: Rc<str>,
        probe_url: String,
        positions: Rc<Positions>,
        listener: impl Fn(StreamEvent) + 'static,
    ) -> OwnStream {
        let machine = Machine::default();
        OwnStream {
            inner: Rc::new(Inner {
                url,
                probe_url,
                positions,
                reported: Cell::new(machine.status()),
                machine: RefCell::new(machine),
                sources: RefCell::default(),
                wake: Cell::default(),
                probe: Cell::default(),
                listener: Box::new(listener),
            }),
        }
    }

    /// Passes an event to the machine and carries out the effects.
    pub(crate) fn feed(&self, input: Input) {
        self.inner.feed(input);
    }

    /// See [`Machine::set_connection_timeout_ms`].
    pub(crate) fn set_connection_timeout_ms(&self, timeout_ms: u32) {
        self.inner.machine.borrow_mut().set_connection_timeout_ms(timeout_ms);
    }

    pub(crate) fn status(&self) -> Status {
        self.inner.machine.borrow().status()
    }
}

impl Drop for OwnStream {
    fn drop(&mut self) {
        self.inner.feed(Input::Close);
    }
}

impl Inner {
    fn feed(self: &Rc<Self>, input: Input) {
        let effects = self.machine.borrow_mut().step(input, web::now_ms(), &Math::random);
        for effect in effects {
            match effect {
                Effect::Open(stream) => self.open(stream),
                Effect::Close(stream) => self.close(stream),
                Effect::Wake(delay_ms) => self.wake_after(delay_ms),
                Effect::Probe => self.probe(),
            }
        }
        let status = self.machine.borrow().status();
        if self.reported.replace(status) != status {
            (self.listener)(StreamEvent::StatusChanged);
        }
    }

    fn open(self: &Rc<Self>, stream: StreamId) {
        let weak = Rc::downgrade(self);
        let opened = OpenSource::open(&self.positions.request_url(&self.url), move |event| {
            if let Some(inner) = weak.upgrade() {
                inner.source_event(stream, event);
            }
        });
        match opened {
            Ok(opened) => self.sources.borrow_mut().push((stream, opened)),
            Err(_) => self.feed(Input::Failed(stream, Failure::Refused)),
        }
    }

    fn close(&self, stream: StreamId) {
        let mut sources = self.sources.borrow_mut();
        let index = sources.iter().position(|(id, _)| *id == stream);
        let closed = index.map(|index| sources.remove(index));
        // Closing a stream may call page code, if the page replaced `EventSource`.
        drop(sources);
        drop(closed);
    }

    fn wake_after(self: &Rc<Self>, delay_ms: Option<u32>) {
        // The stream is open or no longer wanted, so the probe has nothing to explain. A new attempt does not cancel the probe, because its
        // answer is still useful.
        if delay_ms.is_none() {
            drop(self.probe.take());
        }
        let weak = Rc::downgrade(self);
        let timer = delay_ms.map(|delay_ms| {
            Timeout::new(delay_ms, move || {
                if let Some(inner) = weak.upgrade() {
                    inner.feed(Input::Woke);
                }
            })
        });
        drop(self.wake.replace(timer));
    }

    fn probe(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let probe = Probe::start(&self.probe_url, move |refusal| {
            if let Some(inner) = weak.upgrade() {
                inner.feed(Input::Answered(refusal.status));
                if !refusal.keys.is_empty() {
                    (inner.listener)(StreamEvent::KeysRefused(refusal.keys));
                }
            }
        });
        drop(self.probe.replace(probe));
    }

    fn source_event(self: &Rc<Self>, stream: StreamId, event: SourceEvent) {
        match event {
            SourceEvent::Opened => self.feed(Input::Opened(stream)),
            SourceEvent::Failed(failure) => self.feed(Input::Failed(stream, failure)),
            SourceEvent::Frame(frame) => {
                self.feed(match keep_alive_ms(&frame) {
                    Some(keep_alive_ms) => Input::Hello(stream, keep_alive_ms),
                    None => Input::Heard(stream),
                });
                (self.listener)(StreamEvent::Frame(frame));
            }
        }
    }
}

/// The server's keep-alive interval in milliseconds, if this frame announces one.
fn keep_alive_ms(frame: &Frame) -> Option<u64> {
    let hello = (frame.kind == FrameKind::Hello).then(|| read_hello(&frame.data.0))?;
    hello.keep_alive_ms.filter(|interval_ms| *interval_ms > 0)
}

/// The settings in the server's `hello`. Unreadable data gives the defaults.
pub(crate) fn read_hello(data: &JsValue) -> Hello {
    let hello =
        web::parse_json(data).ok().and_then(|json| serde_wasm_bindgen::from_value(json).ok());
    hello.unwrap_or_default()
}
