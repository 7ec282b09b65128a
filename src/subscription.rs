//! What one tracker is subscribed to: its configuration and ids make the URL of its stream.

use crate::browser::clock::random;
use crate::browser::log::Log;
use crate::browser::snowplow::Payload;
use crate::browser::task::Task;
use crate::config::SubscriptionConfig;
use crate::connection::hand_over::HandOver;
use crate::connection::member::{Member, MemberOwner};
use crate::connection::outage::Outage;
use crate::connection::problem_text::problem_text;
use crate::connection::resume::ResumeMemory;
use crate::connection::sharing::{Absence, Input};
use crate::connection::status::{Phase, Status};
use crate::connection::stream_url::stream_url;
use crate::delivery::pipeline::{Arrival, Pipeline};
use crate::keys::extract::Target;
use crate::keys::ids::{AttributeKeyIds, KeyAndId};
use crate::keys::nobody::nobody;
use alloc::boxed::Box;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use wasm_bindgen::JsValue;

/// Told about every change of the connection. Called with nothing borrowed.
pub type StatusListener = Box<dyn Fn(Status)>;

/// See the [module documentation](self).
pub struct Subscription {
    subject: String,
    log: Rc<Log>,
    config: RefCell<Option<Rc<SubscriptionConfig>>>,
    targets: RefCell<Vec<Target>>,
    ids: RefCell<AttributeKeyIds>,
    resume: RefCell<ResumeMemory>,
    pipeline: Rc<Pipeline>,
    this: Weak<Subscription>,
    members: RefCell<HandOver<Rc<Member>>>,
    absence: Cell<Absence>,
    closed: Cell<bool>,
    reported: Cell<Status>,
    outage: Outage,
    update: Task,
    on_status: StatusListener,
}

impl Subscription {
    /// A subscription that waits for a configuration.
    pub fn new(
        subject: String,
        pipeline: Rc<Pipeline>,
        resume: ResumeMemory,
        log: Rc<Log>,
        on_status: StatusListener,
    ) -> Rc<Subscription> {
        Rc::new_cyclic(|weak: &Weak<Subscription>| {
            let updating = Weak::clone(weak);
            Subscription {
                subject,
                log,
                config: RefCell::default(),
                targets: RefCell::default(),
                ids: RefCell::default(),
                resume: RefCell::new(resume),
                pipeline,
                this: Weak::clone(weak),
                members: RefCell::default(),
                absence: Cell::default(),
                closed: Cell::default(),
                reported: Cell::new(Status::plain(Phase::Idle)),
                outage: Outage::default(),
                // Put off, so that several changes make one new stream.
                update: Task::new(move || {
                    if let Some(subscription) = updating.upgrade() {
                        subscription.update_connection();
                    }
                }),
                on_status,
            }
        })
    }

    /// Subscribes, or changes what is subscribed to. `known` is looked at like an event.
    pub fn configure(&self, config: Rc<SubscriptionConfig>, known: &Payload) {
        let targets: Vec<Target> =
            config.targets.iter().map(|(key, pointers)| Target::new(key, pointers)).collect();
        {
            let mut ids = self.ids.borrow_mut();
            ids.retain_found(|key| targets.iter().any(|target| target.key == key));
            ids.fix(&config.fixed_ids);
        }
        *self.targets.borrow_mut() = targets;
        *self.config.borrow_mut() = Some(config);
        self.look_at(known);
        self.schedule_update();
    }

    /// Ends the subscription. What was configured is forgotten, where it left off is not.
    pub fn cancel(&self) {
        *self.config.borrow_mut() = None;
        self.schedule_update();
    }

    /// Looks for ids in an event.
    pub fn look_at(&self, payload: &Payload) {
        for target in self.targets.borrow().iter() {
            if let Some(id) = target.changed_value(payload) {
                self.ids.borrow_mut().find(&target.key, &id);
                self.schedule_update();
            }
        }
    }

    /// Tells the streams about the page.
    pub fn page_event(&self, input: Input) {
        let mut absence = self.absence.get();
        absence.note(input);
        self.absence.set(absence);
        let members = self.members.borrow().both();
        members.iter().flatten().for_each(|member| member.page_event(input));
    }

    /// Ends the subscription for good.
    pub fn close(&self) {
        self.closed.set(true);
        self.end();
    }

