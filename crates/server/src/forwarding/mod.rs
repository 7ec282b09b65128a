//! Forwarding: passes each triggered intervention on to receivers outside the browser, whether or not a stream is open.
//!
//! [`queue`] decides what is sent when, without a clock or sockets. This module adds the lock, the clock, the metrics, the log and
//! what is saved. `senders` sends. See the guide `docs/forwarding.md`.

mod config;
mod message;
mod queue;
mod receiver;
mod report;
mod saved;
mod secret;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use signals_engine::Triggered;
use tokio::sync::Notify;

pub use self::config::{ForwardConfig, ForwardError};
pub(crate) use self::message::Message;
pub(crate) use self::queue::Outcome;
use self::queue::{Fate, Next, Queue, QueueRules};
pub(crate) use self::receiver::Destination;
pub use self::receiver::Receiver;
pub use self::report::{ForwardedMessage, ForwardingReport, ReceiverReport};
use self::report::{Recent, Snapshot};
use self::saved::Unsaved;
pub(crate) use self::saved::{ForwardingChanges, SavedMessage};
pub use self::secret::BadSecret;
pub(crate) use self::secret::Secret;
use self::trouble::Trouble;
use crate::clock::Clock;
use crate::metrics::{ForwardingMetrics, Metrics};

/// How many messages wait for one receiver at most.
const MAX_WAITING: usize = 100_000;

/// How many bytes their bodies have at most.
const MAX_WAITING_BYTES: usize = 256 << 20;

/// For how long after its trigger a message is sent again.
const RETRY_FOR: Duration = Duration::from_secs(3600);

/// The messages for all receivers. Clones share them.
#[derive(Debug, Clone)]
pub struct Forwarding {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// One lock for all receivers. Nothing waits while it is held.
    state: Mutex<State>,
    lines: Vec<Line>,
    clock: Clock,
}

/// The way to one receiver.
#[derive(Debug)]
struct Line {
    receiver: Receiver,
    /// A message can be sent, or the server stops.
    changed: Notify,
    metrics: ForwardingMetrics,
}

#[derive(Debug)]
struct State {
    /// One for each receiver.
    queues: Vec<Queue>,
    troubles: Vec<Trouble>,
    recent: Recent,
    latest_number: u64,
    /// `None` if nothing is saved.
    unsaved: Option<Unsaved>,
    is_stopping: bool,
}

/// What the sender of one receiver does next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Send this message, and report the outcome with [`Forwarding::settle`].
    Send { number: u64, message: Arc<Message> },
    /// Ask again after this time or after the next change.
    Wait(Duration),
    /// The server stops.
    End,
}

/// How long a sender sleeps if nothing happens.
const LONG: Duration = Duration::from_secs(60);

impl Forwarding {
    pub(crate) fn new(receivers: Vec<Receiver>, clock: Clock, metrics: &Metrics) -> Self {
        let rules = |receiver: &Receiver| QueueRules {
            max_waiting: MAX_WAITING,
            max_bytes: MAX_WAITING_BYTES,
            max_at_once: receiver.max_at_once(),
            retry_for: RETRY_FOR,
        };
        let state = State {
            queues: receivers.iter().map(|receiver| Queue::new(rules(receiver))).collect(),
            troubles: receivers.iter().map(|_| Trouble::default()).collect(),
            recent: Recent::default(),
            latest_number: 0,
            unsaved: None,
            is_stopping: false,
        };
        let lines = receivers.into_iter().map(|receiver| Line {
            metrics: metrics.forwarding(&receiver.label()),
            receiver,
            changed: Notify::new(),
        });
        let shared = Shared { state: Mutex::new(state), lines: lines.collect(), clock };
        Self { shared: Arc::new(shared) }
    }

    /// Passes a triggered intervention on to all receivers. If there is a data file, it is sent once it is saved.
    pub(crate) fn enqueue(&self, instance: &Triggered) {
        if self.shared.lines.is_empty() {
            return;
        }
        let mut state = self.shared.state.lock();
        for message in Message::of(instance, self.shared.clock.now()) {
            self.add(&mut state, Arc::new(message));
        }
    }

