//! A lock that one tab of an origin has at a time, and that is let go of when it is dropped.

use super::abort::AbortController;
use super::callback::Callback;
use super::object::set;
use alloc::rc::{Rc, Weak};
use core::cell::RefCell;
use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type Navigator;
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Navigator;
    // Only in secure contexts, and in Safari since 15.4.
    #[wasm_bindgen(method, getter)]
    fn locks(this: &Navigator) -> Option<LockManager>;

    type LockManager;
    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, options: &Object, granted: &JsValue) -> Promise;

    type Promise;
    #[wasm_bindgen(constructor)]
    fn new(executor: &JsValue) -> Promise;
    #[wasm_bindgen(method)]
    fn then(this: &Promise, resolved: &JsValue, rejected: &JsValue);
}

/// How a request for a lock went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockEvent {
    /// It is ours.
    Granted,
    /// It never will be, or it is ours no more.
    Lost,
}

/// How to ask for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Wait until those who asked before have let go.
    Queue,
    /// Take it from whoever has it.
    Steal,
}

type Listener = Rc<dyn Fn(LockEvent)>;

/// A lock, or a place in the queue for it.
#[must_use = "dropping a lock lets go of it"]
pub struct Lock {
    let_go: Function,
    place: AbortController,
    /// The browser's promises know of it weakly: what becomes of a dropped lock is nobody's business.
    _listener: Listener,
    _granted: Callback,
}

impl Lock {
    /// Asks for the lock called `name`. `None` in browsers that have no locks.
    pub fn request(
        name: &str,
        manner: Manner,
        listener: impl Fn(LockEvent) + 'static,
    ) -> Option<Lock> {
        let manager = NAVIGATOR.with(Navigator::locks)?;
        let listener: Listener = Rc::new(listener);
        let (held, let_go) = pending();
        let granted = {
            let listener = Rc::downgrade(&listener);
            Callback::with_result(move |_| {
                tell(&listener, LockEvent::Granted);
                // The lock is ours until this promise is fulfilled.
                held.clone()
            })
        };
        let place = AbortController::new();
        let options = Object::new();
        match manner {
            Manner::Queue => set(&options, "signal", &place.signal()),
            Manner::Steal => set(&options, "steal", &JsValue::TRUE),
        }
        let request = manager.request(name, &options, granted.as_js());
        let settled = {
            let listener = Rc::downgrade(&listener);
            // Fulfilled when we let go, rejected when the browser says no, we left the queue, or another tab stole it: it is
            // called once whatever happens, and later than the lock itself may live.
            Callback::once(move || tell(&listener, LockEvent::Lost))
        };
        request.then(&settled, &settled);
        Some(Lock { let_go, place, _listener: listener, _granted: granted })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.let_go.call0(&JsValue::UNDEFINED);
        self.place.abort();
    }
}

fn tell(listener: &Weak<dyn Fn(LockEvent)>, event: LockEvent) {
    if let Some(listener) = listener.upgrade() {
        listener(event);
    }
}

/// A promise, and the function that fulfils it.
fn pending() -> (JsValue, Function) {
    let fulfil = Rc::new(RefCell::new(JsValue::UNDEFINED));
    let keep = Rc::clone(&fulfil);
    let executor = Callback::new(move |resolve| *keep.borrow_mut() = resolve);
    let promise = Promise::new(executor.as_js());
    let fulfil = fulfil.take();
    (promise.into(), fulfil.unchecked_into())
}
