//! A page's part in the stream for one URL. Carries out the decisions of [`election`](super::election).
//!
//! The page keeps its recent frames from the start, because another tab may ask late for what it missed. It relays frames only after it has
//! heard from another tab.

use super::election::{Absence, Effect, Election, Input, Missed};
use super::hand_over::Receiving;
use super::machine;
use super::own_stream::OwnStream;
use super::positions::Positions;
use super::recent_frames::RecentFrames;
use super::status::{Phase, Status};
use super::tabs::{TabChannel, TabId, TabMessage, channel_name};
use super::{Frame, FrameKind, StreamEvent};
use crate::web::locks::{Lock, LockEvent, Manner};
use crate::web::{self, Preserved};
use gloo_timers::callback::Timeout;
use js_sys::Math;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// The stream that a page wants.
#[derive(Debug, Clone)]
pub(crate) struct StreamRequest {
    pub(crate) url: Rc<str>,
    /// Like the URL of the stream, but with ids that nobody uses.
    pub(crate) probe_url: String,
    /// Whether tabs share one stream for this URL.
    pub(crate) shared: bool,
    /// See [`machine::Machine::set_connection_timeout_ms`].
    pub(crate) connection_timeout_ms: u32,
}

/// See the [module documentation](self). Receives nothing before [`Input::Join`].
#[must_use = "dropping it closes the stream and lets others have the lock"]
pub(crate) struct SharedStream {
    url: Rc<str>,
    shared: bool,
    tab: TabId,
    this: Weak<SharedStream>,
    positions: Rc<Positions>,
    /// Called with nothing borrowed, so it may call back.
    listener: Box<dyn Fn(StreamEvent)>,
    election: RefCell<Election>,
    own: OwnStream,
    lock: Cell<Option<Lock>>,
    channel: RefCell<Option<TabChannel>>,
    wake: Cell<Option<Timeout>>,
    /// The page has received everything until this moment, in milliseconds since 1970.
    complete_until: Cell<f64>,
    /// Whether this page has heard from another tab.
    has_company: Cell<bool>,
    /// The data of the server's latest `hello`.
    hello: RefCell<Option<Preserved>>,
    /// The last event id received here, or the one to resume from.
    heard: RefCell<Option<Preserved>>,
    /// Whether the latest question contained a position.
    asked_with_position: Cell<bool>,
    recent: RefCell<RecentFrames<Preserved>>,
}

impl SharedStream {
    /// `since` is the moment from which on the page wants interventions, in milliseconds since 1970.
    pub(crate) fn new(
        request: StreamRequest,
        positions: Rc<Positions>,
        absence: Absence,
        since: f64,
        listener: impl Fn(StreamEvent) + 'static,
    ) -> Rc<SharedStream> {
        let StreamRequest { url, probe_url, shared, connection_timeout_ms } = request;
        let heard = positions.position(&url).map(Preserved::text);
        let stream = Rc::new_cyclic(|this: &Weak<SharedStream>| {
            let own = OwnStream::new(Rc::clone(&url), probe_url, Rc::clone(&positions), {
                let this = Weak::clone(this);
                move |event| {
                    if let Some(stream) = this.upgrade() {
                        stream.own_event(event);
                    }
                }
            });
            SharedStream {
                shared,
                tab: Math::random(),
                this: Weak::clone(this),
                listener: Box::new(listener),
                election: RefCell::new(Election::new(shared, absence)),
                own,
                lock: Cell::default(),
                channel: RefCell::default(),
                wake: Cell::default(),
                complete_until: Cell::new(since),
                has_company: Cell::default(),
                hello: RefCell::default(),
                heard: RefCell::new(heard.clone()),
                asked_with_position: Cell::default(),
                recent: RefCell::new(RecentFrames::begin_after(heard)),
                url,
                positions,
            }
        });
        stream.set_connection_timeout_ms(connection_timeout_ms);
        stream
    }

