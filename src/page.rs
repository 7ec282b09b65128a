//! The calls of the page, one for one as in its public API. `null` in place of tracker ids stands for all of them.

use crate::browser::lifecycle::PageLifecycle;
use crate::browser::log::{Log, Logger};
use crate::browser::object::{entries, set};
use crate::browser::snowplow::{EventBuilder, Payload, Tracker, TrackerCore, is_client};
use crate::browser::timer::Timer;
use crate::config::{ConfigError, SubscriptionConfig};
use crate::connection::problem_text::problem_text;
use crate::connection::status::Status;
use crate::delivery::handler::Handler;
use crate::delivery::handlers::Handlers;
use crate::delivery::pipeline::SharedCalls;
use crate::early::{EarlySettings, Settings};
use crate::keys::extract::PointerCompiler;
use crate::measurement::Measurement;
use crate::session::Session;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use js_sys::{Array, Function, Object};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The argument of `SignalsPlugin`.
    pub type PluginOptions;

    #[wasm_bindgen(method, getter)]
    fn handlers(this: &PluginOptions) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn measurement(this: &PluginOptions) -> JsValue;
}

/// Milliseconds after which a subscription that no tracker has taken is more likely a mistake than early.
const PATIENCE_MS: u32 = 10_000;

/// All trackers of a page that have the plugin.
#[wasm_bindgen]
pub struct Page {
    state: Rc<State>,
}

struct State {
    log: Rc<Log>,
    build_event: EventBuilder,
    compile_pointer: PointerCompiler,
    calls: SharedCalls,
    sessions: RefCell<Vec<Rc<Session>>>,
    early: RefCell<EarlySettings<Handler>>,
    patience: RefCell<Option<Timer>>,
    listeners: RefCell<Vec<ConnectionListener>>,
    lifecycle: RefCell<Option<PageLifecycle>>,
}

#[derive(Clone)]
struct ConnectionListener {
    listener: Function,
    trackers: Trackers,
}

/// Which trackers a call is for.
#[derive(Clone)]
enum Trackers {
    All,
    Named(Vec<String>),
}

impl Trackers {
    /// Without any id, as the tag-based tracker calls as long as it knows no tracker, all are meant.
    fn read(ids: &JsValue) -> Trackers {
        let named: Vec<String> = match ids.dyn_ref::<Array>() {
            Some(ids) => ids.iter().filter_map(|id| id.as_string()).collect(),
            None => ids.as_string().into_iter().collect(),
        };
        if named.is_empty() { Trackers::All } else { Trackers::Named(named) }
    }

    fn include(&self, id: &str) -> bool {
        match self {
            Trackers::All => !is_client(id),
            Trackers::Named(ids) => ids.iter().any(|named| named == id),
        }
    }
}

#[wasm_bindgen]
impl Page {
    /// A page without trackers. `build_event` makes of `{schema, data}` an event that trackers track;
    /// `compile_pointer` makes of a JSON Pointer what finds its value in events.
    #[wasm_bindgen(constructor)]
    pub fn new(build_event: EventBuilder, compile_pointer: PointerCompiler) -> Page {
        Page {
            state: Rc::new(State {
                log: Rc::default(),
                build_event,
                compile_pointer,
                calls: Rc::default(),
                sessions: RefCell::default(),
                early: RefCell::default(),
                patience: RefCell::default(),
                listeners: RefCell::default(),
                lifecycle: RefCell::default(),
            }),
        }
    }

    /// Takes in an instance for a tracker that arrived elsewhere than on its stream.
    pub fn deliver(&self, instance: JsValue, tracker_id: &str) {
        let sessions = self.state.sessions.borrow();
        if let Some(session) = sessions.iter().find(|session| session.id() == tracker_id) {
            session.deliver(instance);
        }
    }

    /// Sends messages to this logger from now on.
    #[wasm_bindgen(js_name = setLogger)]
    pub fn set_logger(&self, logger: Logger) {
        self.state.log.set_logger(logger);
    }

