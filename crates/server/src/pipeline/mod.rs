//! What happens to an event: decoded, checked for duplicates, counted by the engine, and what it triggers is delivered.
//!
//! [`mod@admit`] makes commands of what a request brought, and [`apply`] says, as a pure function, what a command does. What is here
//! gives commands their positions, applies one after the other, and tells journal, metrics and hub of the effects.

mod admit;
mod apply;
mod duplicates;
mod later;

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use signals_engine::{
    Arrival, DefinitionError, Definitions, Engine, Event, GroupReading, ProfileChanges,
    RuleReading, Snapshot, Timestamp, Triggered,
};
use signals_wire::TargetAttributeKey;
use tokio::time;
use uuid::Uuid;

pub(crate) use self::admit::RawEvent;
use self::admit::admit;
pub(crate) use self::apply::DirectIntervention;
use self::apply::{Command, Effect, LogPosition, Replica};
use self::duplicates::SeenEvents;
pub(crate) use self::duplicates::{SavedSeenEvents, SeenEventsChanges};
use self::later::Later;
use crate::hub::{DeliveryHub, HubChanges};
use crate::journal::{Happening, Journal};
use crate::metrics::Metrics;

/// So many profiles are kept, whatever their attributes' time to live. Beyond it, those without an event for longest go.
const MAX_PROFILES: usize = 1_000_000;

/// What has changed at one moment, across the server: nothing that one part knows of is missing from another.
#[derive(Debug)]
pub(crate) struct PipelineChanges {
    pub(crate) profiles: ProfileChanges,
    pub(crate) seen: SeenEventsChanges,
    pub(crate) hub: HubChanges,
}

/// The one way of an event through the server.
#[derive(Debug)]
pub struct Pipeline {
    /// One lock, held while an instance is handed to the hub too: instances are delivered in the order in which their events
    /// were counted.
    memory: Mutex<Memory>,
    hub: DeliveryHub,
    journal: Journal,
    metrics: Metrics,
    /// Where events wait, when they are not processed at once.
    later: Option<Later<Vec<Command>>>,
}

#[derive(Debug)]
struct Memory {
    replica: Replica,
    /// Where the latest command stands. The order of commands is this process's own, so its epoch is one that no other has.
    latest: LogPosition,
}

/// What the sender of a command is told.
#[derive(Debug, Default)]
struct Done {
    /// How many open streams got what the command delivered, or get it as soon as it is saved.
    streams: usize,
    refused: Option<DefinitionError>,
}

impl Pipeline {
    pub(crate) fn new(
        engine: Engine,
        hub: DeliveryHub,
        journal: Journal,
        metrics: Metrics,
        delay: Option<Duration>,
    ) -> Self {
        let replica = Replica { engine, seen: SeenEvents::default(), max_profiles: MAX_PROFILES };
        let memory = Memory { replica, latest: LogPosition { epoch: Uuid::new_v4(), sequence: 0 } };
        Self { memory: Mutex::new(memory), hub, journal, metrics, later: delay.map(Later::new) }
    }

