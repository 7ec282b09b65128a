//! Carries out what the [`machine`](super::machine) decides, and tells it what happens.

use super::event_stream::{EventStream, Frame, StreamEvent};
use super::machine::{Effect, Failure, Input, Machine, Status, StreamId};
use super::probe::Probe;
use crate::browser::clock;
use crate::browser::json::parse_json;
use crate::browser::timer::Timer;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use wasm_bindgen::prelude::*;

/// The owner of a connection. Called with nothing borrowed, so it may call back.
pub trait ConnectionOwner {
    /// The URL to request for the stream at `url`, with the position to resume from if there is one.
    fn request_url(&self, url: &str) -> String;
    /// A URL like those of its streams, but for nobody's interventions.
    fn probe_url(&self) -> Option<String>;
    /// A frame arrived on the stream at `url`.
    fn message(&self, url: &Rc<str>, frame: &Frame);
    /// The server of the stream at `url` introduced itself; `resume_parameter` is where it wants to hear a last event id.
    fn hello(&self, url: &Rc<str>, resume_parameter: Option<String>, frame: &Frame);
    /// The state, or a detail of it, changed.
    fn status_changed(&self, status: Status);
}

#[wasm_bindgen]
extern "C" {
    type Hello;
    #[wasm_bindgen(method, getter)]
    fn resume_param(this: &Hello) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn keep_alive_ms(this: &Hello) -> JsValue;
}

/// One subscription of one tracker.
#[must_use = "dropping a connection closes it"]
pub struct Connection {
    inner: Rc<Inner>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.inner.feed(Input::Close);
    }
}

impl Connection {
    /// A connection that is subscribed to nothing yet.
    pub fn new(owner: Weak<dyn ConnectionOwner>) -> Connection {
        let machine = Machine::default();
        Connection {
            inner: Rc::new(Inner {
                reported: Cell::new(machine.status()),
                machine: RefCell::new(machine),
                streams: RefCell::default(),
                wake: RefCell::default(),
                probe: RefCell::default(),
                owner,
            }),
        }
    }

    /// Tells the machine what happened and does what it answers.
    pub fn feed(&self, input: Input) {
        self.inner.feed(input);
    }

    /// See [`Machine::set_connection_timeout_ms`].
    pub fn set_connection_timeout_ms(&self, timeout_ms: u32) {
        self.inner.machine.borrow_mut().set_connection_timeout_ms(timeout_ms);
    }

    /// See [`Machine::status`].
    pub fn status(&self) -> Status {
        self.inner.machine.borrow().status()
    }
}

struct Inner {
    machine: RefCell<Machine>,
    streams: RefCell<Vec<(StreamId, EventStream)>>,
    wake: RefCell<Option<Timer>>,
    probe: RefCell<Option<Probe>>,
    reported: Cell<Status>,
    owner: Weak<dyn ConnectionOwner>,
}

impl Inner {
    fn feed(self: &Rc<Self>, input: Input) {
        let effects = self.machine.borrow_mut().step(input, clock::now_ms(), &clock::random);
        for effect in effects {
            match effect {
                Effect::Open(stream) => self.open(stream),
                Effect::Close(stream) => self.close(stream),
                Effect::Wake(delay_ms) => self.wake_after(delay_ms),
                Effect::Probe => self.probe(),
            }
        }
        self.report();
    }

    fn report(&self) {
        let status = self.machine.borrow().status();
        if self.reported.replace(status) != status
            && let Some(owner) = self.owner.upgrade()
        {
            owner.status_changed(status);
        }
    }

    fn open(self: &Rc<Self>, stream: StreamId) {
        let Some((url, request_url)) = self.request() else {
            return;
        };
        let weak = Rc::downgrade(self);
        let opened = EventStream::open(&request_url, move |event| {
            if let Some(inner) = weak.upgrade() {
                inner.stream_event(stream, &url, event);
            }
        });
        match opened {
            Ok(opened) => self.streams.borrow_mut().push((stream, opened)),
            Err(_) => self.feed(Input::Failed(stream, Failure::Refused)),
        }
    }

    /// The URL subscribed to, and the one to request for it.
    fn request(&self) -> Option<(Rc<str>, String)> {
        let url: Rc<str> = self.machine.borrow().url()?.into();
        let request_url = self.owner.upgrade()?.request_url(&url);
        Some((url, request_url))
    }

    fn close(&self, stream: StreamId) {
        let mut streams = self.streams.borrow_mut();
        let closed =
            streams.iter().position(|(id, _)| *id == stream).map(|index| streams.remove(index));
        drop(streams);
        drop(closed);
    }

    fn wake_after(self: &Rc<Self>, delay_ms: Option<u32>) {
        *self.probe.borrow_mut() = None;
        let weak = Rc::downgrade(self);
        *self.wake.borrow_mut() = delay_ms.map(|delay_ms| {
            Timer::start(delay_ms, move || {
                if let Some(inner) = weak.upgrade() {
                    inner.feed(Input::Woke);
                }
            })
        });
    }

    fn probe(self: &Rc<Self>) {
        let Some(url) = self.owner.upgrade().and_then(|owner| owner.probe_url()) else {
            return;
        };
        let weak = Rc::downgrade(self);
        *self.probe.borrow_mut() = Some(Probe::start(&url, move |status| {
            if let Some(inner) = weak.upgrade() {
                inner.feed(Input::Answered(status));
            }
        }));
    }

    fn stream_event(self: &Rc<Self>, stream: StreamId, url: &Rc<str>, event: StreamEvent) {
        match event {
            StreamEvent::Opened => self.feed(Input::Opened(stream)),
            StreamEvent::Failed(failure) => self.feed(Input::Failed(stream, failure)),
            StreamEvent::Ping => self.feed(Input::Heard(stream)),
            StreamEvent::Message(frame) => {
                self.feed(Input::Heard(stream));
                if let Some(owner) = self.owner.upgrade() {
                    owner.message(url, &frame);
                }
            }
            StreamEvent::Hello(frame) => self.hello(stream, url, &frame),
        }
    }

    /// A `hello` that says nothing usable leaves the stream as plain as one without.
    fn hello(self: &Rc<Self>, stream: StreamId, url: &Rc<str>, frame: &Frame) {
        let Some(hello) = parse_json(&frame.data()).ok().filter(JsValue::is_object) else {
            return self.feed(Input::Heard(stream));
        };
        let hello: Hello = hello.unchecked_into();
        let keep_alive_ms = hello.keep_alive_ms().as_f64().unwrap_or_default() as u64;
        self.feed(Input::Hello(stream, keep_alive_ms));
        if let Some(owner) = self.owner.upgrade() {
            owner.hello(url, hello.resume_param().as_string(), frame);
        }
    }
}
