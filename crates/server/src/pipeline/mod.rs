//! What happens to an event: decoded, checked for duplicates, counted by the engine, and what it triggers is delivered.

mod duplicates;
mod later;

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use signals_engine::{
    Arrival, BadEvent, DefinitionError, Definitions, Engine, Event, GroupReading, Outcome, Payload,
    ProfileChanges, RuleReading, Snapshot, Timestamp,
};
use signals_wire::TargetAttributeKey;
use tokio::time;
use uuid::Uuid;

use self::duplicates::SeenEvents;
pub(crate) use self::duplicates::{SavedSeenEvents, SeenEventsChanges};
use self::later::Later;
use crate::hub::{DeliveryHub, HubChanges};
use crate::journal::{BadRow, Happening, Journal};
use crate::metrics::Metrics;

/// One event as it was sent.
#[derive(Debug)]
pub(crate) struct RawEvent<'a> {
    /// The text, to show when the event turns out to be bad.
    pub(crate) text: &'a str,
    /// The tracker's parameters, or why there are none.
    pub(crate) payload: Result<Payload<'a>, BadEvent>,
}

/// One event as it is processed.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "almost every event is a good one")]
enum Decoded {
    Good(Event),
    Bad(BadEvent, BadRow),
}

/// What one request brought, in order, and when.
#[derive(Debug)]
struct Batch {
    events: Vec<Decoded>,
    at: Timestamp,
}

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
    later: Option<Later<Batch>>,
}

#[derive(Debug)]
struct Memory {
    engine: Engine,
    seen: SeenEvents,
    max_profiles: usize,
}

impl Memory {
    /// Makes room by a tenth at once when there are too many profiles: looking for the oldest takes its time.
    fn bound(&mut self) {
        if self.engine.profile_count() > self.max_profiles {
            self.engine.forget_least_active(self.max_profiles - self.max_profiles / 10);
            tracing::warn!(
                "more than {} profiles: those without an event for longest are forgotten",
                self.max_profiles
            );
        }
    }
}

impl Pipeline {
    pub(crate) fn new(
        engine: Engine,
        hub: DeliveryHub,
        journal: Journal,
        metrics: Metrics,
        delay: Option<Duration>,
    ) -> Self {
        let memory = Memory { engine, seen: SeenEvents::default(), max_profiles: MAX_PROFILES };
        Self { memory: Mutex::new(memory), hub, journal, metrics, later: delay.map(Later::new) }
    }

