//! Calls handlers, whatever they do.

use super::decode::Instance;
use super::handler::Handler;
use super::handlers::Handlers;
use crate::browser::promise::{is_thenable, when_settled};
use crate::browser::text::to_text;
use crate::measurement::Outcome;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use wasm_bindgen::JsValue;

/// Who hears about the handlers of one dispatch. Called with nothing borrowed.
pub trait DispatchOwner {
    /// Handlers registered at this moment; any call of a handler may change them.
    fn handlers(&self) -> Handlers<Handler>;
    /// Whether to call a handler that wants the instance: not if it has been called for it already.
    fn may_call(&self, handler: &Handler, instance: &Instance) -> bool;
    /// A handler threw or rejected.
    fn handler_failed(&self, handler: &str, error: &JsValue);
    /// A promise of a handler settled, in a later task.
    fn settled_later(&self, instance: &Instance, outcome: Outcome);
}

/// Calls every handler that wants the instance, in order, and answers with what is known about it at once.
///
/// A handler that an earlier one removed is not called any more; one that was added meanwhile is not called yet.
pub fn dispatch(
    owner: &Rc<impl DispatchOwner + 'static>,
    instance: &Instance,
    tracker: &JsValue,
) -> Vec<Outcome> {
    let mut called = Vec::new();
    let mut outcomes = vec![Outcome::Received { handlers: Vec::new() }];
    for (id, handler) in owner.handlers().iter() {
        if !owner.handlers().contains(handler) {
            continue;
        }
        let wanted = handler.wants(instance);
        if matches!(wanted, Ok(false)) || !owner.may_call(handler, instance) {
            continue;
        }
        let result = wanted.and_then(|_| handler.handle(instance, tracker));
        called.push(Rc::clone(id));
        let result = result.and_then(|value| settle_later(owner, instance, id, value));
        match result {
            Ok(Settling::Later) => {}
            Ok(Settling::Done) => outcomes.push(Outcome::Handled { handler: Rc::clone(id) }),
            Err(error) => outcomes.push(failure(&**owner, id, &error)),
        }
    }
    if called.is_empty() {
        return Vec::new();
    }
    outcomes[0] = Outcome::Received { handlers: called };
    outcomes
}

enum Settling {
    Done,
    Later,
}

fn settle_later(
    owner: &Rc<impl DispatchOwner + 'static>,
    instance: &Instance,
    id: &Rc<str>,
    result: JsValue,
) -> Result<Settling, JsValue> {
    if !is_thenable(&result)? {
        return Ok(Settling::Done);
    }
    // Weak, so that a promise that never settles keeps nothing of a tracker that is gone.
    let owner = Rc::downgrade(owner);
    let (id, instance) = (Rc::clone(id), instance.clone());
    when_settled(&result, move |settled| {
        let Some(owner) = owner.upgrade() else {
            return;
        };
        let outcome = match settled {
            Ok(_) => Outcome::Handled { handler: Rc::clone(&id) },
            Err(error) => failure(&*owner, &id, &error),
        };
        owner.settled_later(&instance, outcome);
    })?;
    Ok(Settling::Later)
}

fn failure(owner: &impl DispatchOwner, handler: &Rc<str>, error: &JsValue) -> Outcome {
    owner.handler_failed(handler, error);
    Outcome::Failed { handler: Rc::clone(handler), error: describe(error) }
}

/// The error as text; nothing for a falsy one, or one that cannot be told.
fn describe(error: &JsValue) -> Option<String> {
    if error.is_falsy() { None } else { to_text(error) }
}
