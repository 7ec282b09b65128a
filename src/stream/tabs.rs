//! What tabs with the same URL tell each other.

use super::Frame;
use super::status::Status;
use crate::web::{Preserved, to_js};
use gloo_events::EventListener;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

/// Names one tab on a channel: drawn by chance.
pub(crate) type TabId = f64;

/// A message to the other tabs. Whoever changes its shape also changes the version in [`channel_name`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum TabMessage {
    /// To the holder: how are you, and what have I missed?
    Question {
        /// Who asks.
        from: TabId,
        /// A user is waiting: a holder between two attempts should try at once.
        urgent: bool,
        /// The last event id that the asker has heard, if there is one to resume from.
        position: Option<Preserved>,
    },
    /// From the holder: so is the connection.
    Answer {
        /// Who asked; nobody where the holder tells everybody.
        to: Option<TabId>,
        /// How the connection is.
        status: Status,
        /// The data of the server's `hello`, if there was one.
        hello: Option<Preserved>,
        /// The last event id that the holder has heard.
        position: Option<Preserved>,
        /// The interventions after the asker's position; nothing where the holder does not know that position.
        missed: Option<Vec<Frame>>,
    },
    /// From the holder: this has just arrived.
    Relay(Frame),
}

/// Name of the channel and of the lock for the stream at `url`. Tabs that speak another version of [`TabMessage`] do not hear it.
pub(crate) fn channel_name(url: &str) -> String {
    format!("signalsInterventions.3.{url}")
}

/// A channel that closes when it is dropped.
#[must_use = "dropping a channel closes it"]
pub(crate) struct TabChannel {
    channel: BroadcastChannel,
    _listener: EventListener,
}

impl TabChannel {
    /// Reports what others say. `None` where the browser has no channels, or does not let the page have one.
    pub(crate) fn open(name: &str, listener: impl Fn(TabMessage) + 'static) -> Option<TabChannel> {
        let channel = BroadcastChannel::new(name).ok()?;
        let on_message = EventListener::new(&channel, "message", move |event| {
            let data = event.unchecked_ref::<MessageEvent>().data();
            if let Ok(message) = serde_wasm_bindgen::from_value(data) {
                listener(message);
            }
        });
        Some(TabChannel { channel, _listener: on_message })
    }

    /// Tells the other tabs.
    pub(crate) fn post(&self, message: &TabMessage) {
        // Fails on a closed channel only.
        let _ = self.channel.post_message(&to_js(message));
    }
}

impl Drop for TabChannel {
    fn drop(&mut self) {
        self.channel.close();
    }
}
