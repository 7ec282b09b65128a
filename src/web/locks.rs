//! A lock that one tab of an origin has at a time, and that is let go of when it is dropped.

use super::{Preserved, then, to_js, window};
use js_sys::{Function, Promise};
use serde::Serialize;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, Navigator};

// web-sys has these only for builds that allow it unstable APIs.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Navigator)]
    type NavigatorLocks;
    // Only in secure contexts, and in Safari since 15.4.
    #[wasm_bindgen(method, getter)]
    fn locks(this: &NavigatorLocks) -> Option<LockManager>;

    type LockManager;
    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, options: &JsValue, granted: &JsValue) -> Promise;
}

/// How a request for a lock went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockEvent {
    /// It is ours.
    Granted,
    /// It never will be, or it is ours no more.
    Lost,
}

/// How to ask for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Wait until those who asked before have let go.
    Queue,
    /// Take it from whoever has it.
    Steal,
}

/// The options of `navigator.locks.request`.
#[derive(Serialize)]
#[serde(untagged)]
enum LockOptions {
    Queue { signal: Preserved },
    Steal { steal: bool },
}

type Listener = Rc<dyn Fn(LockEvent)>;

/// A lock, or a place in the queue for it.
#[must_use = "dropping a lock lets go of it"]
pub(crate) struct Lock {
    let_go: Function,
    place: AbortController,
    /// The browser's promises know of it weakly: what becomes of a dropped lock is nobody's business.
    _listener: Listener,
    _granted: Closure<dyn FnMut(JsValue) -> Promise>,
}

impl Lock {
    /// Asks for the lock called `name`. `None` in browsers that have no locks.
    pub(crate) fn request(
        name: &str,
        manner: Manner,
        listener: impl Fn(LockEvent) + 'static,
    ) -> Option<Lock> {
        let manager = window().navigator().unchecked_into::<NavigatorLocks>().locks()?;
        let place = AbortController::new().ok()?;
        let listener: Listener = Rc::new(listener);
        let (held, let_go) = pending();
        let granted = Closure::new({
            let listener = Rc::downgrade(&listener);
            move |_: JsValue| {
                tell(&listener, LockEvent::Granted);
                // The lock is ours until this promise is fulfilled.
                held.clone()
            }
        });
        let options = match manner {
            Manner::Queue => LockOptions::Queue { signal: Preserved(place.signal().into()) },
            Manner::Steal => LockOptions::Steal { steal: true },
        };
        let request = manager.request(name, &to_js(&options), granted.as_ref());
        // Fulfilled when we let go, rejected when the browser says no, we left the queue, or another tab stole it: it is called once
        // whatever happens, and later than the lock itself may live.
        let settled = Closure::once_into_js({
            let listener = Rc::downgrade(&listener);
            move |_: JsValue| tell(&listener, LockEvent::Lost)
        });
        then(&request, &settled, &settled);
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
fn pending() -> (Promise, Function) {
    let mut fulfil = JsValue::UNDEFINED;
    let promise = Promise::new(&mut |resolve, _| fulfil = resolve.into());
    (promise, fulfil.unchecked_into())
}
