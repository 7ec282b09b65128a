//! Runs work later, in another task of the event loop.

use super::{now, window};
use gloo_timers::callback::Timeout;
use js_sys::Reflect;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{IdleRequestOptions, MessageChannel, MessagePort};

/// Work that runs soon, in another task. Requests before that run count as one.
///
/// Not a timer, because browsers throttle timers in hidden and busy pages.
#[must_use = "dropping a task cancels it"]
pub(crate) struct Task {
    scheduled: Rc<Cell<Option<Turn>>>,
    sender: MessagePort,
    receiver: MessagePort,
    work: Option<Closure<dyn FnMut()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    OwnTask,
    PresentTask,
}

impl Task {
    pub(crate) fn new(work: impl Fn() + 'static) -> Task {
        let channel = MessageChannel::new().unwrap_throw();
        let scheduled = Rc::new(Cell::new(None));
        let work = Closure::<dyn FnMut()>::new({
            let scheduled = Rc::clone(&scheduled);
            move || {
                scheduled.set(None);
                work();
            }
        });
        let receiver = channel.port1();
        receiver.set_onmessage(Some(work.as_ref().unchecked_ref()));
        Task { scheduled, sender: channel.port2(), receiver, work: Some(work) }
    }

    /// Requests a run.
    pub(crate) fn schedule(&self) {
        if self.scheduled.get().is_none() {
            self.scheduled.set(Some(Turn::OwnTask));
            // Fails only for values that cannot be cloned.
            let _ = self.sender.post_message(&JsValue::NULL);
        }
    }

    /// Requests a run at the end of the present task, which costs the page less than another task.
    pub(crate) fn schedule_in_present_task(&self) {
        if let (None, Some(work)) = (self.scheduled.get(), &self.work) {
            self.scheduled.set(Some(Turn::PresentTask));
            window().queue_microtask(work.as_ref().unchecked_ref());
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.receiver.set_onmessage(None);
        self.receiver.close();
        // A queued microtask cannot be cancelled, so its function must outlive this task.
        if self.scheduled.get() == Some(Turn::PresentTask)
            && let Some(work) = self.work.take()
        {
            work.into_js_value();
        }
    }
}

/// Milliseconds after which idle work runs even if the page is never idle.
const IDLE_TIMEOUT_MS: u32 = 1_000;

/// Work that runs when the page is idle. Requests before that run count as one.
#[must_use = "dropping a task cancels it"]
pub(crate) struct IdleTask {
    pending: Rc<RefCell<Option<PendingIdle>>>,
    work: Rc<dyn Fn()>,
    callback: Closure<dyn FnMut()>,
}

enum PendingIdle {
    Callback(u32),
    Timer(#[expect(dead_code, reason = "dropping it cancels the timer")] Timeout),
}

impl IdleTask {
    pub(crate) fn new(work: impl Fn() + 'static) -> IdleTask {
        let pending = Rc::new(RefCell::new(None));
        let work: Rc<dyn Fn()> = Rc::new({
            let pending = Rc::clone(&pending);
            move || {
                drop(pending.take());
                work();
            }
        });
        let callback = Closure::new({
            let work = Rc::clone(&work);
            move || work()
        });
        IdleTask { pending, work, callback }
    }

    /// Requests a run.
    pub(crate) fn schedule(&self) {
        if self.pending.borrow().is_some() {
            return;
        }
        let options = IdleRequestOptions::new();
        options.set_timeout(IDLE_TIMEOUT_MS);
        let requested = has_idle_callbacks()
            .then(|| {
                window()
                    .request_idle_callback_with_options(
                        self.callback.as_ref().unchecked_ref(),
                        &options,
                    )
                    .ok()
            })
            .flatten();
        let pending = match requested {
            Some(handle) => PendingIdle::Callback(handle),
            None => {
                let work = Rc::clone(&self.work);
                PendingIdle::Timer(Timeout::new(0, move || work()))
            }
        };
        self.pending.replace(Some(pending));
    }
}

impl Drop for IdleTask {
    fn drop(&mut self) {
        if let Some(PendingIdle::Callback(handle)) = self.pending.take() {
            window().cancel_idle_callback(handle);
        }
    }
}

/// Safari has had idle callbacks only since 2025.
fn has_idle_callbacks() -> bool {
    Reflect::has(&window(), &"requestIdleCallback".into()).unwrap_or_default()
}

/// A period of work with a time limit, after which the page should get control.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice {
    started_ms: f64,
    limit_ms: f64,
}

impl Slice {
    /// Starts a period of `limit_ms` milliseconds.
    pub(crate) fn begin(limit_ms: f64) -> Slice {
        Slice { started_ms: now(), limit_ms }
    }

    /// Milliseconds since the start.
    pub(crate) fn elapsed_ms(&self) -> f64 {
        now() - self.started_ms
    }

    /// Whether the time limit is over.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over_at(now())
    }

    /// Whether the time limit is over at this [time](now).
    pub(crate) fn is_over_at(&self, now_ms: f64) -> bool {
        now_ms - self.started_ms >= self.limit_ms
    }
}
