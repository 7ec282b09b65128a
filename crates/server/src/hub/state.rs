//! Decides which stream gets what: the hub without a clock, threads or sockets.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use signals_engine::{Timestamp, Triggered};
use signals_wire::stream::KEEP_ALIVE_MS;
use signals_wire::{InterventionInstance, TargetAttributeKey};
use slotmap::{SlotMap, new_key_type};

use super::outbox::Outbox;
use super::position::{Epoch, EventId, Position};
use super::replay::{Kept, ReplayBuffer};
use super::rules::DeliveryRules;
use super::saved::{HubChanges, SavedHub, SavedInstance, Unsaved};
use super::waiting::{Waiting, WaitingRoom};
use crate::frame::{Dialect, Frame, InstanceFrame};

new_key_type! {
    /// An open stream.
    pub(super) struct StreamKey;
}

/// How often [`HubState::tick`] must be called.
pub(super) const TICK: Duration = Duration::from_secs(1);

/// Ticks between two keep-alive frames of a stream.
const KEEP_ALIVE_TICKS: u64 = KEEP_ALIVE_MS / TICK.as_millis() as u64;

/// The open streams, and the instances that can be replayed or wait for a stream.
///
/// Every call takes the current time. If it is earlier than that of the last call, the last one counts. Calls do not block and
/// are short. Publishing pushes to one queue per stream that gets the instance.
#[derive(Debug)]
pub(super) struct HubState {
    rules: DeliveryRules,
    epoch: Epoch,
    now: Timestamp,
    ticks: u64,
    is_shut_down: bool,
    /// Position of the latest instance.
    latest: Position,
    /// Position of the latest instance that streams may see.
    released: Position,
    /// Instances after `released`, oldest first.
    held: VecDeque<Held>,
    streams: SlotMap<StreamKey, OpenStream>,
    /// Targets that have an open stream or something to replay.
    targets: HashMap<Arc<TargetAttributeKey>, TargetState>,
    waiting: WaitingRoom,
    /// Targets with something to replay, each once, and when their buffers were last checked.
    aging: VecDeque<(Timestamp, Arc<TargetAttributeKey>)>,
    kept: KeptInAll,
    /// `None` without a data file.
    unsaved: Option<Unsaved>,
}

/// How much is kept for replay, over all targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct KeptInAll {
    pub(super) instances: usize,
    bytes: usize,
}

impl KeptInAll {
    fn add(&mut self, kept: &Kept) {
        self.instances += 1;
        self.bytes += kept.size();
    }

    fn remove(&mut self, kept: &Kept) {
        self.instances -= 1;
        self.bytes -= kept.size();
    }
}

/// The targets of a stream.
pub(super) type Targets = Arc<[Arc<TargetAttributeKey>]>;

#[derive(Debug)]
struct OpenStream {
    outbox: Arc<Outbox>,
    dialect: Dialect,
    targets: Targets,
    /// Position of the latest live instance that it got. It gets no instance up to there, so that one with several targets is
    /// written once.
    given: Position,
    /// Which ticks send it a keep-alive frame. The first comes a whole interval after it opened, and streams that opened at
    /// different times do not all write at the same time.
    keep_alive_phase: u64,
}

#[derive(Debug, Default)]
struct TargetState {
    replay: ReplayBuffer,
    streams: Vec<StreamKey>,
}

/// An instance, for one of its targets.
#[derive(Debug)]
struct Addressed {
    target: Arc<TargetAttributeKey>,
    frame: InstanceFrame,
}

/// An instance that streams may not see yet.
#[derive(Debug)]
struct Held {
    position: Position,
    addressed: Vec<Addressed>,
    /// Whether it waits for a stream.
    waits: bool,
}

/// What a new stream writes before the frames of its outbox.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) key: StreamKey,
    pub(super) outbox: Arc<Outbox>,
    pub(super) targets: Targets,
    /// The id from which a client can resume without a gap if it receives nothing else. `None` if streams cannot be resumed.
    pub(super) start: Option<EventId>,
    /// Missed instances, oldest first.
    pub(super) replay: Vec<Replayed>,
}

/// An instance that a new stream missed.
#[derive(Debug)]
pub(super) struct Replayed {
    pub(super) frame: Frame,
    /// For an instance that waited for a stream: give this back if the stream ends before the instance is written.
    pub(super) waiting: Option<Waiting>,
}

