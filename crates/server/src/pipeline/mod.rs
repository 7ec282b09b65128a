//! Processes events: decodes them, removes duplicates, counts them in the engine, and delivers what they trigger.
//!
//! [`admit`] turns a request into commands. [`apply`] is a pure function that computes the effects of a command. This
//! module gives each command its position, applies the commands in order, and passes their effects to the journal, the metrics
//! and the hub.

mod admit;
mod apply;
mod duplicates;
mod later;
mod read_positions;

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Serialize;
use signals_engine::{
    Arrival, ContextReading, DefinitionError, Definitions, Engine, Event, GroupReading,
    ProfileChanges, RuleReading, Snapshot, Timestamp, Triggered,
};
use signals_wire::TargetAttributeKey;
use tokio::time;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use self::admit::RawEvent;
pub use self::admit::Record;
use self::admit::{in_batches, record_in_batches};
pub(crate) use self::apply::DirectIntervention;
use self::apply::{Admitted, Command, Effect, LogPosition, Replica};
use self::duplicates::SeenEvents;
pub(crate) use self::duplicates::{SavedSeenEvents, SeenEventsChanges};
use self::later::Later;
use self::read_positions::ReadPositions;
pub use self::read_positions::{Partition, ReadPosition};
use crate::forwarding::{Forwarding, ForwardingChanges};
use crate::hub::{DeliveryHub, HubChanges};
use crate::journal::{Happening, Journal};
use crate::metrics::Metrics;

/// How many profiles are kept, regardless of the attributes' time to live. Beyond it, those that have had no event for longest are
/// forgotten.
const MAX_PROFILES: usize = 1_000_000;

/// A consistent set of changes of the whole server.
#[derive(Debug)]
pub(crate) struct PipelineChanges {
    pub(crate) profiles: ProfileChanges,
    pub(crate) seen: SeenEventsChanges,
    pub(crate) hub: HubChanges,
    pub(crate) forwarding: ForwardingChanges,
    /// The partitions that were read further, and their next lines.
    pub(crate) read: Vec<(Partition, ReadPosition)>,
}

/// The path of every event through the server.
#[derive(Debug)]
pub struct Pipeline {
    /// One lock, also held while an instance is passed to the hub, so that instances are delivered in the order in which their
    /// events were counted.
    memory: Mutex<Memory>,
    hub: DeliveryHub,
    forwarding: Forwarding,
    journal: Journal,
    metrics: Metrics,
    /// Where events wait if they are not processed at once.
    later: Option<Later<Vec<Command>>>,
    /// The warning of enriched events with unknown columns.
    unknown_columns: Once,
}

/// How many lines of enriched events were taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EnrichedTakenIn {
    /// Lines that are events. Those that the server has received before are included, but do not count again.
    events: usize,
    /// Lines that are not events. They are among the bad rows.
    bad: usize,
}

#[derive(Debug)]
struct Memory {
    replica: Replica,
    /// The position of the latest command. Every process has its own order of commands, and so its own epoch.
    latest: LogPosition,
}

/// The result of a command, for its sender.
#[derive(Debug, Default)]
struct Done {
    /// How many open streams received the delivered interventions, or receive them as soon as they are saved.
    streams: usize,
    refused: Option<DefinitionError>,
}

impl Pipeline {
    pub(crate) fn new(
        engine: Engine,
        hub: DeliveryHub,
        forwarding: Forwarding,
        journal: Journal,
        metrics: Metrics,
        delay: Option<Duration>,
    ) -> Self {
        let replica = Replica {
            engine,
            seen: SeenEvents::default(),
            read: ReadPositions::default(),
            max_profiles: MAX_PROFILES,
        };
        let memory = Memory { replica, latest: LogPosition { epoch: Uuid::new_v4(), sequence: 0 } };
        Self {
            memory: Mutex::new(memory),
            hub,
            forwarding,
            journal,
            metrics,
            later: delay.map(Later::new),
            unknown_columns: Once::new(),
        }
    }

