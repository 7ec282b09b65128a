//! The delivery hub: takes instances in and hands them to every open stream of their targets.
//!
//! [`state`] decides who gets what and knows neither time nor sockets. What is here adds the lock, the clock, the metrics and
//! the keep-alive task, and makes a stream end when its reader goes away.

mod outbox;
mod position;
mod replay;
mod rules;
mod saved;
mod state;
mod waiting;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use parking_lot::Mutex;
use signals_engine::{Timestamp, Triggered};
use signals_wire::{InterventionInstance, TargetAttributeKey};
use tokio::sync::Notify;
use tokio::time::{self, MissedTickBehavior};

use self::outbox::Outbox;
pub(crate) use self::position::{Epoch, Position};
pub(crate) use self::rules::DeliveryRules;
pub(crate) use self::saved::{HubChanges, SavedHub, SavedInstance};
use self::state::{HubState, Opened, Replayed, StreamKey};
use crate::clock::Clock;
use crate::frame::{Dialect, Frame};
use crate::journal::{Happening, Journal};
use crate::metrics::Metrics;

/// More instances than any stream brings.
const NEVER: u32 = u32::MAX;

/// Handle on the hub. Clones are the same hub.
#[derive(Debug, Clone)]
pub struct DeliveryHub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The name by which the server introduces itself.
    server: &'static str,
    /// One lock for everything makes registering, replaying and publishing one step each: a stream can neither miss an
    /// instance nor get it twice, and all streams see the same order. Nothing waits while it is held.
    state: Mutex<HubState>,
    published: Notify,
    /// After how many instances streams end. Apart from the rest because every frame of every stream asks for it.
    end_after: AtomicU32,
    /// What the next stream writes after what it has missed.
    for_next: Mutex<Option<Bytes>>,
    clock: Clock,
    journal: Journal,
    metrics: Metrics,
}