    /// A tracker has the plugin now. One with the same id that had it before gives way. With `configure`, which gets what the
    /// stream would be configured with, its instances come by [`Page::deliver`] instead.
    pub fn activate(&self, tracker: Tracker, options: &PluginOptions, configure: Option<Function>) {
        let id = tracker.id();
        self.end_sessions(&|session| session.id() == id);
        let mut settings = match is_client(&id) {
            true => Settings::default(),
            false => self.state.early.borrow_mut().take(&id),
        };
        settings.handlers.extend(&self.read_handlers(&options.handlers(), "handlers"));
        self.watch_page();
        let log = &self.state.log;
        let measurement = Measurement::new(
            tracker.clone(),
            self.state.build_event.clone(),
            options.measurement(),
            Rc::clone(log),
        );
        let session = Rc::new(Session::start(
            tracker,
            settings.handlers,
            measurement,
            configure,
            Rc::clone(&self.state.calls),
            Rc::clone(log),
            self.status_listener(&id),
        ));
        self.state.sessions.borrow_mut().push(Rc::clone(&session));
        if let Some(subscription) = settings.subscription {
            session.subscribe(subscription);
        }
    }

    /// The tracker behind `core` is gone.
    pub fn deactivate(&self, core: &TrackerCore) {
        self.end_sessions(&|session| session.tracks_with(core));
        if self.state.sessions.borrow().is_empty() {
            self.state.lifecycle.take();
        }
    }

    /// A tracker has tracked an event.
    #[wasm_bindgen(js_name = afterTrack)]
    pub fn after_track(&self, payload: &Payload) {
        let Some(tracker_name) = payload.tracker_name().as_string() else {
            return;
        };
        for session in self.state.sessions.borrow().iter() {
            if session.is_named(&tracker_name) {
                session.after_track(payload);
            }
        }
    }

    /// Subscribes trackers, or changes what they are subscribed to.
    pub fn subscribe(&self, config: &JsValue, tracker_ids: &JsValue) {
        let reject = |error: &ConfigError| self.reject("subscribeToInterventions", error.message());
        let config = match SubscriptionConfig::read(config, &self.state.compile_pointer, &reject) {
            Ok(config) => Rc::new(config),
            Err(error) => return reject(&error),
        };
        self.apply(tracker_ids, &|session| session.subscribe(Rc::clone(&config)), &|early| {
            early.subscription = Some(Rc::clone(&config));
        });
        if self.state.waiting().is_some() {
            let state = Rc::downgrade(&self.state);
            let patience = Timer::start(PATIENCE_MS, move || {
                if let Some(state) = state.upgrade()
                    && let Some(message) = state.waiting()
                {
                    state.log.warn("", &message);
                }
            });
            *self.state.patience.borrow_mut() = Some(patience);
        }
    }

    /// Ends subscriptions.
    pub fn unsubscribe(&self, tracker_ids: &JsValue) {
        self.apply(tracker_ids, &|session| session.unsubscribe(), &|early| {
            early.subscription = None
        });
    }

    /// Registers handlers. One that is none is reported; the others are registered all the same.
    #[wasm_bindgen(js_name = addHandlers)]
    pub fn add_handlers(&self, handlers: &JsValue, tracker_ids: &JsValue) {
        let handlers = self.read_handlers(handlers, "addInterventionHandlers");
        self.apply(tracker_ids, &|session| session.add_handlers(&handlers), &|early| {
            early.handlers.extend(&handlers)
        });
    }

    /// Forgets the handlers with this id or these ids.
    #[wasm_bindgen(js_name = removeHandlers)]
    pub fn remove_handlers(&self, handler_ids: &JsValue, tracker_ids: &JsValue) {
        let ids: Vec<String> = match handler_ids.dyn_ref::<Array>() {
            Some(ids) => ids.iter().filter_map(|id| id.as_string()).collect(),
            None => handler_ids.as_string().into_iter().collect(),
        };
        for id in &ids {
            self.apply(tracker_ids, &|session| session.remove_handler(id), &|early| {
                early.handlers.remove(id)
            });
        }
    }

    /// Tells `listener` about connections: how they are, and every change.
    #[wasm_bindgen(js_name = addConnectionListener)]
    pub fn add_connection_listener(&self, listener: Function, tracker_ids: &JsValue) {
        let trackers = Trackers::read(tracker_ids);
        let listener = ConnectionListener { listener, trackers };
        self.state.listeners.borrow_mut().push(listener.clone());
        let sessions = self.state.sessions.borrow().clone();
        for session in sessions {
            self.state.tell(&listener, session.id(), session.status());
        }
    }

    /// What each of the trackers has received so far, and what became of it: counters by tracker id.
    pub fn stats(&self, tracker_ids: &JsValue) -> Object {
        let trackers = Trackers::read(tracker_ids);
        let stats = Object::new();
        let sessions = self.state.sessions.borrow().clone();
        for session in sessions {
            if trackers.include(session.id()) {
                let counters = Object::new();
                for (name, count) in session.counters() {
                    set(&counters, name, &count.into());
                }
                set(&stats, session.id(), &counters);
            }
        }
        stats
    }

