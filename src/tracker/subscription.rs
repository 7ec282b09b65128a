//! The subscription of one tracker. Its configuration and ids determine the URL of the stream.

use crate::attribute_keys::ids::{AttributeKeyIds, KeyAndId};
use crate::attribute_keys::stranger::stranger_like;
use crate::attribute_keys::targets::Targets;
use crate::config::SubscriptionConfig;
use crate::delivery::{Delivery, Received};
use crate::stream::election::{Absence, Input};
use crate::stream::hand_over::HandOver;
use crate::stream::outage::Outage;
use crate::stream::positions::Positions;
use crate::stream::shared_stream::{SharedStream, StreamRequest};
use crate::stream::status::{Phase, Status};
use crate::stream::url::stream_url;
use crate::stream::{Frame, FrameKind, RefusedKey, StreamEvent, read_hello};
use crate::web::Preserved;
use crate::web::log::Log;
use crate::web::scheduling::Task;
use crate::web::snowplow::Payload;
use js_sys::{Date, Math};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::JsValue;

/// Called after every change of the connection, with nothing borrowed.
pub(crate) type StatusListener = Box<dyn Fn(Status)>;

/// See the [module documentation](self).
pub(crate) struct Subscription {
    /// Names the tracker or client in messages.
    subject: String,
    log: Rc<Log>,
    config: RefCell<Option<Rc<SubscriptionConfig>>>,
    targets: RefCell<Targets>,
    ids: RefCell<AttributeKeyIds>,
    positions: Rc<Positions>,
    delivery: Rc<Delivery>,
    this: Weak<Subscription>,
    streams: RefCell<HandOver<Rc<SharedStream>>>,
    absence: Cell<Absence>,
    is_closed: Cell<bool>,
    reported: Cell<Status>,
    outage: Outage,
    update: Task,
    on_status: StatusListener,
}

impl Subscription {
    /// Creates a subscription without a configuration.
    pub(crate) fn new(
        subject: String,
        positions: Rc<Positions>,
        delivery: Rc<Delivery>,
        log: Rc<Log>,
        on_status: StatusListener,
    ) -> Rc<Subscription> {
        Rc::new_cyclic(|this: &Weak<Subscription>| {
            let updating = Weak::clone(this);
            Subscription {
                subject,
                log,
                config: RefCell::default(),
                targets: RefCell::default(),
                ids: RefCell::default(),
                positions,
                delivery,
                this: Weak::clone(this),
                streams: RefCell::default(),
                absence: Cell::default(),
                is_closed: Cell::default(),
                reported: Cell::new(Status::plain(Phase::Idle)),
                outage: Outage::default(),
                // Delayed, so that several changes cause one new stream.
                update: Task::new(move || {
                    if let Some(subscription) = updating.upgrade() {
                        subscription.update_stream();
                    }
                }),
                on_status,
            }
        })
    }

    /// Subscribes, or changes the subscription.
    pub(crate) fn configure(&self, config: Rc<SubscriptionConfig>) {
        let targets = Targets::new(config.targets.clone());
        {
            let mut ids = self.ids.borrow_mut();
            ids.retain_found(|key| targets.has(key));
            ids.fix(&config.fixed_ids);
        }
        *self.targets.borrow_mut() = targets;
        *self.config.borrow_mut() = Some(config);
        self.schedule_update();
    }

    /// Ends the subscription. Forgets the configuration but keeps the positions.
    pub(crate) fn cancel(&self) {
        *self.config.borrow_mut() = None;
        self.schedule_update();
    }

    /// Looks for ids in a tracked event.
    pub(crate) fn look_at(&self, payload: &Payload) {
        let mut has_changed = false;
        for (key, id) in self.targets.borrow().ids_in(payload) {
            has_changed |= self.ids.borrow_mut().find(key, &id);
        }
        if has_changed {
            self.schedule_update();
        }
    }

    /// Passes a page event to the streams.
    pub(crate) fn page_event(&self, input: Input) {
        let mut absence = self.absence.get();
        absence.note(input);
        self.absence.set(absence);
        let streams = self.streams.borrow().both();
        streams.iter().flatten().for_each(|stream| stream.page_event(input));
    }

    /// Ends the subscription permanently.
    pub(crate) fn close(&self) {
        self.is_closed.set(true);
        self.end();
    }

    /// The status of the connection.
    pub(crate) fn status(&self) -> Status {
        if self.is_closed.get() {
            return Status::plain(Phase::Closed);
        }
        let streams = self.streams.borrow();
        streams.current().map_or(Status::plain(Phase::Idle), |stream| stream.status())
    }