    /// Whether this stream has the URL and sharing mode of `request`.
    pub(crate) fn is_for(&self, request: &StreamRequest) -> bool {
        self.url == request.url && self.shared == request.shared
    }

    /// See [`machine::Machine::set_connection_timeout_ms`].
    pub(crate) fn set_connection_timeout_ms(&self, timeout_ms: u32) {
        self.own.set_connection_timeout_ms(timeout_ms);
    }

    pub(crate) fn status(&self) -> Status {
        self.election.borrow().status(self.own.status())
    }

    /// Whether this page connects to the server itself, rather than through another tab.
    pub(crate) fn connects_itself(&self) -> bool {
        self.own.status().state != Phase::Idle
    }

    /// The moment until which the page has received everything, in milliseconds since 1970.
    pub(crate) fn complete_until(&self) -> f64 {
        self.complete_until.get()
    }

    /// Passes a page event to both state machines.
    pub(crate) fn page_event(&self, input: Input) {
        self.feed(input);
        match input {
            Input::Online => self.own.feed(machine::Input::Online),
            Input::PageVisible => self.own.feed(machine::Input::PageVisible),
            _ => {}
        }
    }

    /// Passes an event to the election and carries out the effects.
    pub(crate) fn feed(&self, input: Input) {
        let effects = self.election.borrow_mut().step(input, web::now_ms());
        for effect in effects {
            match effect {
                Effect::Queue => self.request_lock(Manner::Queue),
                Effect::Steal => self.request_lock(Manner::Steal),
                Effect::LetGo => self.let_go(),
                Effect::Ask { urgent } => self.ask(urgent),
                Effect::Lead => self.own.feed(machine::Input::Subscribe),
                Effect::StopLeading => self.own.feed(machine::Input::Unsubscribe),
                Effect::Wake(delay_ms) => self.wake_after(delay_ms),
            }
        }
        if input == Input::Granted {
            self.announce();
        }
        (self.listener)(StreamEvent::StatusChanged);
    }

    fn own_event(&self, event: StreamEvent) {
        match event {
            StreamEvent::StatusChanged => {
                self.announce();
                (self.listener)(StreamEvent::StatusChanged);
            }
            StreamEvent::KeysRefused(keys) => (self.listener)(StreamEvent::KeysRefused(keys)),
            StreamEvent::Frame(frame) => {
                if self.has_company.get() && self.holds() {
                    self.post(&TabMessage::Relay(frame.clone()));
                }
                self.take_in(frame);
            }
        }
    }

    /// Keeps a frame for other tabs, then passes it to the listener.
    fn take_in(&self, frame: Frame) {
        self.complete_until.set(frame.at);
        match frame.kind {
            FrameKind::Ping => return,
            FrameKind::Hello => *self.hello.borrow_mut() = Some(frame.data.clone()),
            FrameKind::Message => {}
        }
        *self.heard.borrow_mut() = Some(frame.last_event_id.clone());
        if self.shared {
            self.recent.borrow_mut().push(frame.clone());
        }
        (self.listener)(StreamEvent::Frame(frame));
    }

    fn holds(&self) -> bool {
        self.election.borrow().holds()
    }

    fn request_lock(&self, manner: Manner) {
        let name = channel_name(&self.url);
        // Leave the queue first. Otherwise this page's earlier request would still wait after the theft.
        drop(self.lock.take());
        let this = Weak::clone(&self.this);
        let lock = Lock::request(&name, manner, move |event| {
            if let Some(stream) = this.upgrade() {
                stream.lock_event(event);
            }
        });
        // Opening a channel and getting a lock both take time, so start them together.
        let lock = lock.filter(|_| self.has_channel(&name));
        let refused = lock.is_none();
        drop(self.lock.replace(lock));
        if refused {
            self.feed(Input::Refused);
        }
    }