    /// Processes the events of one request in order. When this returns, attributes are updated and triggered instances are
    /// queued for delivery. With a processing delay, this happens after the delay.
    pub(crate) fn take_in<'a>(
        self: &Arc<Self>,
        events: impl IntoIterator<Item = RawEvent<'a>>,
        arrival: &Arrival,
    ) {
        let events = events.into_iter().map(|event| Admitted::from_tracker(event, arrival));
        self.accept(in_batches(events, arrival.collector_tstamp));
    }

    /// Processes lines of enriched events in order, as those of a request are. The events count as if they had been collected
    /// `now`. Ignores empty lines.
    pub fn take_in_enriched(self: &Arc<Self>, lines: &str, now: Timestamp) -> EnrichedTakenIn {
        let mut taken_in = EnrichedTakenIn::default();
        let events = lines.lines().filter(|line| !line.is_empty()).map(|line| {
            self.warn_of_unknown_columns(line);
            let event = Admitted::from_enriched(line, now);
            match event {
                Admitted::Good(_) => taken_in.events += 1,
                Admitted::Bad(..) => taken_in.bad += 1,
            }
            event
        });
        self.accept(in_batches(events, now));
        taken_in
    }

    /// Warns once, because all events of a newer enrichment have the same columns.
    fn warn_of_unknown_columns(&self, line: &str) {
        if self.unknown_columns.is_completed() {
            return;
        }
        let unknown = Event::unknown_columns(line);
        if unknown > 0 {
            self.unknown_columns.call_once(|| {
                tracing::warn!("ignoring {unknown} unknown columns at the end of enriched events");
            });
        }
    }

    /// Applies commands at once or after the delay.
    fn accept(self: &Arc<Self>, commands: impl Iterator<Item = Command>) {
        match &self.later {
            None => self.process(commands),
            Some(later) => {
                let number = later.push(commands.collect(), |commands| self.process(commands));
                tokio::spawn(Arc::clone(self).process_later(number));
            }
        }
    }

    /// Processes the lines of a record that were not read before. When this returns, attributes are updated and triggered
    /// interventions are queued for delivery. A data file saves these effects and the [read position](Self::read_position) together,
    /// so a line counts once, whenever the server stops. `now` is the time of bad rows and of the journal.
    pub fn take_in_record(&self, record: Record, now: Timestamp) {
        for line in record.lines.iter().flatten() {
            self.warn_of_unknown_columns(line);
        }
        for command in record_in_batches(record, now) {
            self.apply(command);
        }
    }

    /// The next line to read from a partition. `None` if nothing was read from it.
    pub fn read_position(&self, partition: &Partition) -> Option<ReadPosition> {
        self.memory.lock().replica.read.next(partition)
    }

    /// Reads a partition from `position` on, also if it was read further before.
    pub fn rewind(&self, partition: Partition, position: ReadPosition) {
        self.apply(Command::Rewind(partition, position));
    }

    /// Processes all waiting events now, without the delay.
    pub(crate) fn finish(&self) {
        if let Some(later) = &self.later {
            later.do_all(|commands| self.process(commands));
        }
    }

    async fn process_later(self: Arc<Self>, number: u64) {
        let Some(later) = &self.later else { return };
        time::sleep(later.delay()).await;
        later.do_until(number, |commands| self.process(commands));
    }

    fn process(&self, commands: impl IntoIterator<Item = Command>) {
        let started = Instant::now();
        for command in commands {
            self.apply(command);
        }
        self.metrics.processed_in(started.elapsed());
    }

    /// Applies a command after all earlier ones, and passes on its effects.
    fn apply(&self, command: Command) -> Done {
        let mut memory = self.memory.lock();
        memory.latest.sequence += 1;
        let position = memory.latest;
        let mut done = Done::default();
        memory.replica.apply(command, position, &mut |effect| self.tell(effect, &mut done));
        done
    }

    /// Replaces the definitions. Keeps the profiles of groups that are still defined.
    ///
    /// # Errors
    /// The first invalid definition. Nothing has changed then.
    pub(crate) fn replace_definitions(
        &self,
        definitions: &Definitions,
    ) -> Result<(), DefinitionError> {
        let done = self.apply(Command::Definitions(definitions.clone()));
        done.refused.map_or(Ok(()), Err)
    }

    /// Delivers an intervention that no rule triggered. Returns how many open streams received it, or receive it as soon as it
    /// is saved.
    pub(crate) fn push(&self, intervention: DirectIntervention) -> usize {
        self.apply(Command::Intervention(intervention)).streams
    }

    /// Whether `name` is an attribute key.
    pub fn has_attribute_key(&self, name: &str) -> bool {
        self.memory.lock().replica.engine.has_attribute_key(name)
    }

    /// The attribute values of one profile at `now`.
    pub fn profile(&self, owner: &TargetAttributeKey, now: Timestamp) -> Vec<GroupReading> {
        self.memory.lock().replica.engine.attributes(&owner.name, &owner.id, now)
    }

    /// The attribute values of several profiles at the same moment.
    pub(crate) fn profiles(
        &self,
        owners: impl Iterator<Item = TargetAttributeKey>,
        now: Timestamp,
    ) -> Vec<Vec<GroupReading>> {
        let memory = self.memory.lock();
        owners.map(|owner| memory.replica.engine.attributes(&owner.name, &owner.id, now)).collect()
    }

    /// The recent events of a session at `now`, as the published agentic context `name` keeps them. `None` if there is no such
    /// context.
    pub fn context(&self, name: &str, session: &str, now: Timestamp) -> Option<ContextReading> {
        self.memory.lock().replica.engine.context(name, session, now)
    }

    /// The ids in an event.
    pub fn ids(&self, event: &Event) -> Vec<TargetAttributeKey> {
        self.memory.lock().replica.engine.ids(event)
    }

    /// For each intervention that concerns `owners`, which of its criteria hold.
    pub fn explain(&self, owners: &[TargetAttributeKey], now: Timestamp) -> Vec<RuleReading> {
        self.memory.lock().replica.engine.explain(owners, now)
    }

    /// Forgets profiles, events and instances. Definitions and streams stay.
    pub fn reset(&self) {
        if let Some(later) = &self.later {
            later.clear();
        }
        self.apply(Command::Reset);
    }

    /// Frees expired profiles and instances.
    pub fn forget_expired(&self, now: Timestamp) {
        self.apply(Command::Tick(now));
    }

    /// How many profiles there are.
    pub(crate) fn profile_count(&self) -> usize {
        self.memory.lock().replica.engine.profile_count()
    }

    /// Continues with the events and profiles of another process. Call this before anything else.
    pub(crate) fn restore(
        &self,
        profiles: Snapshot,
        seen: SavedSeenEvents,
        read: Vec<(Partition, ReadPosition)>,
    ) {
        let mut memory = self.memory.lock();
        memory.replica.engine.restore(profiles);
        memory.replica.seen = seen.into();
        memory.replica.read = read.into();
    }

    /// From now on, records changes for [`Pipeline::take_changes`].
    pub(crate) fn track_changes(&self) {
        self.memory.lock().replica.engine.track_changes();
        self.hub.track_changes();
        self.forwarding.track_changes();
    }

    /// The changes since the last call. Applied to what was saved before, they give the whole state.
    pub(crate) fn take_changes(&self) -> PipelineChanges {
        let mut memory = self.memory.lock();
        PipelineChanges {
            profiles: memory.replica.engine.take_changes(),
            seen: memory.replica.seen.take_changes(),
            // Taken under the same lock, so that an event and the instance that it triggered are saved together.
            hub: self.hub.take_changes(),
            forwarding: self.forwarding.take_changes(),
            read: memory.replica.read.take_changes(),
        }
    }

    /// Makes the next [`Pipeline::take_changes`] return everything, as if all of it were new.
    pub(crate) fn mark_all_changed(&self) {
        let mut memory = self.memory.lock();
        memory.replica.engine.mark_all_changed();
        memory.replica.seen.mark_all_changed();
        memory.replica.read.mark_all_changed();
        self.hub.mark_all_changed();
        self.forwarding.mark_all_changed();
    }

    fn tell(&self, effect: Effect, done: &mut Done) {
        match effect {
            Effect::Counted { event, at, attributes_updated, rules_evaluated } => {
                self.journal.write(at, Happening::Good(event));
                self.metrics.events_good.inc();
                self.metrics.attributes_updated.inc_by(attributes_updated);
                self.metrics.rules_evaluated.inc_by(rules_evaluated);
            }
            Effect::Duplicate { event, at } => {
                self.metrics.events_duplicate.inc();
                self.journal.write(at, Happening::Duplicate(event));
            }
            Effect::Rejected { error, row, at } => {
                self.metrics.events_bad.inc();
                match row.record() {
                    Some(place) => tracing::warn!("bad event in {place}: {error}"),
                    None => tracing::warn!("bad event: {error}"),
                }
                self.journal.write(at, Happening::Bad(row));
            }
            Effect::Warned(warning) => tracing::warn!("{warning}"),
            Effect::Bounded { max_profiles } => tracing::warn!(
                "more than {max_profiles} profiles: forgetting those that have had no event for the longest time"
            ),
            Effect::Triggered(instance) => {
                self.metrics.instances_triggered.inc();
                self.forwarding.enqueue(&instance);
                done.streams += self.deliver(instance);
            }
            Effect::Pushed(instance) => done.streams += self.hub.publish(instance),
            Effect::Refused(error) => done.refused = Some(error),
            Effect::Forgotten => {
                self.hub.forget_instances();
                self.forwarding.forget_all();
                self.journal.clear();
            }
            Effect::Expired => {
                self.hub.forget_expired();
                self.forwarding.forget_expired();
            }
        }
    }

    fn deliver(&self, instance: Triggered) -> usize {
        tracing::debug!(
            name = instance.name,
            version = instance.version,
            targets = ?instance.targets,
            "triggered"
        );
        self.hub.publish(instance)
    }
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
