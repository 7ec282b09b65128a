//! Messages for the developer of the page.

use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use web_sys::console;

#[wasm_bindgen]
extern "C" {
    /// The logger that a Snowplow tracker hands to its plugins.
    #[derive(Clone)]
    pub type Logger;

    #[wasm_bindgen(method)]
    fn debug(this: &Logger, message: &str, detail: &JsValue);
    #[wasm_bindgen(method)]
    fn warn(this: &Logger, message: &str);
    #[wasm_bindgen(method)]
    fn error(this: &Logger, message: &str, error: &JsValue);
}

/// Goes to the tracker's logger, and so obeys the level set there, or to the console while no tracker has given one.
#[derive(Default)]
pub(crate) struct Log {
    logger: RefCell<Option<Logger>>,
}

impl Log {
    /// Uses the logger of a tracker from now on.
    pub(crate) fn set_logger(&self, logger: Logger) {
        *self.logger.borrow_mut() = Some(logger);
    }

    /// What helps to follow along. The only level at which ids may appear. Not shown without a tracker.
    pub(crate) fn debug(&self, subject: &str, message: &str, detail: &JsValue) {
        if let Some(logger) = self.logger() {
            logger.debug(&prefixed(subject, message), detail);
        }
    }

    /// Something works, but not as it should.
    pub(crate) fn warn(&self, subject: &str, message: &str) {
        let message = prefixed(subject, message);
        match self.logger() {
            Some(logger) => logger.warn(&message),
            None => console::warn_1(&message.into()),
        }
    }

    /// Something does not work. `error` may be undefined.
    pub(crate) fn error(&self, subject: &str, message: &str, error: &JsValue) {
        let message = prefixed(subject, message);
        match self.logger() {
            Some(logger) => logger.error(&message, error),
            None => console::error_2(&message.into(), error),
        }
    }

    fn logger(&self) -> Option<Logger> {
        self.logger.borrow().clone()
    }
}

fn prefixed(subject: &str, message: &str) -> String {
    let colon = if subject.is_empty() { "" } else { ":" };
    format!("[SignalsPlugin{colon}{subject}] {message}")
}
