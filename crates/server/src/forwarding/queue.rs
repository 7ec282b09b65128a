//! The messages that wait for one receiver: which one is sent next, and what follows from the receiver's answer. Pure: the time
//! and the random numbers are arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use signals_engine::Timestamp;

use super::message::Message;

/// The limits of a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueRules {
    /// How many messages wait at most. Beyond it, the oldest one is dropped.
    pub(super) max_waiting: usize,
    /// How many bytes the bodies of waiting messages have at most. Beyond it, the oldest ones are dropped.
    pub(super) max_bytes: usize,
    /// How many messages are sent at the same time.
    pub(super) max_at_once: usize,
    /// For how long after its trigger a message is sent again.
    pub(super) retry_for: Duration,
}

/// The delay before the first repetition. It doubles with each failure.
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// The longest delay of a message, unless the receiver asks for a longer one.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// The longest pause of a receiver that fails. Short, because its failures can be those of some messages, while it accepts others.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// The longest delay that a receiver can ask for. With a longer one, messages would expire without another attempt.
const MAX_ASKED_DELAY: Duration = Duration::from_secs(300);

/// How long before its expiry a message is sent for the last time.
const LAST_ATTEMPT: Duration = Duration::from_secs(1);

/// The messages for one receiver.
#[derive(Debug)]
pub(super) struct Queue {
    rules: QueueRules,
    /// By number, oldest first.
    messages: BTreeMap<u64, Waiting>,
    /// The messages that may be sent, by the moment from which on they may.
    due: BTreeSet<(Timestamp, u64)>,
    /// The bytes of all bodies.
    bytes: usize,
    at_once: usize,
    /// How often the receiver failed since it last answered. Messages that fail together count once.
    failures: u32,
    /// Nothing is sent before this moment, because the receiver failed.
    paused_until: Option<Timestamp>,
    /// Nothing is sent before this moment, because the receiver asked for it. Other messages that it accepts do not change that.
    asked_until: Option<Timestamp>,
}

#[derive(Debug)]
struct Waiting {
    message: Arc<Message>,
    failed_attempts: u32,
    state: WaitingState,
}

#[derive(Debug, PartialEq, Eq)]
enum WaitingState {
    /// Not sent before it is saved.
    Unsaved,
    Due(Timestamp),
    Sending,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Send this message, and report the outcome with [`Queue::settle`].
    Send { number: u64, message: Arc<Message> },
    /// Look again at this moment.
    WaitUntil(Timestamp),
    /// Look again after the next change.
    WaitForChange,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver has the message.
    Accepted,
    /// The receiver will never accept the message.
    Refused { reason: String },
    /// The receiver may accept the message later.
    Failed {
        reason: String,
        /// How long the receiver asked to wait.
        retry_after: Option<Duration>,
    },
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Sent,
    Refused,
    /// It is sent again later.
    Retried,
    /// It was not accepted in time.
    Expired,
}

/// A message after an attempt.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) message: Arc<Message>,
    pub(super) fate: Fate,
    /// How often it was sent.
    pub(super) attempts: u32,
}

impl Queue {
    pub(super) fn new(rules: QueueRules) -> Self {
        Self {
            rules,
            messages: BTreeMap::new(),
            due: BTreeSet::new(),
            bytes: 0,
            at_once: 0,
            failures: 0,
            paused_until: None,
            asked_until: None,
        }
    }

    /// Adds a message. Numbers increase. A message that is not saved yet waits for [`Queue::release`]. Returns the messages that
    /// were dropped for it, if there were too many.
    pub(super) fn push(
        &mut self,
        number: u64,
        message: Arc<Message>,
        is_saved: bool,
    ) -> Vec<(u64, Arc<Message>)> {
        let mut dropped = Vec::new();
        while (self.messages.len() >= self.rules.max_waiting
            || self.bytes + message.body.len() > self.rules.max_bytes)
            && let Some(oldest) = self.drop_oldest()
        {
            dropped.push(oldest);
        }
        self.bytes += message.body.len();
        let state = if is_saved {
            self.due.insert((message.triggered_at, number));
            WaitingState::Due(message.triggered_at)
        } else {
            WaitingState::Unsaved
        };
        self.messages.insert(number, Waiting { message, failed_attempts: 0, state });
        dropped
    }

    /// Lets messages be sent that are saved by now: those up to `number`.
    pub(super) fn release(&mut self, number: u64) {
        for (&number, waiting) in self.messages.range_mut(..=number).rev() {
            if waiting.state != WaitingState::Unsaved {
                // All earlier ones are saved too.
                break;
            }
            let at = waiting.message.triggered_at;
            waiting.state = WaitingState::Due(at);
            self.due.insert((at, number));
        }
    }

    /// What to do at `now`.
    pub(super) fn next(&mut self, now: Timestamp) -> Next {
        // A receiver that fails is tried with one message at a time.
        let max_at_once = if self.failures > 0 { 1 } else { self.rules.max_at_once };
        if self.at_once >= max_at_once {
            return Next::WaitForChange;
        }
        let Some(&(at, number)) = self.due.first() else { return Next::WaitForChange };
        let at = Some(at).max(self.paused_until).max(self.asked_until).unwrap_or(at);
        // Nothing waits for longer, unless the clock was set back.
        if at > now && at <= later(now, MAX_ASKED_DELAY) {
            return Next::WaitUntil(at);
        }
        self.due.pop_first();
        let Some(waiting) = self.messages.get_mut(&number) else { return Next::WaitForChange };
        waiting.state = WaitingState::Sending;
        self.at_once += 1;
        Next::Send { number, message: Arc::clone(&waiting.message) }
    }

