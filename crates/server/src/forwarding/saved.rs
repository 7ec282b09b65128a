//! The messages in the data file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::message::Message;

/// A message that waits for a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedMessage {
    /// The receiver's name.
    pub(crate) receiver: Arc<str>,
    pub(crate) number: u64,
    pub(crate) message: Arc<Message>,
}

/// The changes since the last time they were taken.
#[derive(Debug)]
pub(crate) struct ForwardingChanges {
    /// The number of the latest message.
    pub(crate) latest: u64,
    pub(crate) unsaved: Unsaved,
}

/// Messages that were added or removed.
#[derive(Debug, Default)]
pub(crate) struct Unsaved {
    /// Whether all earlier messages are gone.
    pub(crate) all_forgotten: bool,
    /// By receiver and number. `None` if the message was removed.
    messages: BTreeMap<(Arc<str>, u64), Option<Arc<Message>>>,
}

impl Unsaved {
    /// All earlier messages are gone.
    pub(super) fn all_forgotten() -> Self {
        Self { all_forgotten: true, messages: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, receiver: &Arc<str>, number: u64, message: Arc<Message>) {
        self.messages.insert((Arc::clone(receiver), number), Some(message));
    }

    pub(super) fn remove(&mut self, receiver: &Arc<str>, number: u64) {
        self.messages.insert((Arc::clone(receiver), number), None);
    }

    /// How many messages were removed, by receiver.
    pub(super) fn removed_by_receiver(&self) -> BTreeMap<Arc<str>, usize> {
        let mut counts = BTreeMap::new();
        for ((receiver, _), message) in &self.messages {
            if message.is_none() {
                *counts.entry(Arc::clone(receiver)).or_default() += 1;
            }
        }
        counts
    }

    pub(crate) fn is_empty(&self) -> bool {
        let Self { all_forgotten, messages } = self;
        !all_forgotten && messages.is_empty()
    }

    /// Receiver, number, and the message or `None` if it was removed.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (&str, u64, Option<&Message>)> {
        self.messages
            .iter()
            .map(|((receiver, number), message)| (receiver.as_ref(), *number, message.as_deref()))
    }
}
