//! The delivery hub: receives instances and delivers them to every open stream of their targets.
//!
//! [`state`] decides which stream gets what, without a clock or sockets. This module adds the lock, the clock, the metrics and
//! the keep-alive task, and closes a stream when its client goes away.

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

/// More instances than any stream writes.
const NEVER: u32 = u32::MAX;

/// A handle to the hub. Clones share the hub.
#[derive(Debug, Clone)]
pub struct DeliveryHub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The server's name.
    server: &'static str,
    /// One lock for everything, so that opening a stream, replaying and publishing are atomic: a stream neither misses an instance
    /// nor gets it twice, and all streams see the same order. Nothing waits while it is held.
    state: Mutex<HubState>,
    published: Notify,
    /// After how many instances streams end, or [`NEVER`]. Separate from the rest, because every frame of every stream reads
    /// it.
    end_after: AtomicU32,
    /// What the next stream writes after its replayed instances.
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

    /// Opens a stream for `targets`, which must be unique. Resumes after `last_event_id` if there is one.
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

    /// Delivers `instance`. Returns how many open streams got it, or will get it as soon as it is saved.
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

    /// Delivers the instances that were held back until they are saved, up to `position`.
    pub(crate) fn release(&self, position: Position) {
        let published = self.with_state(|state| state.release(position));
        self.note_slow_readers(published.too_slow);
    }

    /// Delivers every instance that was held back.
    pub(crate) fn release_all(&self) {
        let latest = self.with_state(|state| state.latest());
        self.release(latest);
    }

    /// Resolves when an instance was published since the last call. Only one task may wait.
    pub(crate) async fn published(&self) {
        self.shared.published.notified().await;
    }

    /// Writes `raw` unchanged to every open stream, without keeping it. Returns how many streams there are.
    pub fn broadcast(&self, raw: Bytes) -> usize {
        let published = self.with_state(|state| state.broadcast(&Frame::Control(raw)));
        self.note_slow_readers(published.too_slow);
        published.delivered
    }

    /// Makes the next stream that opens write `raw` unchanged after its replayed instances. With `None`, it writes nothing.
    pub fn write_to_next(&self, raw: Option<Bytes>) {
        *self.shared.for_next.lock() = raw;
    }

    /// Ends every stream, including open ones, after this many interventions. With `None`, streams end only when their readers
    /// leave.
    pub fn end_streams_after(&self, count: Option<u32>) {
        self.shared.end_after.store(count.unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// Ends every open stream after its queued frames.
    pub fn close_streams(&self) {
        self.with_state(HubState::close_all);
    }

    /// Ends every open stream after its queued frames, and new ones after their opening.
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

    /// Continues from the state of another process. Call this before anything else.
    pub(crate) fn restore(&self, saved: SavedHub) {
        self.with_state(|state| state.restore(saved));
    }

    /// From now on, records changes for [`DeliveryHub::take_changes`] and holds instances back until [`DeliveryHub::release`].
    pub(crate) fn track_changes(&self) {
        self.with_state(HubState::track_changes);
    }

    /// The changes since the last call. Applied to what was saved before, they give the whole state.
    pub(crate) fn take_changes(&self) -> HubChanges {
        let now = self.shared.clock.now();
        self.with_state(|state| state.take_changes(now))
    }

    /// Makes the next [`DeliveryHub::take_changes`] return everything, as if all of it were new.
    pub(crate) fn mark_all_changed(&self) {
        self.with_state(HubState::mark_all_changed);
    }

    /// The instances that are kept for `target` and when they were published, oldest first.
    pub fn instances(&self, target: &TargetAttributeKey) -> Vec<(Timestamp, InterventionInstance)> {
        let now = self.shared.clock.now();
        self.with_state(|state| state.instances(now, target))
    }

    /// How many streams are open for `target`.
    pub fn streams_of(&self, target: &TargetAttributeKey) -> usize {
        self.with_state(|state| state.streams_of(target))
    }

    /// Sends keep-alive frames and frees old instances. Never returns.
    pub(crate) async fn keep_alive(self) {
        let mut ticks = time::interval(state::TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await; // The first tick is immediate.
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
            tracing::info!(
                count,
                "disconnected clients that read too slowly. They can resume and receive what they missed"
            );
        }
    }
}

/// One open stream. Dropping it closes the stream.
#[derive(Debug)]
#[must_use = "the stream closes when its subscription is dropped"]
pub(crate) struct Subscription {
    hub: DeliveryHub,
    key: StreamKey,
    /// How many instances were read so far.
    instances: u32,
    /// The opening and the replayed instances, which are written before live ones. Most streams stay open long after that, so
    /// their memory is freed.
    #[expect(clippy::box_collection, reason = "three words less in every open stream")]
    first: Option<Box<VecDeque<Replayed>>>,
    outbox: Arc<Outbox>,
}

impl Subscription {
    /// Whether the next frame belongs to the opening or to what is written with it.
    fn is_opening(&self) -> bool {
        let next = self.first.as_ref().and_then(|first| first.front());
        matches!(next, Some(Replayed { frame: Frame::Control(_), .. }))
    }

    /// The next frame to write, or `None` at the end of the stream.
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
        // A client that went away while connecting did not get what waited for its first stream.
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
