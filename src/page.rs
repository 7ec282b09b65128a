//! State that all trackers and clients of a page share.

use crate::config::{ConfigError, SubscriptionConfig};
use crate::delivery::SharedCalls;
use crate::delivery::handlers::{Handler, Handlers};
use crate::stream::status::{ConnectionChange, Status};
use crate::tracker::pending::{PendingSettings, Settings};
use crate::tracker::receiver::{Receiver, Recipient};
use crate::web::lifecycle::PageLifecycle;
use crate::web::log::Log;
use crate::web::{entries, text_of, to_js};
use gloo_timers::callback::Timeout;
use js_sys::{Array, Function};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Milliseconds before the plugin warns that no tracker has used a subscription.
const PATIENCE_MS: u32 = 10_000;

/// See the [module documentation](self).
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) log: Rc<Log>,
    calls: SharedCalls,
    pub(crate) receivers: RefCell<Vec<Rc<Receiver>>>,
    pub(crate) pending: RefCell<PendingSettings<Handler>>,
    patience: Cell<Option<Timeout>>,
    pub(crate) listeners: RefCell<Vec<ConnectionListener>>,
    lifecycle: RefCell<Option<PageLifecycle>>,
}

#[derive(Clone)]
pub(crate) struct ConnectionListener {
    pub(crate) listener: Function,
    pub(crate) trackers: Trackers,
}

/// Which trackers a call is for.
#[derive(Clone)]
pub(crate) enum Trackers {
    All,
    Named(Vec<String>),
}

impl Trackers {
    /// Without ids, a call is for all trackers. The tag-based tracker passes no ids until a tracker exists.
    pub(crate) fn read(ids: &JsValue) -> Trackers {
        let named = texts(ids);
        if named.is_empty() { Trackers::All } else { Trackers::Named(named) }
    }

    pub(crate) fn include(&self, id: &str) -> bool {
        match self {
            Trackers::All => true,
            Trackers::Named(ids) => ids.iter().any(|named| named == id),
        }
    }
}

impl Page {
    pub(crate) fn receive_for(
        self: &Rc<Self>,
        id: String,
        recipient: Recipient,
        handlers: Handlers<Handler>,
        on_status: impl Fn(&Page, Status) + 'static,
    ) -> Rc<Receiver> {
        self.watch_lifecycle();
        let page = Rc::downgrade(self);
        let receiver = Rc::new(Receiver::new(
            id,
            recipient,
            handlers,
            Rc::clone(&self.calls),
            Rc::clone(&self.log),
            Box::new(move |status| {
                if let Some(page) = page.upgrade() {
                    on_status(&page, status);
                }
            }),
        ));
        self.receivers.borrow_mut().push(Rc::clone(&receiver));
        receiver
    }

    /// Closes receivers permanently.
    pub(crate) fn end_receivers(&self, is_over: &dyn Fn(&Receiver) -> bool) {
        let (over, going_on): (Vec<_>, Vec<_>) =
            self.receivers.take().into_iter().partition(|receiver| is_over(receiver));
        let is_empty = going_on.is_empty();
        *self.receivers.borrow_mut() = going_on;
        over.iter().for_each(|receiver| receiver.close());
        if is_empty {
            drop(self.lifecycle.take());
        }
    }

    fn watch_lifecycle(self: &Rc<Self>) {
        if self.lifecycle.borrow().is_some() {
            return;
        }
        let page = Rc::downgrade(self);
        let lifecycle = PageLifecycle::watch(move |event| {
            if let Some(page) = page.upgrade() {
                let receivers = page.receivers.borrow().clone();
                receivers.iter().for_each(|receiver| receiver.page_event(event));
            }
        });
        *self.lifecycle.borrow_mut() = Some(lifecycle);
    }

