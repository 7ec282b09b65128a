//! A lock that only one tab of an origin can hold. Dropping it releases it.

use super::{Preserved, then, to_js, window};
use js_sys::{Function, Promise};
use serde::Serialize;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, Navigator};

// web-sys offers these only to builds with unstable APIs.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Navigator)]
    type NavigatorLocks;
    // Missing in insecure contexts, and in Safari before 15.4.
    #[wasm_bindgen(method, getter)]
    fn locks(this: &NavigatorLocks) -> Option<LockManager>;

    type LockManager;
    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, options: &JsValue, granted: &JsValue) -> Promise;
}

/// The outcome of a request for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockEvent {
    /// This tab has the lock.
    Granted,
    /// This tab will not get the lock, or has lost it.
    Lost,
}

/// How to get a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Wait for the tabs that requested it before.
    Queue,
    /// Take it from its holder.
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
    /// The browser's promises have only weak references to it, so a dropped lock reports nothing.
    _listener: Listener,
    _granted: Closure<dyn FnMut(JsValue) -> Promise>,
}

impl Lock {
    /// Requests the lock with this name. `None` if the browser has no locks.
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
                // The browser takes the lock back when this promise is fulfilled.
                held.clone()
            }
        });
        let options = match manner {
            Manner::Queue => LockOptions::Queue { signal: Preserved(place.signal().into()) },
            Manner::Steal => LockOptions::Steal { steal: true },
        };
        let request = manager.request(name, &to_js(&options), granted.as_ref());
        // The promise is fulfilled when this tab releases the lock. It is rejected when the browser refuses the lock, this tab leaves the
        // queue, or another tab steals the lock. The closure runs exactly once, possibly after the `Lock` was dropped.
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