    /// Takes in what one request brought, in order. When this returns, its effects on attributes can be read and what it
    /// triggered is queued for delivery; unless there is a delay, after which that happens.
    pub(crate) fn take_in<'a>(
        self: &Arc<Self>,
        events: impl IntoIterator<Item = RawEvent<'a>>,
        arrival: &Arrival,
    ) {
        let commands = admit(events, arrival);
        match &self.later {
            None => self.process(commands),
            Some(later) => {
                let number = later.push(commands.collect(), |commands| self.process(commands));
                tokio::spawn(Arc::clone(self).process_later(number));
            }
        }
    }

    /// Processes what still waits, whatever the delay.
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

    /// Applies a command after all before, and tells of its effects.
    fn apply(&self, command: Command) -> Done {
        let mut memory = self.memory.lock();
        memory.latest.sequence += 1;
        let position = memory.latest;
        let mut done = Done::default();
        for effect in memory.replica.apply(command, position) {
            self.tell(effect, &mut done);
        }
        done
    }

    /// Computes by other definitions from now on. Profiles of what is still defined are kept.
    ///
    /// # Errors
    /// The first definition that does not make sense; nothing has changed then.
    pub(crate) fn replace_definitions(
        &self,
        definitions: &Definitions,
    ) -> Result<(), DefinitionError> {
        let done = self.apply(Command::Definitions(definitions.clone()));
        done.refused.map_or(Ok(()), Err)
    }

    /// Delivers an intervention that no rule triggered, and says how many open streams got it, or get it as soon as it is saved.
    pub(crate) fn push(&self, intervention: DirectIntervention) -> usize {
        self.apply(Command::Intervention(intervention)).streams
    }

    /// Whether ids can be of the kind `name`.
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

    /// Whom an event is about.
    pub fn ids(&self, event: &Event) -> Vec<TargetAttributeKey> {
        self.memory.lock().replica.engine.ids(event)
    }

    /// How the interventions stand that concern `owners`.
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

    /// Frees profiles and instances that have outlived their time.
    pub fn forget_expired(&self, now: Timestamp) {
        self.apply(Command::Tick(now));
    }

    /// How many profiles there are.
    pub(crate) fn profile_count(&self) -> usize {
        self.memory.lock().replica.engine.profile_count()
    }

    /// Goes on from where another process was, as far as events and profiles go. To be called before anything happens.
    pub(crate) fn restore(&self, profiles: Snapshot, seen: SavedSeenEvents) {
        let mut memory = self.memory.lock();
        memory.replica.engine.restore(profiles);
        memory.replica.seen = seen.into();
    }

    /// Notes from now on what changes, for [`Pipeline::take_changes`].
    pub(crate) fn track_changes(&self) {
        self.memory.lock().replica.engine.track_changes();
        self.hub.track_changes();
    }

    /// What has changed since the last call. Whoever applies it to what was saved before has saved everything.
    pub(crate) fn take_changes(&self) -> PipelineChanges {
        let mut memory = self.memory.lock();
        PipelineChanges {
            profiles: memory.replica.engine.take_changes(),
            seen: memory.replica.seen.take_changes(),
            // Asked for under the same lock: neither is an event told without the instance that it triggered nor the instance
            // without the event.
            hub: self.hub.take_changes(),
        }
    }

    /// Makes the next [`Pipeline::take_changes`] tell everything, as if it were all new.
    pub(crate) fn mark_all_changed(&self) {
        let mut memory = self.memory.lock();
        memory.replica.engine.mark_all_changed();
        memory.replica.seen.mark_all_changed();
        self.hub.mark_all_changed();
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
                tracing::warn!("bad event: {error}");
                self.journal.write(at, Happening::Bad(row));
            }
            Effect::Warned(warning) => tracing::warn!("{warning}"),
            Effect::Bounded { max_profiles } => tracing::warn!(
                "more than {max_profiles} profiles: those without an event for longest are forgotten"
            ),
            Effect::Triggered(instance) => {
                self.metrics.instances_triggered.inc();
                done.streams += self.deliver(instance);
            }
            Effect::Pushed(instance) => done.streams += self.hub.publish(instance),
            Effect::Refused(error) => done.refused = Some(error),
            Effect::Forgotten => {
                self.hub.forget_instances();
                self.journal.clear();
            }
            Effect::Expired => self.hub.forget_expired(),
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Clock;
    use crate::hub::DeliveryRules;

    const START: Timestamp = Timestamp::from_millis(1_795_333_700_000);

    /// Counts page views, which live for an hour.
    fn pipeline(max_profiles: usize, delay: Option<Duration>) -> Arc<Pipeline> {
        let definitions = json!({
            "attribute_groups": [{
                "name": "views", "version": 1, "attribute_key": {"name": "domain_userid"}, "ttl": "PT1H",
                "attributes": [
                    {"name": "n", "type": "int32", "events": [], "aggregation": "counter"},
                ],
            }],
        });
        let definitions = Definitions::from_json(&definitions.to_string()).unwrap();
        let (metrics, journal) = (Metrics::new(), Journal::new());
        let clock = Clock::stopped(START);
        let hub = DeliveryHub::new(
            "a server",
            DeliveryRules::default(),
            clock,
            journal.clone(),
            metrics.clone(),
        );
        let engine = Engine::new(&definitions).unwrap();
        let pipeline = Pipeline::new(engine, hub, journal, metrics, delay);
        pipeline.memory.lock().replica.max_profiles = max_profiles;
        Arc::new(pipeline)
    }

    fn view(pipeline: &Arc<Pipeline>, user: &str, now: Timestamp) {
        let payload = [("e", "pv"), ("duid", user)];
        let payload = payload.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
        let arrival = Arrival {
            collector_tstamp: now,
            network_userid: None,
            referer: None,
            useragent: None,
            user_ipaddress: None,
        };
        pipeline.take_in([RawEvent { text: "", payload: Ok(payload) }], &arrival);
    }

    fn views_of(pipeline: &Pipeline, user: &str, now: Timestamp) -> serde_json::Value {
        let owner = TargetAttributeKey { name: "domain_userid".into(), id: user.into() };
        pipeline.profile(&owner, now)[0].attributes[0].value.clone()
    }

    #[test]
    fn of_too_many_profiles_those_without_an_event_for_longest_go() {
        let pipeline = pipeline(100, None);
        for number in 0..10_000 {
            let now = START.plus_millis(number);
            view(&pipeline, &format!("visitor-{number}"), now);
            view(&pipeline, "regular", now);
            assert!(pipeline.profile_count() <= 100);
        }
        let now = START.plus_millis(10_000);
        assert_eq!(views_of(&pipeline, "regular", now), 10_000);
        assert_eq!(views_of(&pipeline, "visitor-9999", now), 1);
        assert_eq!(views_of(&pipeline, "visitor-9000", now), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn events_are_processed_in_their_order_after_the_delay_and_not_before() {
        let delay = Duration::from_millis(500);
        let pipeline = pipeline(MAX_PROFILES, Some(delay));
        view(&pipeline, "visitor", START);
        time::sleep(delay / 2).await;
        view(&pipeline, "visitor", START);
        time::sleep(delay / 2 - Duration::from_millis(1)).await;
        assert_eq!(views_of(&pipeline, "visitor", START), 0);
        time::sleep(Duration::from_millis(2)).await;
        assert_eq!(views_of(&pipeline, "visitor", START), 1);
        time::sleep(delay).await;
        assert_eq!(views_of(&pipeline, "visitor", START), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_when_the_server_ends_is_processed_and_what_waits_at_a_reset_is_not() {
        let delay = Duration::from_millis(500);
        let pipeline = pipeline(MAX_PROFILES, Some(delay));
        view(&pipeline, "visitor", START);
        pipeline.finish();
        assert_eq!(views_of(&pipeline, "visitor", START), 1);
        view(&pipeline, "visitor", START);
        pipeline.reset();
        time::sleep(2 * delay).await;
        assert_eq!(views_of(&pipeline, "visitor", START), 0);
    }

    #[test]
    fn profiles_whose_time_is_over_are_freed() {
        let pipeline = pipeline(MAX_PROFILES, None);
        for number in 0..100 {
            view(&pipeline, &format!("visitor-{number}"), START.plus_millis(number * 60_000));
        }
        assert_eq!(pipeline.profile_count(), 100);
        pipeline.forget_expired(START.plus_millis(100 * 60_000));
        assert_eq!(pipeline.profile_count(), 59, "those of the last hour");
        pipeline.forget_expired(START.plus_millis(200 * 60_000));
        assert_eq!(pipeline.profile_count(), 0);
    }
}
