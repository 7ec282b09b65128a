//! A page's part in the stream for one URL: carries out what [`sharing`](super::sharing) decides.
//!
//! The channel and the lock cost a page nothing while it is the only one: frames are relayed and kept for others only once
//! somebody else was heard.

use super::channel::{ANSWER, Channel, FRAME, Message, QUESTION, channel_name};
use super::driver::{Connection, ConnectionOwner};
use super::event_stream::{FrameKind, Hello};
use super::hand_over::Receiving;
use super::machine;
use super::recent::Recent;
use super::sharing::{Absence, Effect, Input, Missed, Sharing};
use super::status::{Phase, Status};
use crate::browser::clock;
use crate::browser::lock::{Lock, LockEvent, Manner};
use crate::browser::timer::Timer;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use core::cell::{Cell, RefCell};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

/// The owner of a member. Called with nothing borrowed, so it may call back.
pub trait MemberOwner {
    /// The URL to request for the stream at `url`, with the position to resume from if there is one.
    fn request_url(&self, url: &str) -> String;
    /// A URL like those of its streams, but for nobody's interventions.
    fn probe_url(&self) -> Option<String>;
    /// The last event id to resume from on the stream at `url`, if there is one.
    fn position(&self, url: &str) -> Option<String>;
    /// An instance arrived on the stream at `url`.
    fn message(&self, url: &Rc<str>, last_event_id: JsValue, instance: JsValue);
    /// The server of the stream at `url` introduced itself; `resume_parameter` is where it wants to hear a last event id.
    fn hello(&self, url: &Rc<str>, resume_parameter: Option<String>, last_event_id: JsValue);
    /// The state, or a detail of it, changed.
    fn status_changed(&self);
}

/// See the [module documentation](self).
#[must_use = "dropping a member closes its stream and lets others have the lock"]
pub struct Member {
    url: Rc<str>,
    shares: bool,
    /// What answers to this member are addressed to.
    address: f64,
    this: Weak<Member>,
    owner: Weak<dyn MemberOwner>,
    sharing: RefCell<Sharing>,
    connection: Connection,
    lock: RefCell<Option<Lock>>,
    channel: RefCell<Option<Channel>>,
    wake: RefCell<Option<Timer>>,
    /// Whether another tab was heard.
    has_company: Cell<bool>,
    hello: RefCell<JsValue>,
    position: RefCell<JsValue>,
    /// Whether the latest question named a position.
    asked_with_position: Cell<bool>,
    recent: RefCell<Recent<JsValue>>,
}

impl Member {
    /// A part in the stream at `url`, which is not taken before [`Input::Join`].
    pub fn new(
        url: String,
        shares: bool,
        absence: Absence,
        owner: Weak<dyn MemberOwner>,
    ) -> Rc<Member> {
        let position = owner.upgrade().and_then(|owner| owner.position(&url));
        Rc::new_cyclic(|this: &Weak<Member>| Member {
            url: url.into(),
            shares,
            address: clock::random(),
            this: Weak::clone(this),
            owner,
            sharing: RefCell::new(Sharing::new(shares, absence)),
            connection: Connection::new(Weak::clone(this) as Weak<dyn ConnectionOwner>),
            lock: RefCell::default(),
            channel: RefCell::default(),
            wake: RefCell::default(),
            has_company: Cell::default(),
            hello: RefCell::default(),
            position: RefCell::new(position.map_or(JsValue::UNDEFINED, JsValue::from)),
            asked_with_position: Cell::default(),
            recent: RefCell::default(),
        })
    }

    /// Whether this is the part that is wanted.
    pub fn is_for(&self, url: &str, shares: bool) -> bool {
        *self.url == *url && self.shares == shares
    }

    /// See [`machine::Machine::set_connection_timeout_ms`].
    pub fn set_connection_timeout_ms(&self, timeout_ms: u32) {
        self.connection.set_connection_timeout_ms(timeout_ms);
    }

    /// How the subscription is.
    pub fn status(&self) -> Status {
        self.sharing.borrow().status(self.connection.status())
    }