    /// The receivers that belong to trackers. A copy, because page code may change the list.
    pub(crate) fn trackers(&self) -> impl Iterator<Item = Rc<Receiver>> + use<> {
        self.receivers.borrow().clone().into_iter().filter(|receiver| receiver.has_tracker())
    }

    /// Applies a call to the existing trackers that it is for, and remembers it for trackers that do not exist yet.
    pub(crate) fn apply(
        &self,
        tracker_ids: &JsValue,
        to_receiver: &dyn Fn(&Receiver),
        to_pending: &dyn Fn(&mut Settings<Handler>),
    ) {
        match Trackers::read(tracker_ids) {
            Trackers::All => {
                let mut trackers = self.trackers().peekable();
                if trackers.peek().is_none() {
                    self.pending.borrow_mut().change_all(to_pending);
                }
                trackers.for_each(|receiver| to_receiver(&receiver));
            }
            Trackers::Named(ids) => {
                for id in ids {
                    match self.trackers().find(|receiver| receiver.id() == id) {
                        Some(receiver) => to_receiver(&receiver),
                        None => self.pending.borrow_mut().change(&id, to_pending),
                    }
                }
            }
        }
    }

    pub(crate) fn read_config(
        &self,
        config: &JsValue,
        call: &str,
    ) -> Option<Rc<SubscriptionConfig>> {
        let reject = |error: &ConfigError| self.reject(call, &error.to_string());
        SubscriptionConfig::read(config, &reject).inspect_err(reject).ok().map(Rc::new)
    }

    /// The valid handlers in `value`. Reports the invalid ones.
    pub(crate) fn read_handlers(&self, value: &JsValue, call: &str) -> Handlers<Handler> {
        let mut handlers = Handlers::default();
        if value.is_undefined() {
            return handlers;
        }
        if !value.is_object() {
            self.reject(call, "handlers must be an object with a handler for each id");
            return handlers;
        }
        for (id, value) in entries(value) {
            let handler = match value {
                Ok(value) => Handler::read(value).map_err(str::to_owned),
                Err(error) => {
                    Err(format!(" cannot be read: {}", text_of(&error).unwrap_or_default()))
                }
            };
            match handler {
                Ok(handler) => handlers.insert(&id, Rc::new(handler)),
                Err(problem) => self.reject(call, &format!("handler `{id}`{problem}")),
            }
        }
        handlers
    }

    fn reject(&self, call: &str, problem: &str) {
        self.log.error("", &format!("{call}: {problem}"), &JsValue::UNDEFINED);
    }

    pub(crate) fn tell(&self, listener: &Function, id: &str, status: Status) {
        let change = to_js(&ConnectionChange::new(id, status));
        if let Err(error) = listener.call1(&JsValue::UNDEFINED, &change) {
            self.log.error(id, "Connection listener failed", &error);
        }
    }

    pub(crate) fn warn_if_no_tracker_comes(self: &Rc<Self>) {
        if self.awaited_tracker().is_none() {
            return;
        }
        let page = Rc::downgrade(self);
        let patience = Timeout::new(PATIENCE_MS, move || {
            if let Some(page) = page.upgrade()
                && let Some(id) = page.awaited_tracker()
            {
                let message = format!(
                    "subscribeToInterventions is waiting for SignalsPlugin() in the plugins of: {id}"
                );
                page.log.warn("", &message);
            }
        });
        drop(self.patience.replace(Some(patience)));
    }

    /// The id of a tracker that a subscription waits for, or a phrase for any tracker.
    fn awaited_tracker(&self) -> Option<String> {
        let is_alone = self.trackers().next().is_none();
        self.pending.borrow().awaited(is_alone).map(str::to_owned)
    }
}

/// The strings in a value or an array of values.
pub(crate) fn texts(values: &JsValue) -> Vec<String> {
    match values.dyn_ref::<Array>() {
        Some(values) => values.iter().filter_map(|value| value.as_string()).collect(),
        None => values.as_string().into_iter().collect(),
    }
}
