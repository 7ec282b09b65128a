//! What tabs with the same URL tell each other.

use super::event_stream::FrameKind;
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

/// One message. Texts stay in JavaScript: they are only passed on.
pub enum Message {
    /// To the holder: how are you, and what have I missed?
    Question {
        /// A number that the answer is addressed to.
        from: f64,
        /// See [`Effect::Ask`](super::sharing::Effect::Ask).
        urgent: bool,
        /// The last event id heard, undefined where there is none to resume from.
        position: JsValue,
    },
    /// From the holder.
    Answer {
        /// Who asked; 0 tells everybody.
        to: f64,
        /// How the connection is.
        status: Status,
        /// Data of the server's `hello`, or undefined.
        hello: JsValue,
        /// The last event id, or undefined.
        position: JsValue,
        /// What the asker has missed: event ids and data in turn. Undefined where the holder does not know.
        missed: JsValue,
    },
    /// From the holder: a frame arrived.
    Frame {
        /// Its kind.
        kind: FrameKind,
        /// The last event id at this frame.
        last_event_id: JsValue,
        /// Its data.
        data: JsValue,
    },
}

const QUESTION: u32 = 0;
const ANSWER: u32 = 1;
const FRAME: u32 = 2;

impl Message {
    fn to_array(&self) -> Array {
        let array = Array::new();
        let push = |value: JsValue| {
            array.push(&value);
        };
        match self {
            Message::Question { from, urgent, position } => {
                push(QUESTION.into());
                push((*from).into());
                push((*urgent).into());
                push(position.clone());
            }
            Message::Answer { to, status, hello, position, missed } => {
                push(ANSWER.into());
                push((*to).into());
                status.to_numbers().into_iter().for_each(|number| push(number.into()));
                push(hello.clone());
                push(position.clone());
                push(missed.clone());
            }
            Message::Frame { kind, last_event_id, data } => {
                push(FRAME.into());
                push((*kind as u32).into());
                push(last_event_id.clone());
                push(data.clone());
            }
        }
        array
    }

    /// `None` for anything that [`Message::to_array`] did not write.
    fn read(array: &Array) -> Option<Message> {
        let number = |index| array.get(index).as_f64().unwrap_or_default();
        let small = |index| number(index) as u32;
        Some(match array.get(0).as_f64()? as u32 {
            QUESTION => Message::Question {
                from: number(1),
                urgent: array.get(2).is_truthy(),
                position: array.get(3),
            },
            ANSWER => Message::Answer {
                to: number(1),
                status: Status::from_numbers([small(2), small(3), small(4), small(5)])?,
                hello: array.get(6),
                position: array.get(7),
                missed: array.get(8),
            },
            FRAME => Message::Frame {
                kind: FrameKind::from_number(small(1))?,
                last_event_id: array.get(2),
                data: array.get(3),
            },
            _ => return None,
        })
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
            if let Some(message) = Message::read(&data) {
                listener(message);
            }
        });
        Some(Channel { channel, _listener: on_message })
    }

    /// Tells the other tabs.
    pub fn post(&self, message: &Message) {
        self.channel.post_message(&message.to_array());
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.close();
    }
}