    /// Whether it has a stream of its own, or tries to, instead of hearing another tab's.
    pub fn connects_itself(&self) -> bool {
        self.connection.status().state != Phase::Idle
    }

    /// Tells both machines what happens to the page.
    pub fn page_event(&self, input: Input) {
        self.feed(input);
        match input {
            Input::Online => self.connection.feed(machine::Input::Online),
            Input::PageVisible => self.connection.feed(machine::Input::PageVisible),
            _ => {}
        }
    }

    /// Tells the machine what happened and does what it answers.
    pub fn feed(&self, input: Input) {
        let effects = self.sharing.borrow_mut().step(input, clock::now_ms());
        for effect in effects {
            match effect {
                Effect::Queue => self.request_lock(Manner::Queue),
                Effect::Steal => self.request_lock(Manner::Steal),
                Effect::LetGo => self.let_go(),
                Effect::Ask { urgent } => self.ask(urgent),
                Effect::Lead => self.connection.feed(machine::Input::Subscribe),
                Effect::StopLeading => self.connection.feed(machine::Input::Unsubscribe),
                Effect::Wake(delay_ms) => self.wake_after(delay_ms),
            }
        }
        if input == Input::Granted {
            self.announce();
        }
        if let Some(owner) = self.owner.upgrade() {
            owner.status_changed();
        }
    }

    fn request_lock(&self, manner: Manner) {
        let name = channel_name(&self.url);
        // One's own place in the queue would outlast a theft.
        drop(self.lock.take());
        let on_lock = Weak::clone(&self.this);
        let lock = Lock::request(&name, manner, move |event| {
            if let Some(member) = on_lock.upgrade() {
                member.lock_event(event);
            }
        });
        // A channel takes the browser a while to open, and so does the lock: at the same time.
        let lock = lock.filter(|_| self.has_channel(&name));
        let refused = lock.is_none();
        *self.lock.borrow_mut() = lock;
        if refused {
            self.feed(Input::Refused);
        }
    }

    /// Opens the channel unless it is; false in browsers that have none.
    fn has_channel(&self, name: &str) -> bool {
        let mut channel = self.channel.borrow_mut();
        if channel.is_none() {
            let on_message = Weak::clone(&self.this);
            *channel = Channel::open(name, move |message| {
                if let Some(member) = on_message.upgrade() {
                    member.hear(&message);
                }
            });
        }
        channel.is_some()
    }