    fn add(&self, state: &mut State, message: Arc<Message>) {
        let State { queues, troubles, recent, latest_number, unsaved, .. } = state;
        *latest_number += 1;
        let is_saved = unsaved.is_none();
        for ((line, queue), trouble) in self.shared.lines.iter().zip(queues).zip(troubles) {
            let name = line.receiver.name();
            let dropped = queue.push(*latest_number, Arc::clone(&message), is_saved);
            for (number, dropped) in dropped {
                line.metrics.dropped.inc();
                trouble.dropped(name);
                recent.dropped(self.shared.clock.now(), name, dropped);
                if let Some(unsaved) = unsaved {
                    unsaved.remove(name, number);
                }
            }
            if let Some(unsaved) = unsaved {
                unsaved.add(name, *latest_number, Arc::clone(&message));
            }
            line.note_waiting(queue);
            if is_saved {
                line.changed.notify_one();
            }
        }
    }

    /// Sends the messages that waited to be saved, up to this number.
    pub(crate) fn release(&self, number: u64) {
        let mut state = self.shared.state.lock();
        for (line, queue) in self.shared.lines.iter().zip(&mut state.queues) {
            queue.release(number);
            line.changed.notify_one();
        }
    }

    /// Forgets all messages.
    pub(crate) fn forget_all(&self) {
        let mut state = self.shared.state.lock();
        for (line, queue) in self.shared.lines.iter().zip(&mut state.queues) {
            queue.forget_all();
            line.note_waiting(queue);
        }
        state.recent = Recent::default();
        state.troubles.fill_with(Trouble::default);
        if let Some(unsaved) = &mut state.unsaved {
            *unsaved = Unsaved::all_forgotten();
        }
    }

    /// Forgets the messages that are too old. Call this after the clock was moved.
    pub(crate) fn forget_expired(&self) {
        let mut state = self.shared.state.lock();
        for receiver in 0..self.shared.lines.len() {
            self.expire(&mut state, receiver);
            self.shared.lines[receiver].changed.notify_one();
        }
    }

    fn expire(&self, state: &mut State, receiver: usize) {
        let State { queues, troubles, recent, unsaved, .. } = state;
        let (line, queue) = (&self.shared.lines[receiver], &mut queues[receiver]);
        let now = self.shared.clock.now();
        for (number, settled) in queue.expire(now) {
            line.metrics.expired.inc();
            troubles[receiver].expired(line.receiver.name());
            recent.settled(now, line.receiver.name(), settled, None);
            if let Some(unsaved) = unsaved {
                unsaved.remove(line.receiver.name(), number);
            }
        }
        line.note_waiting(queue);
    }

    /// What the sender of a receiver does now.
    pub(crate) fn next(&self, receiver: usize) -> Step {
        let mut state = self.shared.state.lock();
        if state.is_stopping {
            return Step::End;
        }
        self.expire(&mut state, receiver);
        let now = self.shared.clock.now();
        match state.queues[receiver].next(now) {
            Next::Send { number, message } => Step::Send { number, message },
            Next::WaitForChange => Step::Wait(LONG),
            Next::WaitUntil(at) => {
                let millis = at.millis_since(now).try_into().unwrap_or_default();
                Step::Wait(Duration::from_millis(millis).min(LONG))
            }
        }
    }

    /// Resolves when there may be something to do for a receiver. Only its sender may wait.
    pub(crate) async fn changed(&self, receiver: usize) {
        self.shared.lines[receiver].changed.notified().await;
    }

    /// Notes how an attempt ended.
    pub(crate) fn settle(&self, receiver: usize, number: u64, outcome: &Outcome) {
        let mut state = self.shared.state.lock();
        let State { queues, troubles, recent, unsaved, .. } = &mut *state;
        let (line, queue) = (&self.shared.lines[receiver], &mut queues[receiver]);
        let now = self.shared.clock.now();
        let name = line.receiver.name();
        let Some(settled) = queue.settle(number, outcome, now, fastrand::f64()) else { return };
        troubles[receiver].note(name, outcome, now);
        let fate = settled.fate;
        line.metrics.count(fate);
        if fate == Fate::Expired {
            troubles[receiver].expired(name);
        }
        recent.settled(now, name, settled, outcome.reason());
        if let Some(unsaved) = unsaved.as_mut().filter(|_| fate != Fate::Retried) {
            unsaved.remove(name, number);
        }
        line.note_waiting(queue);
    }

