//! Work put off to another task of the event loop.

use super::callback::Callback;
use super::object::set;
use super::timer::{clear_timeout, set_timeout};
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type MessageChannel;
    #[wasm_bindgen(constructor)]
    fn new() -> MessageChannel;
    #[wasm_bindgen(method, getter)]
    fn port1(this: &MessageChannel) -> MessagePort;
    #[wasm_bindgen(method, getter)]
    fn port2(this: &MessageChannel) -> MessagePort;

    type MessagePort;
    #[wasm_bindgen(method, setter)]
    fn set_onmessage(this: &MessagePort, listener: &JsValue);
    #[wasm_bindgen(method, js_name = postMessage)]
    fn post_message(this: &MessagePort, message: &JsValue);
    #[wasm_bindgen(method)]
    fn close(this: &MessagePort);

    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(work: &JsValue);

    // Safari has had idle callbacks only since 2025.
    #[wasm_bindgen(thread_local_v2, js_name = requestIdleCallback)]
    static REQUEST_IDLE_CALLBACK: Option<js_sys::Function>;
    #[wasm_bindgen(js_name = requestIdleCallback)]
    fn request_idle_callback(work: &JsValue, options: &js_sys::Object) -> JsValue;
    #[wasm_bindgen(js_name = cancelIdleCallback)]
    fn cancel_idle_callback(handle: &JsValue);
}

/// A piece of work that runs in a task of its own, soon: once, however often it was asked for meanwhile.
///
/// Not a timer, because browsers slow those down in hidden and in busy pages.
#[must_use = "dropping a task cancels it"]
pub struct Task {
    scheduled: Rc<Cell<Option<Turn>>>,
    sender: MessagePort,
    receiver: MessagePort,
    work: Option<Callback>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    OwnTask,
    PresentTask,
}

impl Task {
    /// Prepares `work`.
    pub fn new(work: impl Fn() + 'static) -> Task {
        let channel = MessageChannel::new();
        let scheduled = Rc::new(Cell::new(None));
        let pending = Rc::clone(&scheduled);
        let work = Callback::new(move |_| {
            pending.set(None);
            work();
        });
        let receiver = channel.port1();
        receiver.set_onmessage(work.as_js());
        Task { scheduled, sender: channel.port2(), receiver, work: Some(work) }
    }

    /// Asks for a run.
    pub fn schedule(&self) {
        if self.scheduled.get().is_none() {
            self.scheduled.set(Some(Turn::OwnTask));
            self.sender.post_message(&JsValue::NULL);
        }
    }

    /// Asks for a run at the end of the present task, which costs the page less than another task.
    pub fn schedule_in_present_task(&self) {
        if let (None, Some(work)) = (self.scheduled.get(), &self.work) {
            self.scheduled.set(Some(Turn::PresentTask));
            queue_microtask(work.as_js());
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.receiver.set_onmessage(&JsValue::NULL);
        self.receiver.close();
        // What is queued in the present task cannot be cancelled: its function must outlive this.
        if self.scheduled.get() == Some(Turn::PresentTask)
            && let Some(work) = self.work.take()
        {
            work.into_js();
        }
    }
}

/// Milliseconds after which idle work runs even on a page that is never idle.
const IDLE_TIMEOUT_MS: u32 = 1_000;

/// A piece of work that runs when the page has nothing better to do: once, however often it was asked for meanwhile.
#[must_use = "dropping a task cancels it"]
pub struct IdleTask {
    handle: Rc<RefCell<Option<IdleHandle>>>,
    work: Callback,
}

enum IdleHandle {
    Callback(JsValue),
    Timer(JsValue),
}

impl IdleTask {
    /// Prepares `work`.
    pub fn new(work: impl Fn() + 'static) -> IdleTask {
        let handle = Rc::new(RefCell::new(None));
        let pending = Rc::clone(&handle);
        let work = Callback::new(move |_| {
            pending.take();
            work();
        });
        IdleTask { handle, work }
    }

    /// Asks for a run.
    pub fn schedule(&self) {
        if self.handle.borrow().is_some() {
            return;
        }
        let work = self.work.as_js();
        self.handle.replace(Some(if REQUEST_IDLE_CALLBACK.with(Option::is_some) {
            let options = js_sys::Object::new();
            set(&options, "timeout", &IDLE_TIMEOUT_MS.into());
            IdleHandle::Callback(request_idle_callback(work, &options))
        } else {
            IdleHandle::Timer(set_timeout(work, 0))
        }));
    }
}

impl Drop for IdleTask {
    fn drop(&mut self) {
        match &*self.handle.borrow() {
            Some(IdleHandle::Callback(handle)) => cancel_idle_callback(handle),
            Some(IdleHandle::Timer(handle)) => clear_timeout(handle),
            None => {}
        }
    }
}