    fn lock_event(&self, event: LockEvent) {
        let holds = self.sharing.borrow().holds();
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
            Timer::start(delay_ms, move || {
                if let Some(member) = this.upgrade() {
                    member.feed(Input::Woke);
                }
            })
        });
        drop(self.wake.replace(timer));
    }

    fn post(&self, message: &Message) {
        if let Some(channel) = &*self.channel.borrow() {
            channel.post(message);
        }
    }

    fn ask(&self, urgent: bool) {
        let position = self.owner.upgrade().and_then(|owner| owner.position(&self.url));
        self.asked_with_position.set(position.is_some());
        let position = position.map_or(JsValue::UNDEFINED, JsValue::from);
        let question = Message::new(QUESTION).with_number(self.address);
        self.post(&question.with(&urgent.into()).with(&position));
    }

    /// Tells the others how this page's stream is, if it is theirs.
    fn announce(&self) {
        if self.has_company.get() && self.sharing.borrow().holds() {
            self.answer(0.0, &JsValue::UNDEFINED);
        }
    }

    fn answer(&self, to: f64, missed: &JsValue) {
        let answer = Message::new(ANSWER).with_number(to).with_status(self.status());
        let answer = answer.with(&self.hello.borrow()).with(&self.position.borrow());
        self.post(&answer.with(missed));
    }

    fn hear(&self, message: &Message) {
        if !self.has_company.replace(true) {
            self.recent.borrow_mut().push(self.position.borrow().clone(), None);
        }
        match message.number(0) as u32 {
            QUESTION => self.hear_question(message),
            ANSWER => self.hear_answer(message),
            FRAME => self.hear_frame(message),
            _ => {}
        }
    }

    fn hear_question(&self, message: &Message) {
        if self.sharing.borrow().holds() {
            self.answer(message.number(1), &self.missed_since(&message.value(3)));
            // An open stream only checks whether it is stale.
            if message.value(2).is_truthy() || self.is_open() {
                self.connection.feed(machine::Input::PageVisible);
            }
        }
    }

    fn hear_answer(&self, message: &Message) {
        let to = message.number(1);
        let Some(status) = message.status(2).filter(|_| to == 0.0 || to == self.address) else {
            return;
        };
        let missed = message.value(8);
        let missed = if to == 0.0 {
            Missed::Announced
        } else if missed.is_undefined() {
            Missed::Behind
        } else {
            self.catch_up(&missed.unchecked_into(), message.value(7), message.value(6));
            Missed::CaughtUp
        };
        self.feed(Input::HolderIs { status, missed });
    }

    fn hear_frame(&self, message: &Message) {
        if let Some(kind) = FrameKind::from_number(message.number(1) as u32)
            && self.sharing.borrow().listens(self.asked_with_position.get())
        {
            self.take_in(kind, message.value(2), message.value(3));
        }
        self.feed(Input::Heard);
    }

    /// Takes in the frames that were missed, and the position that the holder has reached.
    fn catch_up(&self, missed: &Array, position: JsValue, hello: JsValue) {
        for index in (0..missed.length()).step_by(2) {
            self.take_in(FrameKind::Message, missed.get(index), missed.get(index + 1));
        }
        if hello.is_string() && position.is_string() {
            self.take_in(FrameKind::Hello, position, hello);
        }
    }

    /// Event ids and data of the frames after `position`, which is undefined for a tab that has missed nothing.
    fn missed_since(&self, position: &JsValue) -> JsValue {
        let missed = Array::new();
        if position.is_undefined() {
            return missed.into();
        }
        match self.recent.borrow().since(position) {
            Some(frames) => {
                for (last_event_id, data) in frames {
                    missed.push(last_event_id);
                    missed.push(data);
                }
                missed.into()
            }
            None => JsValue::UNDEFINED,
        }
    }

    /// Hands a frame on to the owner, and keeps what other tabs may ask for.
    fn take_in(&self, kind: FrameKind, last_event_id: JsValue, data: JsValue) {
        if kind == FrameKind::Ping {
            return;
        }
        let is_message = kind == FrameKind::Message;
        if self.has_company.get() {
            let kept = is_message.then(|| data.clone());
            self.recent.borrow_mut().push(last_event_id.clone(), kept);
        }
        *self.position.borrow_mut() = last_event_id.clone();
        let Some(owner) = self.owner.upgrade() else {
            return;
        };
        if is_message {
            owner.message(&self.url, last_event_id, data);
        } else {
            owner.hello(&self.url, Hello::read(&data).resume_parameter, last_event_id);
            *self.hello.borrow_mut() = data;
        }
    }
}

impl ConnectionOwner for Member {
    fn request_url(&self) -> Option<String> {
        Some(self.owner.upgrade()?.request_url(&self.url))
    }

    fn probe_url(&self) -> Option<String> {
        self.owner.upgrade()?.probe_url()
    }

    fn frame(&self, kind: FrameKind, last_event_id: JsValue, data: JsValue) {
        if self.has_company.get() && self.sharing.borrow().holds() {
            let relayed = Message::new(FRAME).with_number((kind as u32).into());
            self.post(&relayed.with(&last_event_id).with(&data));
        }
        self.take_in(kind, last_event_id, data);
    }

    fn status_changed(&self) {
        self.announce();
        if let Some(owner) = self.owner.upgrade() {
            owner.status_changed();
        }
    }
}

impl Receiving for Rc<Member> {
    fn is_open(&self) -> bool {
        Member::is_open(self)
    }
}

impl Member {
    fn is_open(&self) -> bool {
        self.status().state == Phase::Open
    }
}