    /// Updates the stream later. The first stream opens at the end of the present task. A change waits for another task, because the
    /// present stream still receives, and changes in consecutive promises then cause one new stream.
    fn schedule_update(&self) {
        if self.streams.borrow().current().is_none() {
            self.update.schedule_in_present_task();
        } else {
            self.update.schedule();
        }
    }

    fn update_stream(&self) {
        match self.wanted() {
            Some(request) if !self.is_closed.get() => self.receive(request),
            _ => self.end(),
        }
    }

    /// The stream to receive. `None` without a configuration or ids.
    fn wanted(&self) -> Option<StreamRequest> {
        let config = self.config.borrow().clone()?;
        let ids = self.ids.borrow().effective();
        if ids.is_empty() {
            return None;
        }
        let url_for = |ids: &[KeyAndId]| stream_url(&config.endpoint, &config.api_path, ids);
        let strangers: Vec<KeyAndId> =
            ids.iter().map(|(key, id)| (key.clone(), stranger_like(id, Math::random))).collect();
        Some(StreamRequest {
            url: url_for(&ids).into(),
            probe_url: url_for(&strangers),
            shared: config.shares_connection,
            connection_timeout_ms: config.connection_timeout_ms,
        })
    }

    fn receive(&self, request: StreamRequest) {
        let current = self.streams.borrow().current().cloned();
        if let Some(stream) = &current
            && stream.is_for(&request)
        {
            return stream.set_connection_timeout_ms(request.connection_timeout_ms);
        }
        // While ids change in several tabs, the first one may close the stream that this one still follows.
        let since = current.map_or_else(Date::now, |stream| stream.complete_until());
        self.log.debug(&self.subject, "Subscribing to", &JsValue::from_str(&request.url));
        let this = Weak::clone(&self.this);
        let url = Rc::clone(&request.url);
        let positions = Rc::clone(&self.positions);
        let stream =
            SharedStream::new(request, positions, self.absence.get(), since, move |event| {
                if let Some(subscription) = this.upgrade() {
                    match event {
                        StreamEvent::Frame(frame) => subscription.pass_on(&url, frame),
                        StreamEvent::StatusChanged => subscription.status_changed(),
                        StreamEvent::KeysRefused(keys) => subscription.leave_out(&keys),
                    }
                }
            });
        let over = self.streams.borrow_mut().replace(Rc::clone(&stream));
        drop(over);
        stream.feed(Input::Join);
    }

    fn end(&self) {
        let over = self.streams.borrow_mut().clear();
        drop(over);
        self.status_changed();
    }

    fn pass_on(&self, url: &Rc<str>, frame: Frame) {
        let Frame { kind, last_event_id: Preserved(last_event_id), data: Preserved(data), .. } =
            frame;
        let url = Rc::clone(url);
        self.delivery.push(match kind {
            FrameKind::Ping => return,
            FrameKind::Message => Received::Message { url, last_event_id, data },
            FrameKind::Hello => {
                if let Some(parameter) = read_hello(&data).resume_param {
                    self.positions.name_parameter(&url, &parameter);
                }
                Received::Position { url, last_event_id }
            }
        });
    }

    /// Subscribes without the ids that the server refuses.
    fn leave_out(&self, refused: &[RefusedKey]) {
        let keys: Vec<&str> = refused.iter().map(|refused| &*refused.key).collect();
        if !self.ids.borrow_mut().leave_out(&keys) {
            return;
        }
        for RefusedKey { key, reason } in refused {
            let message = format!(
                "The server rejected the id of `{key}`, so the page receives no interventions for it: {reason}"
            );
            self.log.warn(&self.subject, &message);
        }
        self.schedule_update();
    }

    fn status_changed(&self) {
        let over = self.streams.borrow_mut().settle();
        drop(over);
        let status = self.status();
        if self.reported.replace(status) == status {
            return;
        }
        self.warn_of_outage(status);
        (self.on_status)(status);
    }

    fn warn_of_outage(&self, status: Status) {
        let connects_itself =
            self.streams.borrow().current().is_some_and(|stream| stream.connects_itself());
        let is_news = self.outage.note(status, connects_itself);
        let Some(problem) = status.last_problem.filter(|_| status.state == Phase::Retrying) else {
            return;
        };
        // The message must not contain ids, which only the debug log may show.
        let config = self.config.borrow().clone();
        let place = config
            .map(|config| stream_url(&config.endpoint, &config.api_path, &[]))
            .unwrap_or_default();
        let message = format!("Cannot receive interventions from {place}, retrying: {problem}");
        if is_news {
            self.log.warn(&self.subject, &message);
        } else {
            self.log.debug(&self.subject, &message, &status.attempt.into());
        }
    }
}