/// The outcome of publishing an instance.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Published {
    /// Open streams that got it, or will get it when it is released.
    pub(super) delivered: usize,
    /// Streams that were closed because their client reads too slowly.
    pub(super) too_slow: usize,
}

impl HubState {
    pub(super) fn new(rules: DeliveryRules, epoch: Epoch) -> Self {
        Self {
            rules,
            epoch,
            now: Timestamp::from_millis(i64::MIN),
            ticks: 0,
            is_shut_down: false,
            latest: Position::START,
            released: Position::START,
            held: VecDeque::new(),
            streams: SlotMap::with_key(),
            targets: HashMap::new(),
            waiting: WaitingRoom::default(),
            aging: VecDeque::new(),
            kept: KeptInAll::default(),
            unsaved: None,
        }
    }

    /// Continues from the state of another process. Call this before anything else.
    pub(super) fn restore(&mut self, saved: SavedHub) {
        let SavedHub { epoch, latest, instances, waiting } = saved;
        self.epoch = epoch;
        self.latest = latest.after_restart();
        self.released = self.latest;
        for SavedInstance { position, target, at, frame } in instances {
            // Skip what is not a frame.
            let Some(frame) = InstanceFrame::from_bytes(frame) else { continue };
            self.advance(at);
            self.keep(target, Kept { position, at, frame });
        }
        for (position, since) in waiting {
            self.waiting.admit(position, since, self.rules.waiting_instances);
        }
    }

    /// From now on, records changes for [`HubState::take_changes`] and holds instances back until [`HubState::release`].
    pub(super) fn track_changes(&mut self) {
        self.unsaved.get_or_insert_default();
    }

    /// The changes since the last call. Applied to what was saved before, they give the whole state.
    pub(super) fn take_changes(&mut self, now: Timestamp) -> HubChanges {
        self.advance(now);
        HubChanges {
            epoch: self.epoch,
            latest: self.latest,
            replayed_after: self.ago(self.rules.replay_window),
            waiting_after: self.ago(self.rules.waiting_time),
            unsaved: self.unsaved.as_mut().map(mem::take).unwrap_or_default(),
        }
    }

    /// Makes the next [`HubState::take_changes`] return everything, as if all of it were new.
    pub(super) fn mark_all_changed(&mut self) {
        let Some(unsaved) = &mut self.unsaved else { return };
        let instances = self.targets.iter().flat_map(|(target, state)| {
            state.replay.iter().map(|kept| saved_instance(target, kept))
        });
        let waiting = self.waiting.iter().map(|(position, since)| (position, Some(since)));
        *unsaved = Unsaved {
            all_forgotten: true,
            published: instances.collect(),
            dropped: Vec::new(),
            waiting: waiting.collect(),
        };
    }

    /// Opens a stream for `targets`, which gets everything that is published from now on.
    ///
    /// Replays the instances after `last_event_id`, or all that are kept if that id is unknown. Without an id, it replays
    /// none. Instances that wait for a stream are always replayed.
    pub(super) fn open(
        &mut self,
        now: Timestamp,
        targets: &[TargetAttributeKey],
        dialect: Dialect,
        last_event_id: Option<&str>,
    ) -> Opened {
        self.advance(now);
        let (start, missed) = if self.rules.live_only {
            (None, BTreeMap::new())
        } else {
            let after = match last_event_id {
                None => self.released,
                Some(id) => self.known_position(id).unwrap_or(Position::START),
            };
            let missed = self.take_missed(targets, dialect, after);
            // Until the replayed instances arrive, the latest position would hide them from a client that loses the
            // connection and resumes.
            let start = missed.keys().next().map_or(self.released, |first| first.previous());
            (Some(self.epoch.event_id(start)), missed)
        };
        let (key, outbox, targets) = self.register(targets, dialect);
        if self.is_shut_down {
            self.close(key);
        }
        Opened { key, outbox, targets, start, replay: missed.into_values().collect() }
    }

