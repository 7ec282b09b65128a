//! `createInterventionsClient` of the public API: a client for pages without a tracker.

use crate::page::{Page, texts};
use crate::tracker::receiver::Receiver;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Receives interventions without a tracker until the page closes it.
#[wasm_bindgen]
pub struct Client {
    page: Rc<Page>,
    receiver: Rc<Receiver>,
}

impl Client {
    pub(crate) fn new(page: Rc<Page>, receiver: Rc<Receiver>) -> Client {
        Client { page, receiver }
    }
}

#[wasm_bindgen]
impl Client {
    /// Registers handlers. Reports the invalid ones and registers the others.
    #[wasm_bindgen(js_name = addHandlers)]
    pub fn add_handlers(&self, handlers: &JsValue) {
        self.receiver.add_handlers(&self.page.read_handlers(handlers, "addHandlers"));
    }

    /// Removes the handlers with this id or these ids.
    #[wasm_bindgen(js_name = removeHandlers)]
    pub fn remove_handlers(&self, handler_ids: &JsValue) {
        for id in texts(handler_ids) {
            self.receiver.remove_handler(&id);
        }
    }

    /// Ends the subscription permanently.
    pub fn close(&self) {
        self.page.end_receivers(&|receiver| std::ptr::eq(receiver, &*self.receiver));
    }
}
