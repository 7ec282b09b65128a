//! Messages for the developer of the page.

use alloc::string::String;
use core::cell::RefCell;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The logger that a Snowplow tracker hands to its plugins, or the console.
    #[derive(Clone)]
    pub type Logger;

    #[wasm_bindgen(method)]
    fn debug(this: &Logger, message: &str, detail: &JsValue);
    #[wasm_bindgen(method)]
    fn warn(this: &Logger, message: &str);
    #[wasm_bindgen(method)]
    fn error(this: &Logger, message: &str, error: &JsValue);

    #[wasm_bindgen(thread_local_v2, js_name = console)]
    static CONSOLE: Logger;
}

/// Goes to the tracker's logger, and so obeys the level set there, or to the console while no tracker has given one.
#[derive(Default)]
pub struct Log {
    logger: RefCell<Option<Logger>>,
}

impl Log {
    /// Uses the logger of a tracker from now on.
    pub fn set_logger(&self, logger: Logger) {
        *self.logger.borrow_mut() = Some(logger);
    }

    /// What helps to follow along. The only level at which ids may appear. Not shown without a tracker.
    pub fn debug(&self, subject: &str, message: &str, detail: &JsValue) {
        let logger = self.logger.borrow().clone();
        if let Some(logger) = logger {
            logger.debug(&prefixed(subject, message), detail);
        }
    }

    /// Something works, but not as it should.
    pub fn warn(&self, subject: &str, message: &str) {
        self.logger().warn(&prefixed(subject, message));
    }

    /// Something does not work. `error` may be undefined.
    pub fn error(&self, subject: &str, message: &str, error: &JsValue) {
        self.logger().error(&prefixed(subject, message), error);
    }

    fn logger(&self) -> Logger {
        self.logger.borrow().clone().unwrap_or_else(|| CONSOLE.with(Logger::clone))
    }
}

fn prefixed(subject: &str, message: &str) -> String {
    let colon = if subject.is_empty() { "" } else { ":" };
    ["[SignalsPlugin", colon, subject, "] ", message].concat()
}