    /// Opens the channel if it is closed. Returns false if the browser has no channels.
    fn has_channel(&self, name: &str) -> bool {
        let mut channel = self.channel.borrow_mut();
        if channel.is_none() {
            let this = Weak::clone(&self.this);
            *channel = TabChannel::open(name, move |message| {
                if let Some(stream) = this.upgrade() {
                    stream.hear(message);
                }
            });
        }
        channel.is_some()
    }

    fn lock_event(&self, event: LockEvent) {
        let holds = self.holds();
        self.feed(match event {
            LockEvent::Granted => Input::Granted,
            LockEvent::Lost if holds => Input::Ousted,
            LockEvent::Lost => Input::Refused,
        });
    }

    fn let_go(&self) {
        drop(self.lock.take());
        drop(self.channel.take());
    }

    fn wake_after(&self, delay_ms: Option<u32>) {
        let this = Weak::clone(&self.this);
        let timer = delay_ms.map(|delay_ms| {
            Timeout::new(delay_ms, move || {
                if let Some(stream) = this.upgrade() {
                    stream.feed(Input::Woke);
                }
            })
        });
        drop(self.wake.replace(timer));
    }

    fn post(&self, message: &TabMessage) {
        if let Some(channel) = &*self.channel.borrow() {
            channel.post(message);
        }
    }

    fn ask(&self, urgent: bool) {
        let position = self.positions.position(&self.url).map(Preserved::text);
        self.asked_with_position.set(position.is_some());
        self.post(&TabMessage::Question {
            from: self.tab,
            urgent,
            position,
            since: self.complete_until(),
        });
    }

    /// Tells the other tabs the status of this page's stream, if this page is the holder.
    fn announce(&self) {
        if self.has_company.get() && self.holds() {
            self.answer(None, Some(Vec::new()));
        }
    }

    fn answer(&self, to: Option<TabId>, missed: Option<Vec<Frame>>) {
        self.post(&TabMessage::Answer {
            to,
            status: self.status(),
            hello: self.hello.borrow().clone(),
            position: self.heard.borrow().clone(),
            missed,
        });
    }

    fn hear(&self, message: TabMessage) {
        self.has_company.set(true);
        match message {
            TabMessage::Question { from, urgent, position, since } if self.holds() => {
                self.answer(Some(from), self.recent.borrow().missed(position.as_ref(), since));
                // An open stream reconnects only if it is stale.
                if urgent || self.is_open() {
                    self.own.feed(machine::Input::PageVisible);
                }
            }
            TabMessage::Answer { to: None, status, .. } => {
                self.feed(Input::HolderIs { status, missed: Missed::Announced });
            }
            TabMessage::Answer { to, status, hello, position, missed } if to == Some(self.tab) => {
                let missed = match missed {
                    Some(frames) => {
                        self.catch_up(frames, hello, position);
                        Missed::CaughtUp
                    }
                    None => Missed::Behind,
                };
                self.feed(Input::HolderIs { status, missed });
            }
            TabMessage::Relay(frame) => {
                if self.election.borrow().listens(self.asked_with_position.get()) {
                    self.take_in(frame);
                }
                self.feed(Input::Heard);
            }
            TabMessage::Question { .. } | TabMessage::Answer { .. } => {}
        }
    }

    /// Processes the missed frames, then moves to the holder's position.
    fn catch_up(&self, missed: Vec<Frame>, hello: Option<Preserved>, position: Option<Preserved>) {
        for frame in missed {
            self.take_in(frame);
        }
        if let (Some(data), Some(last_event_id)) = (hello, position) {
            let at = self.complete_until();
            self.take_in(Frame { kind: FrameKind::Hello, last_event_id, data, at });
        }
    }
}

impl Receiving for Rc<SharedStream> {
    fn is_open(&self) -> bool {
        SharedStream::is_open(self)
    }
}

impl SharedStream {
    fn is_open(&self) -> bool {
        self.status().state == Phase::Open
    }
}
