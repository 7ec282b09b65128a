//! Carries out what the [`machine`](super::machine) decides, and tells it what happens.

use super::event_stream::{EventStream, FrameKind, Hello, StreamEvent};
use super::machine::{Effect, Failure, Input, Machine, StreamId};
use super::probe::Probe;
use super::status::Status;
use crate::browser::clock;
use crate::browser::timer::Timer;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use wasm_bindgen::prelude::*;

/// The owner of a connection. Called with nothing borrowed, so it may call back.
pub trait ConnectionOwner {
    /// The URL to request, with the position to resume from if there is one.
    fn request_url(&self) -> Option<String>;
    /// A URL like that of the stream, but for nobody's interventions.
    fn probe_url(&self) -> Option<String>;
    /// A frame arrived.
    fn frame(&self, kind: FrameKind, last_event_id: JsValue, data: JsValue);
    /// The state, or a detail of it, changed.
    fn status_changed(&self);
}

/// A page's own stream for one URL.
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
    /// A connection that wants no stream yet.
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

    /// How the stream is.
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
            owner.status_changed();
        }
    }

    fn open(self: &Rc<Self>, stream: StreamId) {
        let Some(url) = self.owner.upgrade().and_then(|owner| owner.request_url()) else {
            return;
        };
        let weak = Rc::downgrade(self);
        let opened = EventStream::open(&url, move |event| {
            if let Some(inner) = weak.upgrade() {
                inner.stream_event(stream, event);
            }
        });
        match opened {
            Ok(opened) => self.streams.borrow_mut().push((stream, opened)),
            Err(_) => self.feed(Input::Failed(stream, Failure::Refused)),
        }
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

    fn stream_event(self: &Rc<Self>, stream: StreamId, event: StreamEvent) {
        let (kind, frame) = match event {
            StreamEvent::Opened => return self.feed(Input::Opened(stream)),
            StreamEvent::Failed(failure) => return self.feed(Input::Failed(stream, failure)),
            StreamEvent::Frame(kind, frame) => (kind, frame),
        };
        let data = frame.data();
        let keep_alive_ms = match kind {
            FrameKind::Hello => Hello::read(&data).keep_alive_ms,
            _ => 0,
        };
        self.feed(match keep_alive_ms {
            0 => Input::Heard(stream),
            keep_alive_ms => Input::Hello(stream, keep_alive_ms),
        });
        if let Some(owner) = self.owner.upgrade() {
            owner.frame(kind, frame.last_event_id(), data);
        }
    }
}
