//! Messages between tabs with the same URL.

use super::Frame;
use super::status::Status;
use crate::web::{Preserved, to_js};
use gloo_events::EventListener;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

/// A random number that identifies one tab on a channel.
pub(crate) type TabId = f64;

/// A message to other tabs. If you change its shape, also change the version in [`channel_name`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum TabMessage {
    /// Asks the holder for its status and for missed interventions.
    Question {
        /// The tab that asks.
        from: TabId,
        /// Whether a user is waiting. If so, a holder between two attempts should try at once.
        urgent: bool,
        /// The last event id that the tab received, if it can resume.
        position: Option<Preserved>,
        /// Since when the tab wants interventions, in milliseconds since 1970. Matters without a position.
        since: f64,
    },
    /// The holder's answer.
    Answer {
        /// The tab that asked. `None` if the message is for all tabs.
        to: Option<TabId>,
        /// The holder's status.
        status: Status,
        /// The data of the server's `hello`, if it sent one.
        hello: Option<Preserved>,
        /// The last event id that the holder received.
        position: Option<Preserved>,
        /// The interventions that the tab has missed. `None` if the holder does not know the tab's position.
        missed: Option<Vec<Frame>>,
    },
    /// A frame that the holder has just received.
    Relay(Frame),
}

/// The name of the channel and the lock for the stream at `url`. It contains the version of [`TabMessage`], so that tabs with different
/// versions do not hear each other.
pub(crate) fn channel_name(url: &str) -> String {
    format!("signalsInterventions.4.{url}")
}

/// A channel that closes when it is dropped.
#[must_use = "dropping a channel closes it"]
pub(crate) struct TabChannel {
    channel: BroadcastChannel,
    _listener: EventListener,
}

impl TabChannel {
    /// Calls `listener` with messages from other tabs. `None` if the browser has no channels or denies the page one.
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

    /// Sends a message to the other tabs.
    pub(crate) fn post(&self, message: &TabMessage) {
        // Fails only if the channel is closed.
        let _ = self.channel.post_message(&to_js(message));
    }
}

impl Drop for TabChannel {
    fn drop(&mut self) {
        self.channel.close();
    }
}