    /// How the connection is.
    pub fn status(&self) -> Status {
        if self.closed.get() {
            return Status::plain(Phase::Closed);
        }
        let members = self.members.borrow();
        members.current().map_or(Status::plain(Phase::Idle), |member| member.status())
    }

    /// What to remember across a reload.
    pub fn resume_text(&self) -> String {
        self.note_positions();
        self.resume.borrow().to_text()
    }

    /// The first stream waits for the rest of the present task only, later ones for a task of their own: there is one to go on
    /// with, and what changes in promises that follow each other makes one new stream.
    fn schedule_update(&self) {
        if self.members.borrow().current().is_none() {
            self.update.schedule_in_present_task();
        } else {
            self.update.schedule();
        }
    }

    fn update_connection(&self) {
        let config = self.config.borrow().clone();
        match config.zip(self.wanted_url()) {
            Some((config, url)) if !self.closed.get() => self.receive_from(url, &config),
            _ => self.end(),
        }
    }

    fn receive_from(&self, url: String, config: &SubscriptionConfig) {
        let current = self.members.borrow().current().cloned();
        if let Some(member) = current.filter(|member| member.is_for(&url, config.shares_connection))
        {
            return member.set_connection_timeout_ms(config.connection_timeout_ms);
        }
        self.log.debug(&self.subject, "Subscribing to", &JsValue::from_str(&url));
        let owner = Weak::clone(&self.this) as Weak<dyn MemberOwner>;
        let member = Member::new(url, config.shares_connection, self.absence.get(), owner);
        member.set_connection_timeout_ms(config.connection_timeout_ms);
        let over = self.members.borrow_mut().replace(Rc::clone(&member));
        drop(over);
        member.feed(Input::Join);
    }

    fn end(&self) {
        let over = self.members.borrow_mut().clear();
        drop(over);
        self.status_changed();
    }

    /// `None` without configuration, or as long as nobody is known.
    fn wanted_url(&self) -> Option<String> {
        let ids = self.ids.borrow().effective();
        if ids.is_empty() { None } else { self.stream_url(&ids) }
    }

    fn stream_url(&self, ids: &[KeyAndId]) -> Option<String> {
        let config = self.config.borrow();
        config.as_ref().map(|config| stream_url(&config.endpoint, &config.api_path, ids))
    }

    fn connects_itself(&self) -> bool {
        self.members.borrow().current().is_some_and(|member| member.connects_itself())
    }

    fn note_positions(&self) {
        let mut resume = self.resume.borrow_mut();
        for (url, last_event_id) in self.pipeline.take_positions() {
            resume.record(&url, &last_event_id);
        }
    }
}

impl MemberOwner for Subscription {
    fn request_url(&self, url: &str) -> String {
        self.note_positions();
        self.resume.borrow().request_url(url)
    }

    fn probe_url(&self) -> Option<String> {
        let mut ids = self.ids.borrow().effective();
        ids.iter_mut().for_each(|(_, id)| *id = nobody(random));
        self.stream_url(&ids)
    }

    fn position(&self, url: &str) -> Option<String> {
        self.note_positions();
        self.resume.borrow().position(url).map(String::from)
    }

    fn message(&self, url: &Rc<str>, last_event_id: JsValue, instance: JsValue) {
        self.pipeline.push(Arrival {
            url: Rc::clone(url),
            last_event_id,
            instance: Some(instance),
        });
    }

    fn hello(&self, url: &Rc<str>, resume_parameter: Option<String>, last_event_id: JsValue) {
        if let Some(parameter) = resume_parameter {
            self.resume.borrow_mut().name_parameter(url, &parameter);
        }
        self.pipeline.push(Arrival { url: Rc::clone(url), last_event_id, instance: None });
    }

    fn status_changed(&self) {
        let over = self.members.borrow_mut().settle();
        drop(over);
        let status = self.status();
        if self.reported.replace(status) == status {
            return;
        }
        let is_news = self.outage.note(status, self.connects_itself());
        if let Some(problem) = status.last_problem.filter(|_| status.state == Phase::Retrying) {
            // Without ids, which only those who debug may see.
            let place = self.stream_url(&[]).unwrap_or_default();
            let message = [
                "No interventions from ",
                &place,
                " at the moment, trying again: ",
                &problem_text(problem),
            ]
            .concat();
            if is_news {
                self.log.warn(&self.subject, &message);
            } else {
                self.log.debug(&self.subject, &message, &status.attempt.into());
            }
        }
        (self.on_status)(status);
    }
}