impl DeliveryHub {
    pub(crate) fn new(
        server: &'static str,
        rules: DeliveryRules,
        clock: Clock,
        journal: Journal,
        metrics: Metrics,
    ) -> Self {
        let state = Mutex::new(HubState::new(rules, Epoch::random()));
        let shared = Shared {
            server,
            state,
            published: Notify::new(),
            end_after: AtomicU32::new(NEVER),
            for_next: Mutex::default(),
            clock,
            journal,
            metrics,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Opens a stream for `targets`, which must not repeat, resuming after `last_event_id` if there is one.
    pub(crate) fn subscribe(
        &self,
        targets: &[TargetAttributeKey],
        dialect: Dialect,
        last_event_id: Option<&str>,
    ) -> Subscription {
        let now = self.shared.clock.now();
        let Opened { key, outbox, targets, start, replay } =
            self.with_state(|state| state.open(now, targets, dialect, last_event_id));
        let replayed = replay.len();
        self.shared.metrics.instances_replayed.inc_by(replayed as u64);
        self.shared.journal.write(now, Happening::StreamOpened { targets, replayed });
        let opening = match start {
            Some(start) => Frame::opening(self.shared.server, start),
            None => Frame::comment(),
        };
        let raw = self.shared.for_next.lock().take().map(Frame::Control);
        let plain = |frame| Replayed { frame, waiting: None };
        let first = [plain(opening)].into_iter().chain(replay).chain(raw.map(plain)).collect();
        Subscription { hub: self.clone(), key, instances: 0, first: Some(Box::new(first)), outbox }
    }

    /// Delivers `instance` and says how many open streams got it, or get it as soon as it is saved.
    pub(crate) fn publish(&self, instance: Triggered) -> usize {
        let now = self.shared.clock.now();
        let published = self.with_state(|state| state.publish(now, &instance));
        let streams = published.delivered;
        self.shared.metrics.instances_delivered.inc_by(streams as u64);
        self.shared.journal.write(now, Happening::Published { instance, streams });
        self.note_slow_readers(published.too_slow);
        self.shared.published.notify_one();
        published.delivered
    }

    /// Gives streams what was held back, up to the instance at `position`, for that is saved now.
    pub(crate) fn release(&self, position: Position) {
        let published = self.with_state(|state| state.release(position));
        self.note_slow_readers(published.too_slow);
    }

    /// Gives streams everything that was held back.
    pub(crate) fn release_all(&self) {
        let latest = self.with_state(|state| state.latest());
        self.release(latest);
    }

    /// Resolves when an instance was published since this was last awaited. Meant for one who waits.
    pub(crate) async fn published(&self) {
        self.shared.published.notified().await;
    }

    /// Writes `raw`, whatever it is, to every open stream, and says how many there are. It is not kept.
    pub fn broadcast(&self, raw: Bytes) -> usize {
        let published = self.with_state(|state| state.broadcast(&Frame::Control(raw)));
        self.note_slow_readers(published.too_slow);
        published.delivered
    }

    /// Has `raw`, whatever it is, written to the next stream that opens, after what that has missed; with `None`, nothing.
    pub fn write_to_next(&self, raw: Option<Bytes>) {
        *self.shared.for_next.lock() = raw;
    }

    /// Ends streams, also those that are open, when they have brought so many interventions; with `None`, only when their readers
    /// go.
    pub fn end_streams_after(&self, count: Option<u32>) {
        self.shared.end_after.store(count.unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// Ends every open stream after what is queued for it.
    pub fn close_streams(&self) {
        self.with_state(HubState::close_all);
    }

    /// Ends every open stream after what is queued for it, and new ones after their opening.
    pub(crate) fn shut_down(&self) {
        self.with_state(HubState::shut_down);
    }

    /// Forgets every instance; streams stay open.
    pub(crate) fn forget_instances(&self) {
        self.with_state(HubState::forget_instances);
    }

    /// Frees instances that are too old to be replayed.
    pub(crate) fn forget_expired(&self) {
        let now = self.shared.clock.now();
        self.with_state(|state| state.forget_expired(now));
    }

    /// Goes on from where another process was. To be called before anything happens.
    pub(crate) fn restore(&self, saved: SavedHub) {
        self.with_state(|state| state.restore(saved));
    }

    /// Notes from now on what changes, for [`DeliveryHub::take_changes`], and holds instances back until [`DeliveryHub::release`].
    pub(crate) fn track_changes(&self) {
        self.with_state(HubState::track_changes);
    }

    /// What has changed since the last call. Whoever applies it to what was saved before has saved everything.
    pub(crate) fn take_changes(&self) -> HubChanges {
        let now = self.shared.clock.now();
        self.with_state(|state| state.take_changes(now))
    }

    /// Makes the next [`DeliveryHub::take_changes`] tell everything, as if it were all new.
    pub(crate) fn mark_all_changed(&self) {
        self.with_state(HubState::mark_all_changed);
    }

    /// The instances of the last minutes for `target` and when they were published, oldest first.
    pub fn instances(&self, target: &TargetAttributeKey) -> Vec<(Timestamp, InterventionInstance)> {
        let now = self.shared.clock.now();
        self.with_state(|state| state.instances(now, target))
    }

    /// How many streams are open for `target`.
    pub fn streams_of(&self, target: &TargetAttributeKey) -> usize {
        self.with_state(|state| state.streams_of(target))
    }

    /// Sends keep-alive frames and forgets what is too old, for ever.
    pub(crate) async fn keep_alive(self) {
        let mut ticks = time::interval(state::TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await; // The first one comes at once.
        loop {
            ticks.tick().await;
            let now = self.shared.clock.now();
            self.with_state(|state| state.tick(now));
        }
    }

    fn with_state<T>(&self, work: impl FnOnce(&mut HubState) -> T) -> T {
        let mut state = self.shared.state.lock();
        let result = work(&mut state);
        self.shared.metrics.open_streams.set(state.open_streams() as i64);
        self.shared.metrics.instances_kept.set(state.kept().instances as i64);
        self.shared.metrics.instances_waiting.set(state.waiting() as i64);
        result
    }

    fn note_slow_readers(&self, count: usize) {
        if count > 0 {
            self.shared.metrics.instances_dropped.inc_by(count as u64);
            tracing::info!(count, "disconnected readers that were too slow; they resume by replay");
        }
    }
}

/// One open stream. Dropping it closes the stream.
#[derive(Debug)]
#[must_use = "the stream closes when its subscription is dropped"]
pub(crate) struct Subscription {
    hub: DeliveryHub,
    key: StreamKey,
    /// Instances read so far.
    instances: u32,
    /// The opening and the replayed instances, which come before anything live. Most streams live long after these are written,
    /// and keep no memory for them.
    #[expect(clippy::box_collection, reason = "three words less in every open stream")]
    first: Option<Box<VecDeque<Replayed>>>,
    outbox: Arc<Outbox>,
}

impl Subscription {
    /// Whether the next frame is part of the opening, or of what comes with it.
    fn is_opening(&self) -> bool {
        let next = self.first.as_ref().and_then(|first| first.front());
        matches!(next, Some(Replayed { frame: Frame::Control(_), .. }))
    }

    /// The next frame to write; `None` when the stream is over.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame>> {
        let end_after = self.hub.shared.end_after.load(Ordering::Relaxed);
        if self.instances >= end_after && !self.is_opening() {
            return Poll::Ready(None);
        }
        let frame = match self.first.as_mut().and_then(|first| first.pop_front()) {
            Some(Replayed { frame, .. }) => Some(frame),
            None => {
                self.first = None;
                ready!(self.outbox.poll_next(context))
            }
        };
        if let Some(Frame::Instance(_)) = frame {
            self.instances = self.instances.saturating_add(1);
        }
        Poll::Ready(frame)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // Whoever went away while connecting has not got what waited for the first stream.
        let unwritten = self
            .first
            .take()
            .into_iter()
            .flat_map(|first| *first)
            .filter_map(|first| first.waiting);
        self.hub.with_state(|state| {
            state.close(self.key);
            state.wait_again(unwritten);
        });
    }
}