    /// Takes in what one request brought, in order. When this returns, its effects on attributes can be read and what it
    /// triggered is queued for delivery; unless there is a delay, after which that happens.
    pub(crate) fn take_in<'a>(
        self: &Arc<Self>,
        events: impl IntoIterator<Item = RawEvent<'a>>,
        arrival: &Arrival,
    ) {
        let at = arrival.collector_tstamp;
        let events = events.into_iter().map(|event| decode(event, arrival));
        match &self.later {
            None => self.process(events, at),
            Some(later) => {
                let work = |batch| self.process_batch(batch);
                let number = later.push(Batch { events: events.collect(), at }, work);
                tokio::spawn(Arc::clone(self).process_later(number));
            }
        }
    }

    /// Processes what still waits, whatever the delay.
    pub(crate) fn finish(&self) {
        if let Some(later) = &self.later {
            later.do_all(|batch| self.process_batch(batch));
        }
    }

    async fn process_later(self: Arc<Self>, number: u64) {
        let Some(later) = &self.later else { return };
        time::sleep(later.delay()).await;
        later.do_until(number, |batch| self.process_batch(batch));
    }

    fn process_batch(&self, Batch { events, at }: Batch) {
        self.process(events, at);
    }

    fn process(&self, events: impl IntoIterator<Item = Decoded>, at: Timestamp) {
        let started = Instant::now();
        for event in events {
            match event {
                Decoded::Good(event) => self.count(event, at),
                Decoded::Bad(error, row) => self.set_aside(&error, row, at),
            }
        }
        self.metrics.processed_in(started.elapsed());
    }

    /// Computes by other definitions from now on. Profiles of what is still defined are kept.
    ///
    /// # Errors
    /// The first definition that does not make sense; nothing has changed then.
    pub(crate) fn replace_definitions(
        &self,
        definitions: &Definitions,
    ) -> Result<(), DefinitionError> {
        self.memory.lock().engine.replace_definitions(definitions)
    }

    /// Whether ids can be of the kind `name`.
    pub fn has_attribute_key(&self, name: &str) -> bool {
        self.memory.lock().engine.has_attribute_key(name)
    }

    /// The attribute values of one profile at `now`.
    pub fn profile(&self, owner: &TargetAttributeKey, now: Timestamp) -> Vec<GroupReading> {
        self.memory.lock().engine.attributes(&owner.name, &owner.id, now)
    }

    /// The attribute values of several profiles at the same moment.
    pub(crate) fn profiles(
        &self,
        owners: impl Iterator<Item = TargetAttributeKey>,
        now: Timestamp,
    ) -> Vec<Vec<GroupReading>> {
        let memory = self.memory.lock();
        owners.map(|owner| memory.engine.attributes(&owner.name, &owner.id, now)).collect()
    }

    /// Whom an event is about.
    pub fn ids(&self, event: &Event) -> Vec<TargetAttributeKey> {
        self.memory.lock().engine.ids(event)
    }

    /// How the interventions stand that concern `owners`.
    pub fn explain(&self, owners: &[TargetAttributeKey], now: Timestamp) -> Vec<RuleReading> {
        self.memory.lock().engine.explain(owners, now)
    }

    /// Forgets profiles, events and instances. Definitions and streams stay.
    pub fn reset(&self) {
        if let Some(later) = &self.later {
            later.clear();
        }
        let mut memory = self.memory.lock();
        memory.engine.reset_profiles();
        memory.seen = SeenEvents::default();
        self.hub.forget_instances();
        self.journal.clear();
    }

    /// Frees profiles and instances that have outlived their time.
    pub fn forget_expired(&self, now: Timestamp) {
        self.memory.lock().engine.forget_expired(now);
        self.hub.forget_expired();
    }

    /// How many profiles there are.
    pub(crate) fn profile_count(&self) -> usize {
        self.memory.lock().engine.profile_count()
    }

    /// Goes on from where another process was, as far as events and profiles go. To be called before anything happens.
    pub(crate) fn restore(&self, profiles: Snapshot, seen: SavedSeenEvents) {
        let mut memory = self.memory.lock();
        memory.engine.restore(profiles);
        memory.seen = seen.into();
    }

    /// Notes from now on what changes, for [`Pipeline::take_changes`].
    pub(crate) fn track_changes(&self) {
        self.memory.lock().engine.track_changes();
        self.hub.track_changes();
    }

    /// What has changed since the last call. Whoever applies it to what was saved before has saved everything.
    pub(crate) fn take_changes(&self) -> PipelineChanges {
        let mut memory = self.memory.lock();
        PipelineChanges {
            profiles: memory.engine.take_changes(),
            seen: memory.seen.take_changes(),
            // Asked for under the same lock: neither is an event told without the instance that it triggered nor the instance
            // without the event.
            hub: self.hub.take_changes(),
        }
    }

    /// Makes the next [`Pipeline::take_changes`] tell everything, as if it were all new.
    pub(crate) fn mark_all_changed(&self) {
        let mut memory = self.memory.lock();
        memory.engine.mark_all_changed();
        memory.seen.mark_all_changed();
        self.hub.mark_all_changed();
    }

    fn count(&self, event: Event, at: Timestamp) {
        let mut memory = self.memory.lock();
        if event.event_id().is_some_and(|id| !memory.seen.insert(id)) {
            self.metrics.events_duplicate.inc();
            self.journal.write(at, Happening::Duplicate(event));
            return;
        }
        let outcome = memory.engine.process(&event, &mut Uuid::new_v4);
        memory.bound();
        self.journal.write(at, Happening::Good(event));
        self.metrics.events_good.inc();
        self.deliver(outcome);
    }

    fn deliver(&self, outcome: Outcome) {
        self.metrics.attributes_updated.inc_by(outcome.attributes_updated);
        self.metrics.rules_evaluated.inc_by(outcome.rules_evaluated);
        for warning in outcome.warnings {
            tracing::warn!("{warning}");
        }
        for instance in outcome.triggered {
            self.metrics.instances_triggered.inc();
            tracing::debug!(
                name = instance.name,
                version = instance.version,
                targets = ?instance.targets,
                "triggered"
            );
            self.hub.publish(instance);
        }
    }

    fn set_aside(&self, error: &BadEvent, row: BadRow, at: Timestamp) {
        self.metrics.events_bad.inc();
        tracing::warn!("bad event: {error}");
        self.journal.write(at, Happening::Bad(row));
    }
}

fn decode(RawEvent { text, payload }: RawEvent<'_>, arrival: &Arrival) -> Decoded {
    match payload.and_then(|payload| Event::from_payload(payload, arrival)) {
        Ok(event) => Decoded::Good(event),
        Err(error) => {
            let row = BadRow::new(arrival.collector_tstamp, &error, text);
            Decoded::Bad(error, row)
        }
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
        pipeline.memory.lock().max_profiles = max_profiles;
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
