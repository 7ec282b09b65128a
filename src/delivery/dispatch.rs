//! Calls the handlers, and keeps going when one throws.

use super::Delivery;
use super::handlers::Handler;
use super::intervention::Intervention;
use crate::measurement::Outcome;
use crate::web::{is_thenable, text_of, when_settled};
use std::rc::Rc;
use wasm_bindgen::JsValue;

impl Delivery {
    /// Calls every handler that wants the intervention, in order. Returns the outcomes that are known when the calls return.
    ///
    /// Handlers may add and remove handlers. A removed handler is not called. A handler added during the calls waits for the next
    /// intervention.
    pub(super) fn dispatch(self: &Rc<Self>, intervention: &Intervention) -> Vec<Outcome> {
        let mut called = Vec::new();
        let mut outcomes = Vec::new();
        let registered = self.handlers.borrow().clone();
        for (id, handler) in registered.iter() {
            if !self.handlers.borrow().contains(handler) {
                continue;
            }
            let wanted = handler.wants(intervention);
            if matches!(wanted, Ok(false)) || !self.may_call(handler, intervention) {
                continue;
            }
            called.push(Rc::clone(id));
            let result = wanted
                .and_then(|_| handler.handle(intervention, &self.tracker))
                .and_then(|result| self.settle(intervention, id, result));
            outcomes.extend(result.unwrap_or_else(|error| Some(self.failure(id, &error))));
        }
        if called.is_empty() {
            return Vec::new();
        }
        outcomes.insert(0, Outcome::Received { handlers: called });
        outcomes
    }

    /// Returns false if another tracker already passed the same intervention to the same function.
    fn may_call(&self, handler: &Handler, intervention: &Intervention) -> bool {
        let mut calls = self.calls.borrow_mut();
        intervention.id().is_none_or(|id| calls.insert(id, handler.function()))
    }

    /// The outcome of a handler that returned. `None` if it returned a promise that has not settled.
    fn settle(
        self: &Rc<Self>,
        intervention: &Intervention,
        id: &Rc<str>,
        result: JsValue,
    ) -> Result<Option<Outcome>, JsValue> {
        if !is_thenable(&result)? {
            return Ok(Some(Outcome::Handled { handler: Rc::clone(id) }));
        }
        // A weak reference, so that a promise that never settles does not keep the memory of a removed tracker.
        let delivery = Rc::downgrade(self);
        let (id, intervention) = (Rc::clone(id), intervention.clone());
        when_settled(&result, move |settled| {
            let Some(delivery) = delivery.upgrade() else {
                return;
            };
            let outcome = match settled {
                Ok(_) => Outcome::Handled { handler: Rc::clone(&id) },
                Err(error) => delivery.failure(&id, &error),
            };
            if let Some(measurement) = &delivery.measurement {
                measurement.record(&intervention, vec![outcome]);
            }
        });
        Ok(None)
    }

    fn failure(&self, handler: &Rc<str>, error: &JsValue) -> Outcome {
        self.stats.borrow_mut().handler_errors += 1;
        self.log.error(&self.subject, &format!("Handler `{handler}` failed"), error);
        let error = if error.is_falsy() { None } else { text_of(error) };
        Outcome::Failed { handler: Rc::clone(handler), error }
    }
}
