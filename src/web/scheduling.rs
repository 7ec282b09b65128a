//! Work put off to another task of the event loop.

use super::{now, window};
use gloo_timers::callback::Timeout;
use js_sys::Reflect;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{IdleRequestOptions, MessageChannel, MessagePort};

/// A piece of work that runs in a task of its own, soon: once, however often it was asked for meanwhile.
///
/// Not a timer, because browsers slow those down in hidden and in busy pages.
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
    /// Prepares `work`.
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

    /// Asks for a run.
    pub(crate) fn schedule(&self) {
        if self.scheduled.get().is_none() {
            self.scheduled.set(Some(Turn::OwnTask));
            // Fails for values that cannot be copied, which null is not.
            let _ = self.sender.post_message(&JsValue::NULL);
        }
    }

    /// Asks for a run at the end of the present task, which costs the page less than another task.
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
        // What is queued in the present task cannot be cancelled: its function must outlive this.
        if self.scheduled.get() == Some(Turn::PresentTask)
            && let Some(work) = self.work.take()
        {
            work.into_js_value();
        }
    }
}

/// Milliseconds after which idle work runs even on a page that is never idle.
const IDLE_TIMEOUT_MS: u32 = 1_000;

/// A piece of work that runs when the page has nothing better to do: once, however often it was asked for meanwhile.
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
    /// Prepares `work`.
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

    /// Asks for a run.
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

/// A stretch of work that gives the page its turn when its time is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice {
    started_ms: f64,
    limit_ms: f64,
}

impl Slice {
    /// One that begins now and takes so many milliseconds.
    pub(crate) fn begin(limit_ms: f64) -> Slice {
        Slice { started_ms: now(), limit_ms }
    }

    /// Milliseconds since it began.
    pub(crate) fn elapsed_ms(&self) -> f64 {
        now() - self.started_ms
    }

    /// Whether the page should have its turn.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over_at(now())
    }

    /// Whether the page should have its turn at this [moment](now).
    pub(crate) fn is_over_at(&self, now_ms: f64) -> bool {
        now_ms - self.started_ms >= self.limit_ms
    }
}
