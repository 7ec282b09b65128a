//! The engine: compiled definitions and the profiles they are computed for.

mod attribute;
mod condition;
mod group;
mod key;
mod outcome;
mod profile;
mod program;
mod reading;
mod rule;
mod snapshot;

use std::borrow::Cow;

use serde_json::{Map, Value};
use signals_wire::TargetAttributeKey;
use uuid::Uuid;

use crate::aggregation::Observation;
use crate::{DefinitionError, Definitions, Event, Timestamp};
use attribute::AttributeIndex;
use key::{Ids, KeyIndex};
pub use outcome::{Outcome, Triggered, Warning};
use profile::{Profile, Profiles};
use program::Program;
pub use reading::{AttributeReading, GroupReading};
use rule::{Rule, RuleIndex};
pub use snapshot::Snapshot;

/// Computes attributes from events and says which interventions they trigger.
///
/// ```
/// # use signals_engine::{Arrival, Definitions, Engine, Event, Timestamp};
/// let definitions = Definitions::from_json(r#"{
///     "attribute_groups": [{
///         "name": "visits", "version": 1, "attribute_key": {"name": "domain_userid"},
///         "attributes": [{"name": "views", "type": "int32", "events": [{"name": "page_view"}], "aggregation": "counter"}]
///     }],
///     "interventions": [{
///         "name": "welcome", "version": 1,
///         "criteria": {"attribute": "visits:views", "operator": "=", "value": 1}
///     }]
/// }"#)?;
/// let mut engine = Engine::new(&definitions)?;
/// let payload = serde_json::json!({"e": "pv", "duid": "218e8926-3858-431d-b2ed-66da03a1cbe5"});
/// let arrival = Arrival {
///     collector_tstamp: Timestamp::from_millis(1_795_333_691_500),
///     network_userid: None,
///     useragent: None,
///     user_ipaddress: None,
/// };
/// let event = Event::from_payload(payload.as_object().unwrap().clone(), &arrival)?;
/// let outcome = engine.process(&event, &mut || uuid::Uuid::nil());
/// assert_eq!(outcome.triggered[0].name, "welcome");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    program: Program,
    profiles: Profiles,
}

/// An attribute whose value an event changed.
struct Change {
    attribute: AttributeIndex,
    before: Value,
    after: Value,
}

impl Engine {
    /// Compiles `definitions`; there are no profiles yet.
    ///
    /// # Errors
    /// The first definition that does not make sense, by its place in `definitions`: a name of unusual characters or given
    /// twice, an unknown aggregation, type, operator, property or duration, a reference to something that is not defined,
    /// criteria that are empty or nested deeper than 32.
    pub fn new(definitions: &Definitions) -> Result<Engine, DefinitionError> {
        let program = Program::compile(definitions)?;
        let profiles = Profiles::new(&program.keys);
        Ok(Engine { program, profiles })
    }

    /// Counts one event and reports what it triggered. The engine's time is the event's `collector_tstamp`.
    ///
    /// An intervention triggers when its criteria did not hold before the event and hold after it, for those of its targets
    /// that the event has an id of and that have not had it yet; all of them share one instance.
    ///
    /// `new_id` makes the id of an instance (UUID v4 outside of tests); it is called once per trigger.
    pub fn process(&mut self, event: &Event, new_id: &mut dyn FnMut() -> Uuid) -> Outcome {
        let now = event.collector_tstamp();
        let mut outcome = Outcome::default();
        let ids = Ids::of(event, &self.program.keys, &mut outcome.warnings);
        let changes = self.count(event, &ids, &mut outcome);
        for rule in self.holding_anew(&changes, &ids, now, &mut outcome) {
            let targets = self.claim_targets(rule, &ids);
            if !targets.is_empty() {
                let rule = self.program.rule(rule);
                outcome.triggered.push(Triggered {
                    intervention_id: new_id().to_string(),
                    name: rule.name.clone(),
                    version: rule.version,
                    attributes: self.payload(rule, &ids, now),
                    targets,
                });
            }
        }
        outcome
    }

    /// Whether `name` is a built-in attribute key or one that the definitions bring.
    pub fn has_attribute_key(&self, name: &str) -> bool {
        self.program.keys.named(name).is_some()
    }

    /// The values of one profile at `now`: every published group of that attribute key, attributes in definition order.
    ///
    /// A profile that does not exist reads like one in which nothing was ever counted. An unknown attribute key has no
    /// groups.
    pub fn attributes(&self, attribute_key: &str, id: &str, now: Timestamp) -> Vec<GroupReading> {
        let Some(key) = self.program.keys.named(attribute_key) else { return Vec::new() };
        let profile = self.profiles.get(key, id);
        let groups =
            self.program.groups.iter().filter(|group| group.is_published && group.key == key);
        groups
            .map(|group| GroupReading {
                name: group.name.clone(),
                version: group.version,
                attributes: group
                    .attributes()
                    .map(|index| {
                        let attribute = self.program.attribute(index);
                        let value =
                            profile.and_then(|profile| profile.value(index, attribute, now));
                        AttributeReading {
                            name: attribute.name.clone(),
                            is_set: value.is_some(),
                            value: attribute.value_for_reads(value),
                        }
                    })
                    .collect(),
            })
            .collect()
    }

    /// Compiles other definitions and keeps the profiles of attributes and interventions that are still there.
    ///
    /// # Errors
    /// As [`Engine::new`]; the engine is unchanged then.
    pub fn replace_definitions(
        &mut self,
        definitions: &Definitions,
    ) -> Result<(), DefinitionError> {
        let program = Program::compile(definitions)?;
        self.profiles = self.snapshot().restore(&program);
        self.program = program;
        Ok(())
    }

