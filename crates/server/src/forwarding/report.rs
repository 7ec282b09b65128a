//! What people see of forwarding: what waits, and how the recent attempts ended.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use signals_engine::Timestamp;
use utoipa::ToSchema;

use super::message::Message;
use super::queue::{Fate, Outcome, Queue, Settled};
use super::receiver::Receiver;
use super::trouble::Trouble;

/// How many recent messages are kept.
const MAX_RECENT: usize = 200;

/// How many waiting messages of a receiver are shown.
const MAX_SHOWN: usize = 20;

/// What was forwarded lately, and what waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForwardingReport {
    /// The receivers, in the order of the flags.
    pub receivers: Vec<ReceiverReport>,
    /// The latest attempts to send, oldest first. At most 200.
    pub recent: Vec<ForwardedMessage>,
}

/// A receiver, and what waits for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiverReport {
    /// Its address without user, password and query, or its topic.
    #[schema(value_type = String)]
    receiver: Arc<str>,
    /// How many messages wait.
    waiting: usize,
    /// Why the receiver did not accept the latest message, or null if it did.
    problem: Option<String>,
    /// Until when nothing is sent, because the receiver failed, in milliseconds since 1970.
    #[schema(value_type = Option<i64>)]
    paused_until: Option<Timestamp>,
    /// The oldest messages that wait. At most 20.
    oldest: Vec<ForwardedMessage>,
}

/// A message, and what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ForwardedMessage {
    /// When this happened, in milliseconds since 1970. For a message that waits: when it was triggered.
    #[schema(value_type = i64)]
    at: Timestamp,
    /// The receiver.
    #[schema(value_type = String)]
    receiver: Arc<str>,
    /// The header `webhook-id`.
    webhook_id: String,
    /// `waiting`, `sent`, `retried`, `refused`, `expired` or `dropped`.
    outcome: &'static str,
    /// How often the message was sent.
    attempts: u32,
    /// Why it was not accepted.
    reason: Option<String>,
    /// The body.
    #[schema(value_type = Object)]
    intervention: Box<RawValue>,
}

/// A receiver at one moment. Its messages are shared, so it is made quickly.
pub(super) struct Snapshot {
    receiver: Arc<str>,
    waiting: usize,
    problem: Option<String>,
    paused_until: Option<Timestamp>,
    /// The oldest messages, and how often each failed.
    oldest: Vec<(Arc<Message>, u32)>,
}

impl Snapshot {
    pub(super) fn of(
        receiver: &Receiver,
        queue: &Queue,
        trouble: &Trouble,
        now: Timestamp,
    ) -> Self {
        let oldest = queue.messages().take(MAX_SHOWN);
        Self {
            receiver: Arc::clone(receiver.name()),
            waiting: queue.len(),
            problem: trouble.problem().map(str::to_owned),
            paused_until: queue.paused_until(now),
            oldest: oldest.map(|(_, message, failed)| (Arc::clone(message), failed)).collect(),
        }
    }
}

impl ForwardingReport {
    pub(super) fn new(receivers: Vec<Snapshot>, recent: &Recent) -> Self {
        Self {
            receivers: receivers.into_iter().map(ReceiverReport::new).collect(),
            recent: recent.list(),
        }
    }
}

impl ReceiverReport {
    fn new(snapshot: Snapshot) -> Self {
        let Snapshot { receiver, waiting, problem, paused_until, oldest } = snapshot;
        let oldest = oldest.iter().map(|(message, attempts)| {
            let at = message.triggered_at;
            ForwardedMessage::new(at, &receiver, message, "waiting", *attempts, None)
        });
        let oldest = oldest.collect();
        Self { receiver, waiting, problem, paused_until, oldest }
    }
}

impl ForwardedMessage {
    fn new(
        at: Timestamp,
        receiver: &Arc<str>,
        message: &Message,
        outcome: &'static str,
        attempts: u32,
        reason: Option<&str>,
    ) -> Self {
        Self {
            at,
            receiver: Arc::clone(receiver),
            webhook_id: message.id.clone(),
            outcome,
            attempts,
            reason: reason.map(str::to_owned),
            // A body is JSON, also one from a data file.
            intervention: serde_json::from_slice(&message.body)
                .unwrap_or_else(|_| RawValue::NULL.to_owned()),
        }
    }
}

/// The latest attempts.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    attempts: VecDeque<Attempt>,
}

/// Kept in this form, because few attempts are ever shown.
#[derive(Debug, Clone)]
struct Attempt {
    at: Timestamp,
    receiver: Arc<str>,
    message: Arc<Message>,
    outcome: &'static str,
    attempts: u32,
    reason: Option<String>,
}

impl Recent {
    pub(super) fn settled(
        &mut self,
        at: Timestamp,
        receiver: &Arc<str>,
        settled: Settled,
        reason: Option<&str>,
    ) {
        let Settled { message, fate, attempts } = settled;
        let outcome = match fate {
            Fate::Sent => "sent",
            Fate::Refused => "refused",
            Fate::Retried => "retried",
            Fate::Expired => "expired",
        };
        let (receiver, reason) = (Arc::clone(receiver), reason.map(str::to_owned));
        self.keep(Attempt { at, receiver, message, outcome, attempts, reason });
    }

    pub(super) fn dropped(&mut self, at: Timestamp, receiver: &Arc<str>, message: Arc<Message>) {
        let receiver = Arc::clone(receiver);
        let outcome = "dropped";
        self.keep(Attempt { at, receiver, message, outcome, attempts: 0, reason: None });
    }

    fn keep(&mut self, attempt: Attempt) {
        if self.attempts.len() >= MAX_RECENT {
            self.attempts.pop_front();
        }
        self.attempts.push_back(attempt);
    }

    pub(super) fn list(&self) -> Vec<ForwardedMessage> {
        let attempts = self.attempts.iter();
        attempts
            .map(|Attempt { at, receiver, message, outcome, attempts, reason }| {
                let reason = reason.as_deref();
                ForwardedMessage::new(*at, receiver, message, outcome, *attempts, reason)
            })
            .collect()
    }
}

impl Outcome {
    /// Why the message was not accepted.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Accepted => None,
            Self::Refused { reason } | Self::Failed { reason, .. } => Some(reason),
        }
    }
}