    /// Stops telling `listener`.
    #[wasm_bindgen(js_name = removeConnectionListener)]
    pub fn remove_connection_listener(&self, listener: &Function) {
        self.state.listeners.borrow_mut().retain(|known| known.listener != *listener);
    }
}

impl Page {
    /// Applies a call to the trackers it is for: those that are there, and those that may come.
    fn apply(
        &self,
        tracker_ids: &JsValue,
        to_session: &dyn Fn(&Session),
        to_early: &dyn Fn(&mut Settings<Handler>),
    ) {
        let sessions = self.state.sessions.borrow().clone();
        match Trackers::read(tracker_ids) {
            Trackers::All => {
                let mut trackers =
                    sessions.iter().filter(|session| !is_client(session.id())).peekable();
                if trackers.peek().is_none() {
                    self.state.early.borrow_mut().change_all(to_early);
                }
                trackers.for_each(|session| to_session(session));
            }
            Trackers::Named(ids) => {
                for id in ids {
                    match sessions.iter().find(|session| session.id() == id) {
                        Some(session) => to_session(session),
                        None => self.state.early.borrow_mut().change(&id, to_early),
                    }
                }
            }
        }
    }

    fn end_sessions(&self, is_over: &dyn Fn(&Session) -> bool) {
        let (over, going_on): (Vec<_>, Vec<_>) =
            self.state.sessions.take().into_iter().partition(|session| is_over(session));
        *self.state.sessions.borrow_mut() = going_on;
        over.iter().for_each(|session| session.close());
    }

    fn watch_page(&self) {
        let mut lifecycle = self.state.lifecycle.borrow_mut();
        if lifecycle.is_some() {
            return;
        }
        let state = Rc::downgrade(&self.state);
        *lifecycle = Some(PageLifecycle::watch(move |event| {
            if let Some(state) = state.upgrade() {
                let sessions = state.sessions.borrow().clone();
                sessions.iter().for_each(|session| session.page_event(event));
            }
        }));
    }

    fn status_listener(&self, tracker_id: &str) -> Box<dyn Fn(Status)> {
        let state = Rc::downgrade(&self.state);
        let tracker_id = tracker_id.to_owned();
        Box::new(move |status| {
            if let Some(state) = state.upgrade() {
                let listeners = state.listeners.borrow().clone();
                listeners.iter().for_each(|listener| state.tell(listener, &tracker_id, status));
            }
        })
    }

    fn read_handlers(&self, value: &JsValue, call: &str) -> Handlers<Handler> {
        let mut handlers = Handlers::default();
        if value.is_undefined() {
            return handlers;
        }
        if !value.is_object() {
            self.reject(call, "handlers must be an object with a handler for each id");
            return handlers;
        }
        for (id, handler) in entries(value) {
            let id = id.as_string().unwrap_or_default();
            match Handler::read(&handler) {
                Ok(handler) => handlers.insert(&id, Rc::new(handler)),
                Err(problem) => self.reject(call, &["handler `", &id, "`", problem].concat()),
            }
        }
        handlers
    }

    fn reject(&self, call: &str, problem: &str) {
        self.state.log.error("", &[call, ": ", problem].concat(), &JsValue::UNDEFINED);
    }
}

impl State {
    /// What a subscription waits for, for the developer of the page.
    fn waiting(&self) -> Option<String> {
        let is_alone = self.sessions.borrow().iter().all(|session| is_client(session.id()));
        let early = self.early.borrow();
        let id = early.awaited(is_alone)?;
        Some(
            ["subscribeToInterventions still waits for SignalsPlugin() in the plugins of: ", id]
                .concat(),
        )
    }

    fn tell(&self, listener: &ConnectionListener, tracker_id: &str, status: Status) {
        if !listener.trackers.include(tracker_id) {
            return;
        }
        if let Err(error) =
            listener.listener.call1(&JsValue::UNDEFINED, &connection_change(tracker_id, status))
        {
            self.log.error(tracker_id, "Connection listener failed", &error);
        }
    }
}

fn connection_change(tracker_id: &str, status: Status) -> Object {
    let change = Object::new();
    set(&change, "trackerId", &tracker_id.into());
    set(&change, "state", &status.state.name().into());
    set(&change, "attempt", &status.attempt.into());
    if let Some(delay_ms) = status.next_delay_ms {
        set(&change, "nextDelayMs", &delay_ms.into());
    }
    if let Some(problem) = status.last_problem {
        set(&change, "lastError", &problem_text(problem).into());
    }
    change
}