    /// Forgets every profile and who has had which intervention. Definitions stay.
    pub fn reset_profiles(&mut self) {
        self.profiles = Profiles::new(&self.program.keys);
    }

    /// Frees what has outlived its time to live at `now`. Reads never show such values anyway: this is about memory.
    ///
    /// Looks at every profile: call it every few minutes, not with every event.
    pub fn forget_expired(&mut self, now: Timestamp) {
        self.profiles.forget_expired(&self.program, now);
    }

    /// Everything the engine remembers about profiles, to be serialised.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.program, &self.profiles)
    }

    /// Replaces all profiles by those of a snapshot.
    ///
    /// Attributes and interventions that are not defined any more, or aggregate differently, are left out.
    pub fn restore(&mut self, snapshot: Snapshot) {
        self.profiles = snapshot.restore(&self.program);
    }

    /// Takes the event into every attribute that counts it. Returns the changes that rules may care for.
    fn count(&mut self, event: &Event, ids: &Ids<'_>, outcome: &mut Outcome) -> Vec<Change> {
        let now = event.collector_tstamp();
        let Self { program, profiles } = self;
        let mut changes = Vec::new();
        for (key, candidates) in program.candidates(event) {
            let Some(id) = ids.get(key) else { continue };
            let mut contributions = candidates
                .iter()
                .filter_map(|&index| {
                    let attribute = program.attribute(index);
                    Some((index, attribute, attribute.contribution(event)?))
                })
                .peekable();
            // Most events are of no interest to a key: no profile is made for them.
            if contributions.peek().is_none() {
                continue;
            }
            let profile = profiles.open(key, id);
            for (index, attribute, value) in contributions {
                let before = profile.value(index, attribute, now);
                let observation = Observation { at: event.derived_tstamp(), value };
                let observed = profile.observe(index, attribute, &observation, now);
                let after = profile.value(index, attribute, now);

                outcome.attributes_updated += 1;
                if observed.window_overflowed {
                    let attribute = attribute.full_name.clone();
                    outcome.warnings.push(Warning::WindowOverflowed { attribute });
                }
                if after.as_ref().is_some_and(|cast| cast.saturated) {
                    outcome
                        .warnings
                        .push(Warning::Saturated { attribute: attribute.full_name.clone() });
                }
                let before = attribute.value_for_criteria(before);
                let after = attribute.value_for_criteria(after);
                if before != after {
                    changes.push(Change { attribute: index, before, after });
                }
            }
        }
        changes
    }

    /// Rules that mention a changed attribute, did not hold before and hold now, in definition order.
    fn holding_anew(
        &self,
        changes: &[Change],
        ids: &Ids<'_>,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Vec<RuleIndex> {
        let mut rules: Vec<RuleIndex> = changes
            .iter()
            .flat_map(|change| self.program.rules_mentioning(change.attribute))
            .copied()
            .collect();
        rules.sort_unstable();
        rules.dedup();
        outcome.rules_evaluated += rules.len() as u64;

        let value_with = |index: AttributeIndex, changed_to: fn(&Change) -> &Value| match changes
            .iter()
            .find(|change| change.attribute == index)
        {
            Some(change) => Cow::Borrowed(changed_to(change)),
            None => Cow::Owned(self.value(index, ids, now)),
        };
        rules.retain(|rule| {
            let condition = &self.program.rule(*rule).condition;
            condition.holds(&|index| value_with(index, |change| &change.after))
                && !condition.holds(&|index| value_with(index, |change| &change.before))
        });
        rules
    }

    /// The value of an attribute in the profile that the event belongs to, as criteria see it.
    fn value(&self, index: AttributeIndex, ids: &Ids<'_>, now: Timestamp) -> Value {
        let attribute = self.program.attribute(index);
        let profile = self.profile_of(attribute.key, ids).filter(|_| attribute.is_published);
        attribute
            .value_for_criteria(profile.and_then(|profile| profile.value(index, attribute, now)))
    }

    fn profile_of(&self, key: KeyIndex, ids: &Ids<'_>) -> Option<&Profile> {
        self.profiles.get(key, ids.get(key)?)
    }

    /// Those targets of a rule that the event has an id of and that have not had it; from now on they have.
    fn claim_targets(&mut self, index: RuleIndex, ids: &Ids<'_>) -> Vec<TargetAttributeKey> {
        let mut targets = Vec::new();
        for &key in &self.program.rule(index).targets {
            let Some(id) = ids.get(key) else { continue };
            let profile = self.profiles.open(key, id);
            if !profile.has_received(index) {
                profile.receive(index);
                let name = self.program.keys.get(key).name.clone();
                targets.push(TargetAttributeKey { name, id: id.to_owned() });
            }
        }
        targets
    }

    /// What an instance carries. Where two groups have an attribute of the same name, the group named first wins.
    fn payload(&self, rule: &Rule, ids: &Ids<'_>, now: Timestamp) -> Map<String, Value> {
        let mut payload = Map::new();
        for group in &rule.payload {
            for index in self.program.groups.get(*group).attributes() {
                let value = self.value(index, ids, now);
                let name = &self.program.attribute(index).name;
                if !value.is_null() && !payload.contains_key(name) {
                    payload.insert(name.clone(), value);
                }
            }
        }
        payload
    }
}