    /// Gives `instance` to every open stream of its targets and keeps it for replay.
    pub(super) fn publish(&mut self, now: Timestamp, instance: &Triggered) -> Published {
        self.advance(now);
        self.latest = self.latest.next();
        let position = self.latest;
        let mut addressed = Vec::with_capacity(instance.targets.len());
        for target in &instance.targets {
            let frame = InstanceFrame::new(self.epoch.event_id(position), instance, target);
            let target = shared(&self.targets, target);
            let kept = Kept { position, at: self.now, frame: frame.clone() };
            if let Some(unsaved) = &mut self.unsaved {
                unsaved.published.push(saved_instance(&target, &kept));
            }
            self.keep(Arc::clone(&target), kept);
            addressed.push(Addressed { target, frame });
        }
        self.make_room();
        if self.unsaved.is_some() {
            self.hold(position, addressed)
        } else {
            self.released = position;
            let published = self.give(position, &addressed);
            if published.delivered == 0 {
                self.let_wait(position);
            }
            published
        }
    }

    /// Delivers the instances that were held back until they are saved, up to `position`.
    pub(super) fn release(&mut self, position: Position) -> Published {
        self.released = self.released.max(position);
        let mut all = Published { delivered: 0, too_slow: 0 };
        while self.held.front().is_some_and(|held| held.position <= position)
            && let Some(Held { position, addressed, waits }) = self.held.pop_front()
        {
            let Published { delivered, too_slow } = self.give(position, &addressed);
            match (waits, delivered) {
                // Its streams have closed in the meantime.
                (false, 0) => self.let_wait(position),
                // A stream has opened in the meantime.
                (true, 1..) => self.let_wait_no_longer(position),
                _ => {}
            }
            all.delivered += delivered;
            all.too_slow += too_slow;
        }
        all
    }

    /// Position of the latest instance.
    pub(super) fn latest(&self) -> Position {
        self.latest
    }