    /// Notes the outcome of an attempt. `jitter` is a random number from 0 to 1. Returns `None` if the message was forgotten in
    /// the meantime.
    pub(super) fn settle(
        &mut self,
        number: u64,
        outcome: &Outcome,
        now: Timestamp,
        jitter: f64,
    ) -> Option<Settled> {
        self.at_once = self.at_once.saturating_sub(1);
        if !self.messages.contains_key(&number) {
            return None;
        }
        match outcome {
            Outcome::Accepted | Outcome::Refused { .. } => {
                self.failures = 0;
                self.paused_until = None;
            }
            Outcome::Failed { retry_after, .. } => self.pause(*retry_after, now, jitter),
        }
        let waiting = self.messages.get_mut(&number)?;
        let fate = match outcome {
            Outcome::Accepted => Fate::Sent,
            Outcome::Refused { .. } => Fate::Refused,
            Outcome::Failed { retry_after, .. } => {
                waiting.failed_attempts += 1;
                let delay =
                    delay(waiting.failed_attempts, MAX_DELAY, jitter).max(asked(*retry_after));
                let last = later(
                    waiting.message.triggered_at,
                    self.rules.retry_for.saturating_sub(LAST_ATTEMPT),
                );
                let at = later(now, delay).min(last);
                if at > now {
                    waiting.state = WaitingState::Due(at);
                    self.due.insert((at, number));
                    Fate::Retried
                } else {
                    Fate::Expired
                }
            }
        };
        let message = Arc::clone(&waiting.message);
        let attempts = match fate {
            Fate::Sent | Fate::Refused => waiting.failed_attempts + 1,
            Fate::Retried | Fate::Expired => waiting.failed_attempts,
        };
        if fate != Fate::Retried {
            self.remove(number);
        }
        Some(Settled { message, fate, attempts })
    }

    /// Removes the messages that are too old to be sent, with their numbers and attempts.
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<(u64, Settled)> {
        let too_old: Vec<u64> = self
            .messages
            .iter()
            .take_while(|(_, waiting)| {
                later(waiting.message.triggered_at, self.rules.retry_for) <= now
            })
            .filter(|(_, waiting)| waiting.state != WaitingState::Sending)
            .map(|(&number, _)| number)
            .collect();
        let removed = too_old.into_iter().filter_map(|number| {
            let Waiting { message, failed_attempts: attempts, .. } = self.remove(number)?;
            Some((number, Settled { message, fate: Fate::Expired, attempts }))
        });
        removed.collect()
    }

    /// Forgets all messages, also those that are being sent, and that the receiver failed.
    pub(super) fn forget_all(&mut self) {
        // The attempts under way still end.
        let at_once = self.at_once;
        *self = Self { at_once, ..Self::new(self.rules) };
    }

    /// How many messages wait or are being sent.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The messages that wait or are being sent, oldest first, and how often each failed.
    pub(super) fn messages(&self) -> impl Iterator<Item = (u64, &Arc<Message>, u32)> {
        self.messages
            .iter()
            .map(|(&number, waiting)| (number, &waiting.message, waiting.failed_attempts))
    }

    /// Until when nothing is sent, although messages wait. `None` if nothing waits or there is no pause at `now`.
    pub(super) fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.paused_until.max(self.asked_until)?;
        (until > now && !self.due.is_empty()).then_some(until)
    }

    fn pause(&mut self, retry_after: Option<Duration>, now: Timestamp, jitter: f64) {
        let is_paused = self.paused_until.is_some_and(|until| until > now);
        if !is_paused {
            self.failures = self.failures.saturating_add(1);
            self.paused_until = Some(later(now, delay(self.failures, MAX_PAUSE, jitter)));
        }
        if retry_after.is_some() {
            self.asked_until = self.asked_until.max(Some(later(now, asked(retry_after))));
        }
    }

    fn drop_oldest(&mut self) -> Option<(u64, Arc<Message>)> {
        let mut waiting = self.messages.iter();
        let (&number, _) = waiting.find(|(_, waiting)| waiting.state != WaitingState::Sending)?;
        self.remove(number).map(|removed| (number, removed.message))
    }

    fn remove(&mut self, number: u64) -> Option<Waiting> {
        let removed = self.messages.remove(&number)?;
        self.bytes -= removed.message.body.len();
        if let WaitingState::Due(at) = removed.state {
            self.due.remove(&(at, number));
        }
        Some(removed)
    }
}

/// The delay after so many failures: half of it is random, so that many messages and servers do not come at the same moment.
fn delay(failures: u32, longest: Duration, jitter: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let full = FIRST_DELAY.saturating_mul(1 << doublings).min(longest);
    full.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
}

/// The delay that a receiver asked for, as far as it is granted.
fn asked(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_default().min(MAX_ASKED_DELAY)
}

fn later(moment: Timestamp, by: Duration) -> Timestamp {
    moment.plus_millis(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