    /// Lets the senders finish what they are sending, and end.
    pub(crate) fn shut_down(&self) {
        self.shared.state.lock().is_stopping = true;
        self.shared.lines.iter().for_each(|line| line.changed.notify_one());
    }

    /// How many messages wait or are being sent, counted once per receiver.
    pub(crate) fn waiting(&self) -> usize {
        self.shared.state.lock().queues.iter().map(Queue::len).sum()
    }

    /// The receivers, in the order of their numbers.
    pub(crate) fn receivers(&self) -> impl Iterator<Item = &Receiver> {
        self.shared.lines.iter().map(|line| &line.receiver)
    }

    /// What was forwarded lately, and what waits.
    pub fn report(&self) -> ForwardingReport {
        let now = self.shared.clock.now();
        let state = self.shared.state.lock();
        let receivers = self.receivers().zip(&state.queues).zip(&state.troubles);
        let receivers: Vec<Snapshot> = receivers
            .map(|((receiver, queue), trouble)| Snapshot::of(receiver, queue, trouble, now))
            .collect();
        let recent = state.recent.clone();
        // Bodies can be large, and events wait for the lock.
        drop(state);
        ForwardingReport::new(receivers, &recent)
    }

    /// Continues with the messages of another process. Those for unknown receivers are dropped.
    pub(crate) fn restore(&self, saved: Vec<SavedMessage>) {
        let mut state = self.shared.state.lock();
        let mut unknown = Unsaved::default();
        for SavedMessage { receiver, number, message } in saved {
            state.latest_number = state.latest_number.max(number);
            let mut names = self.receivers().map(Receiver::name);
            match names.position(|name| **name == *receiver) {
                Some(index) => {
                    state.queues[index].push(number, message, true);
                }
                None => unknown.remove(&receiver, number),
            }
        }
        for (receiver, count) in unknown.removed_by_receiver() {
            tracing::warn!(
                "{receiver} is not a receiver any more: dropped {count} interventions that waited for it"
            );
        }
        for (line, queue) in self.shared.lines.iter().zip(&state.queues) {
            line.note_waiting(queue);
        }
        state.unsaved = Some(unknown);
    }

    /// From now on, records changes for [`Forwarding::take_changes`] and holds messages back until [`Forwarding::release`].
    pub(crate) fn track_changes(&self) {
        self.shared.state.lock().unsaved.get_or_insert_default();
    }

    /// The changes since the last call. Applied to what was saved before, they give the whole state.
    pub(crate) fn take_changes(&self) -> ForwardingChanges {
        let mut state = self.shared.state.lock();
        let latest = state.latest_number;
        let unsaved = state.unsaved.as_mut().map(std::mem::take).unwrap_or_default();
        ForwardingChanges { latest, unsaved }
    }

    /// Makes the next [`Forwarding::take_changes`] return everything, as if all of it were new.
    pub(crate) fn mark_all_changed(&self) {
        let mut state = self.shared.state.lock();
        let mut all = Unsaved::all_forgotten();
        for (receiver, queue) in self.receivers().zip(&state.queues) {
            for (number, message, _) in queue.messages() {
                all.add(receiver.name(), number, Arc::clone(message));
            }
        }
        state.unsaved = Some(all);
    }
}

impl Line {
    fn note_waiting(&self, queue: &Queue) {
        self.metrics.waiting.set(queue.len() as i64);
    }
}

impl ForwardingMetrics {
    fn count(&self, fate: Fate) {
        match fate {
            Fate::Sent => self.sent.inc(),
            Fate::Refused => self.refused.inc(),
            Fate::Retried => self.retried.inc(),
            Fate::Expired => self.expired.inc(),
        };
    }
}
