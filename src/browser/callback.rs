//! Functions of Rust that JavaScript calls.

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::RefCell;
use wasm_bindgen::prelude::*;

/// A function with one argument, which JavaScript may call as long as this value lives.
///
/// Listeners, timers, tasks, locks and promises all use this one type, because every further one costs glue in each download.
#[must_use = "dropping it makes calls of it fail"]
pub struct Callback {
    closure: Closure<dyn Fn(JsValue) -> JsValue>,
}

impl Callback {
    /// Makes `function` callable.
    pub fn new(function: impl Fn(JsValue) + 'static) -> Callback {
        Callback::with_result(move |argument| {
            function(argument);
            JsValue::UNDEFINED
        })
    }

    /// The same for a function whose caller wants a result.
    pub fn with_result(function: impl Fn(JsValue) -> JsValue + 'static) -> Callback {
        Callback { closure: Closure::wrap(Box::new(function) as Box<dyn Fn(JsValue) -> JsValue>) }
    }

    /// A function that frees itself when it is called, for callers that call it once whatever happens.
    pub fn once(function: impl Fn() + 'static) -> JsValue {
        let this: Rc<RefCell<Option<Callback>>> = Rc::default();
        let own = Rc::clone(&this);
        let callback = Callback::new(move |_| {
            let called = own.take();
            function();
            // Freed when this call has returned.
            drop(called);
        });
        let function = callback.as_js().clone();
        *this.borrow_mut() = Some(callback);
        function
    }

    /// The function as JavaScript sees it.
    pub fn as_js(&self) -> &JsValue {
        self.closure.as_ref()
    }

    /// Hands the function over to the garbage collector, for callers of which nobody knows when they are done.
    pub fn into_js(self) -> JsValue {
        self.closure.into_js_value()
    }
}
