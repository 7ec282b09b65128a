//! What tabs with the same URL tell each other.

use super::status::Status;
use crate::browser::listener::{EventTarget, Listener};
use alloc::string::String;
use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = EventTarget)]
    type BroadcastChannel;
    // Throws where there is none, and where the page may not have one.
    #[wasm_bindgen(constructor, catch)]
    fn new(name: &str) -> Result<BroadcastChannel, JsValue>;
    #[wasm_bindgen(method, js_name = postMessage)]
    fn post_message(this: &BroadcastChannel, message: &Array);
    #[wasm_bindgen(method)]
    fn close(this: &BroadcastChannel);

    type MessageEvent;
    #[wasm_bindgen(method, getter)]
    fn data(this: &MessageEvent) -> Array;
}

/// To the holder: how are you, and what have I missed? Followed by the number that the answer is addressed to, whether it is
/// urgent, and the last event id heard, which is undefined where there is none to resume from.
pub const QUESTION: u32 = 0;

/// From the holder. Followed by who asked (0 tells everybody), the four numbers of the [`Status`], the data of the server's
/// `hello`, the last event id, and what the asker has missed: a list of event ids and data in turn, or undefined where the
/// holder does not know.
pub const ANSWER: u32 = 1;

/// From the holder: a frame arrived. Followed by the number of its kind, the last event id, and its data.
pub const FRAME: u32 = 2;

/// One message: a list that begins with what it is. Texts stay in JavaScript, because they are only passed on.
#[derive(Debug, Clone)]
pub struct Message(Array);

impl Message {
    /// A message that so far only says what it is.
    pub fn new(what: u32) -> Message {
        Message(Array::new()).with_number(what.into())
    }

    /// Adds a value.
    pub fn with(self, value: &JsValue) -> Message {
        self.0.push(value);
        self
    }

    /// Adds a number.
    pub fn with_number(self, number: f64) -> Message {
        self.with(&number.into())
    }

    /// Adds a status.
    pub fn with_status(self, status: Status) -> Message {
        status
            .to_numbers()
            .into_iter()
            .fold(self, |message, number| message.with_number(number.into()))
    }

    /// The value at `index`.
    pub fn value(&self, index: u32) -> JsValue {
        self.0.get(index)
    }

    /// The number at `index`; 0 where there is something else.
    pub fn number(&self, index: u32) -> f64 {
        self.value(index).as_f64().unwrap_or_default()
    }

    /// The status that begins at `index`.
    pub fn status(&self, index: u32) -> Option<Status> {
        Status::from_numbers([0, 1, 2, 3].map(|offset| self.number(index + offset) as u32))
    }
}

/// Name of the channel and of the lock for the stream at `url`. Tabs that speak another version of this do not hear it.
pub fn channel_name(url: &str) -> String {
    ["signalsInterventions.1.", url].concat()
}

/// A channel that closes when it is dropped.
#[must_use = "dropping a channel closes it"]
pub struct Channel {
    channel: BroadcastChannel,
    _listener: Listener,
}

impl Channel {
    /// Reports what others say. `None` where the browser has no channels.
    pub fn open(name: &str, listener: impl Fn(Message) + 'static) -> Option<Channel> {
        let channel = BroadcastChannel::new(name).ok()?;
        let on_message = Listener::new(&channel, "message", move |event| {
            let data = event.unchecked_into::<MessageEvent>().data();
            if data.is_array() {
                listener(Message(data));
            }
        });
        Some(Channel { channel, _listener: on_message })
    }

    /// Tells the other tabs.
    pub fn post(&self, message: &Message) {
        self.channel.post_message(&message.0);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.close();
    }
}