    /// Writes `frame` to every open stream. It is not kept for replay.
    pub(super) fn broadcast(&mut self, frame: &Frame) -> Published {
        let too_slow: Vec<StreamKey> = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.outbox.push(frame.clone()).is_err())
            .map(|(key, _)| key)
            .collect();
        for key in &too_slow {
            self.close(*key);
        }
        Published { delivered: self.streams.len(), too_slow: too_slow.len() }
    }

    /// Keeps streams alive and frees old instances. Call this every [`TICK`].
    pub(super) fn tick(&mut self, now: Timestamp) {
        self.advance(now);
        self.ticks += 1;
        let phase = self.ticks % KEEP_ALIVE_TICKS;
        // A comment keeps proxies from closing the connection. Unlike a ping, clients cannot rely on it.
        let keep_alive = if self.rules.live_only { Frame::comment() } else { Frame::ping() };
        for stream in self.streams.values().filter(|stream| stream.keep_alive_phase == phase) {
            stream.outbox.push_if_idle(keep_alive.clone());
        }
        self.forget_expired(now);
    }

    /// Frees old instances.
    pub(super) fn forget_expired(&mut self, now: Timestamp) {
        self.advance(now);
        self.waiting.forget_until(self.ago(self.rules.waiting_time));
        self.forget_old_replays();
    }

    /// Closes a stream, if it is still open.
    pub(super) fn close(&mut self, key: StreamKey) {
        let Some(stream) = self.streams.remove(key) else { return };
        stream.outbox.close();
        for target in &*stream.targets {
            let Some(state) = self.targets.get_mut(target) else { continue };
            if let Some(index) = state.streams.iter().position(|open| *open == key) {
                state.streams.swap_remove(index);
            }
            if state.is_idle() {
                self.targets.remove(target);
            }
        }
    }

    /// Makes instances wait again that a stream took but did not write.
    pub(super) fn wait_again(&mut self, unwritten: impl IntoIterator<Item = Waiting>) {
        for waiting in unwritten {
            note_waiting(&mut self.unsaved, waiting.position, Some(waiting.since));
            self.waiting.give_back(waiting);
        }
    }

    /// Closes every stream, and every new one after its opening.
    pub(super) fn shut_down(&mut self) {
        self.is_shut_down = true;
        self.close_all();
    }

    /// Closes every stream.
    pub(super) fn close_all(&mut self) {
        let keys: Vec<StreamKey> = self.streams.keys().collect();
        for key in keys {
            self.close(key);
        }
    }

    /// Forgets every instance. Streams stay open, and positions continue.
    pub(super) fn forget_instances(&mut self) {
        self.released = self.latest;
        self.held.clear();
        self.waiting = WaitingRoom::default();
        self.aging.clear();
        self.kept = KeptInAll::default();
        if let Some(unsaved) = &mut self.unsaved {
            *unsaved = Unsaved { all_forgotten: true, ..Unsaved::default() };
        }
        self.targets.retain(|_, state| {
            state.replay = ReplayBuffer::default();
            !state.is_idle()
        });
    }

    /// The instances that could be replayed to `target`, oldest first.
    pub(super) fn instances(
        &mut self,
        now: Timestamp,
        target: &TargetAttributeKey,
    ) -> Vec<(Timestamp, InterventionInstance)> {
        self.advance(now);
        let oldest = self.ago(self.rules.replay_window);
        let kept =
            self.targets.get(target).into_iter().flat_map(|state| state.replay.since(oldest));
        kept.filter_map(|kept| Some((kept.at, kept.frame.instance()?))).collect()
    }

    /// How many streams are open for `target`.
    pub(super) fn streams_of(&self, target: &TargetAttributeKey) -> usize {
        self.targets.get(target).map_or(0, |state| state.streams.len())
    }

    /// How much is kept for replay.
    pub(super) fn kept(&self) -> KeptInAll {
        self.kept
    }

    /// How many instances wait for a stream.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many streams are open.
    pub(super) fn open_streams(&self) -> usize {
        self.streams.len()
    }

    fn register(
        &mut self,
        targets: &[TargetAttributeKey],
        dialect: Dialect,
    ) -> (StreamKey, Arc<Outbox>, Targets) {
        let outbox = Arc::new(Outbox::new(self.rules.queue_bytes));
        let targets: Targets = targets.iter().map(|target| shared(&self.targets, target)).collect();
        let key = self.streams.insert(OpenStream {
            outbox: Arc::clone(&outbox),
            dialect,
            targets: Arc::clone(&targets),
            // Instances that are held back were published before this stream opened.
            given: if self.rules.live_only { self.latest } else { Position::START },
            keep_alive_phase: self.ticks % KEEP_ALIVE_TICKS,
        });
        for target in &*targets {
            self.targets.entry(Arc::clone(target)).or_default().streams.push(key);
        }
        (key, outbox, targets)
    }

    /// The instances that a new stream of `targets` missed, by position. An instance for several of the targets is in it once.
    fn take_missed(
        &mut self,
        targets: &[TargetAttributeKey],
        dialect: Dialect,
        after: Position,
    ) -> BTreeMap<Position, Replayed> {
        let oldest = self.ago(self.rules.replay_window);
        let waiting_since = self.ago(self.rules.waiting_time);
        let Self { targets: known, waiting: waiting_room, unsaved, released, .. } = self;
        let mut missed = BTreeMap::new();
        for state in targets.iter().filter_map(|target| known.get(target)) {
            let seen = state.replay.since(oldest).take_while(|kept| kept.position <= *released);
            for Kept { position, frame, .. } in seen {
                let waiting = waiting_room.take(*position, waiting_since);
                if waiting.is_some() {
                    note_waiting(unsaved, *position, None);
                }
                if waiting.is_some() || *position > after {
                    missed
                        .entry(*position)
                        .or_insert_with(|| Replayed { frame: frame.frame(dialect), waiting });
                }
            }
        }
        missed
    }

    /// Holds an instance back until it is released.
    fn hold(&mut self, position: Position, addressed: Vec<Addressed>) -> Published {
        let targets = addressed.iter().filter_map(|one| self.targets.get(&one.target));
        let streams: HashSet<StreamKey> =
            targets.flat_map(|target| target.streams.iter().copied()).collect();
        let waits = streams.is_empty();
        if waits {
            self.let_wait(position);
        }
        self.held.push_back(Held { position, addressed, waits });
        Published { delivered: streams.len(), too_slow: 0 }
    }

    fn let_wait(&mut self, position: Position) {
        if self.rules.live_only {
            return;
        }
        self.waiting.admit(position, self.now, self.rules.waiting_instances);
        note_waiting(&mut self.unsaved, position, Some(self.now));
    }

    fn let_wait_no_longer(&mut self, position: Position) {
        self.waiting.remove(position);
        note_waiting(&mut self.unsaved, position, None);
    }

    /// Delivers an instance to every open stream of its targets, once to each.
    fn give(&mut self, position: Position, addressed: &[Addressed]) -> Published {
        let mut too_slow = Vec::new();
        let mut delivered = 0;
        for Addressed { target, frame } in addressed {
            let Some(state) = self.targets.get(target) else { continue };
            for key in &state.streams {
                let Some(stream) = self.streams.get_mut(*key) else { continue };
                if stream.given >= position {
                    continue;
                }
                stream.given = position;
                let frame = match self.rules.live_only {
                    true => frame.frame_without_id(stream.dialect),
                    false => frame.frame(stream.dialect),
                };
                match stream.outbox.push(frame) {
                    Ok(()) => delivered += 1,
                    Err(_) => too_slow.push(*key),
                }
            }
        }
        for key in &too_slow {
            self.close(*key);
        }
        Published { delivered, too_slow: too_slow.len() }
    }

    fn known_position(&self, event_id: &str) -> Option<Position> {
        self.epoch.position(event_id).filter(|position| *position <= self.latest)
    }

    /// Frees old instances in the buffers that were not checked for a whole replay window. They are not replayed anyway, so this
    /// only saves memory, with one entry per target instead of one per instance.
    fn forget_old_replays(&mut self) {
        let oldest = self.ago(self.rules.replay_window);
        while self.aging.front().is_some_and(|(looked_at, _)| *looked_at <= oldest) {
            let Some((_, target)) = self.aging.pop_front() else { return };
            let Some(state) = self.targets.get_mut(&target) else { continue };
            while let Some(forgotten) = state.replay.pop_until(oldest) {
                self.kept.remove(&forgotten);
            }
            if !state.replay.is_empty() {
                self.aging.push_back((self.now, target));
            } else if state.is_idle() {
                self.targets.remove(&target);
            }
        }
        // Shrink tables that were much larger before.
        if self.targets.capacity() / 4 > self.targets.len() {
            self.targets.shrink_to(self.targets.len() * 2);
        }
        if self.aging.capacity() / 4 > self.aging.len() {
            self.aging.shrink_to(self.aging.len() * 2);
        }
    }

    /// Keeps an instance for replay to `target`, and drops the oldest ones beyond the limit.
    fn keep(&mut self, target: Arc<TargetAttributeKey>, kept: Kept) {
        let state = self.targets.entry(Arc::clone(&target)).or_default();
        if state.replay.is_empty() {
            self.aging.push_back((self.now, Arc::clone(&target)));
        }
        while state.replay.len() >= self.rules.replay_instances.max(1)
            && let Some(dropped) = state.replay.pop_oldest()
        {
            self.kept.remove(&dropped);
            note_dropped(&mut self.unsaved, dropped.position, &target);
        }
        self.kept.add(&kept);
        state.replay.push(kept);
    }

    /// Drops instances early when all together take too much memory, beginning with the targets that were checked longest ago.
    fn make_room(&mut self) {
        while self.kept.bytes > self.rules.replay_bytes {
            let Some((_, target)) = self.aging.pop_front() else { return };
            let Some(state) = self.targets.get_mut(&target) else { continue };
            if let Some(dropped) = state.replay.pop_oldest() {
                self.kept.remove(&dropped);
                note_dropped(&mut self.unsaved, dropped.position, &target);
            }
            if !state.replay.is_empty() {
                self.aging.push_back((self.now, target));
            } else if state.is_idle() {
                self.targets.remove(&target);
            }
        }
    }

    fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    fn ago(&self, duration: Duration) -> Timestamp {
        self.now.plus_millis(-i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
    }
}

impl TargetState {
    fn is_idle(&self) -> bool {
        self.streams.is_empty() && self.replay.is_empty()
    }
}

fn saved_instance(target: &Arc<TargetAttributeKey>, kept: &Kept) -> SavedInstance {
    SavedInstance {
        position: kept.position,
        target: Arc::clone(target),
        at: kept.at,
        frame: kept.frame.bytes().clone(),
    }
}

fn note_waiting(unsaved: &mut Option<Unsaved>, position: Position, since: Option<Timestamp>) {
    if let Some(unsaved) = unsaved {
        unsaved.waiting.insert(position, since);
    }
}

fn note_dropped(
    unsaved: &mut Option<Unsaved>,
    position: Position,
    target: &Arc<TargetAttributeKey>,
) {
    if let Some(unsaved) = unsaved {
        unsaved.dropped.push((position, Arc::clone(target)));
    }
}

/// The shared copy of `target`, so that it is in memory once.
fn shared(
    known: &HashMap<Arc<TargetAttributeKey>, TargetState>,
    target: &TargetAttributeKey,
) -> Arc<TargetAttributeKey> {
    match known.get_key_value(target) {
        Some((known, _)) => Arc::clone(known),
        None => Arc::new(target.clone()),
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
