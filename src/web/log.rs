//! Messages for developers of the page.

use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use web_sys::console;

#[wasm_bindgen]
extern "C" {
    /// The logger that Snowplow trackers pass to plugins.
    #[derive(Clone)]
    pub type Logger;

    #[wasm_bindgen(method)]
    fn debug(this: &Logger, message: &str, detail: &JsValue);
    #[wasm_bindgen(method)]
    fn warn(this: &Logger, message: &str);
    #[wasm_bindgen(method)]
    fn error(this: &Logger, message: &str, error: &JsValue);
}

/// Writes to the tracker's logger, which applies its log level, or to the console until a tracker provides one.
#[derive(Default)]
pub(crate) struct Log {
    logger: RefCell<Option<Logger>>,
}

impl Log {
    /// Uses a tracker's logger from now on.
    pub(crate) fn set_logger(&self, logger: Logger) {
        *self.logger.borrow_mut() = Some(logger);
    }

    /// Logs details for debugging. Only this level may contain ids. Without a tracker, this logs nothing.
    pub(crate) fn debug(&self, subject: &str, message: &str, detail: &JsValue) {
        if let Some(logger) = self.logger() {
            logger.debug(&prefixed(subject, message), detail);
        }
    }

    /// Logs a problem that the plugin can work around.
    pub(crate) fn warn(&self, subject: &str, message: &str) {
        let message = prefixed(subject, message);
        match self.logger() {
            Some(logger) => logger.warn(&message),
            None => console::warn_1(&message.into()),
        }
    }

    /// Logs a failure. `error` may be undefined.
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
