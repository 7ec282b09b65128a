//! The engine: compiled definitions and the profiles they are computed for.

mod attribute;
mod condition;
mod explain;
mod group;
mod key;
mod names;
mod outcome;
mod profile;
mod program;
mod reading;
mod rule;
mod saved;
mod snapshot;
mod values;

use serde_json::{Map, Value};
use signals_wire::TargetAttributeKey;
use uuid::Uuid;

use crate::aggregation::Observation;
use crate::{DefinitionError, Definitions, Event, GroupReference, Timestamp};
use attribute::{AttributeIndex, Contribution};
pub use explain::{AsksFor, CriteriaReading, RuleReading};
use group::Group;
use key::{Ids, KeyIndex};
pub use outcome::{Outcome, Triggered, Warning};
use profile::Profiles;
use program::Program;
pub use reading::{AttributeInfo, AttributeReading, GroupReading};
use rule::{Rule, RuleIndex};
use saved::ChangedProfiles;
pub use saved::{ProfileChanges, SavedProfile};
pub use snapshot::Snapshot;
use values::{After, Before, Change, Changes, CurrentValues};

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
/// let payload = serde_json::from_str(r#"{"e": "pv", "duid": "218e8926-3858-431d-b2ed-66da03a1cbe5"}"#)?;
/// let arrival = Arrival {
///     collector_tstamp: Timestamp::from_millis(1_795_333_691_500),
///     network_userid: None,
///     referer: None,
///     useragent: None,
///     user_ipaddress: None,
/// };
/// let event = Event::from_payload(payload, &arrival)?;
/// let outcome = engine.process(&event, &mut || uuid::Uuid::nil());
/// assert_eq!(outcome.triggered[0].name, "welcome");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    program: Program,
    profiles: Profiles,
    /// Only when somebody wants to know.
    changed: Option<ChangedProfiles>,
}

/// A rule that holds after an event which changed one of its attributes.
struct Holding {
    rule: RuleIndex,
    /// Those of its targets for which it did not hold before the event, or holds because of a change.
    anew_for: Vec<KeyIndex>,
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
        Ok(Engine { program, profiles, changed: None })
    }

    /// Counts one event and reports what it triggered. The engine's time is the event's `collector_tstamp`.
    ///
    /// An intervention triggers when its criteria did not hold before the event and hold after it, for those of its targets
    /// that the event has an id of and that have not had it yet; all of them share one instance. One with a `changed`
    /// criterion triggers at every change that has a part in making its criteria hold, however often its targets had it.
    /// Criteria over profiles of
    /// several keys, such as a user's and a session's, start afresh with each new profile: a user who met them long ago
    /// can still meet them in a new session.
    ///
    /// `new_id` makes the id of an instance (UUID v4 outside of tests); it is called once per trigger.
    pub fn process(&mut self, event: &Event, new_id: &mut dyn FnMut() -> Uuid) -> Outcome {
        let now = event.collector_tstamp();
        let mut outcome = Outcome::default();
        let ids = Ids::of(event, &self.program.keys);
        for (key, id) in ids.iter() {
            self.profiles.touch(key, id, &self.program, now);
        }
        let changes = self.count(event, &ids, &mut outcome);
        let holding = self.evaluate(&changes, &ids, now, &mut outcome);
        let claimed: Vec<_> = holding
            .into_iter()
            .map(|holding| (holding.rule, self.claim_targets(&holding, &ids, now)))
            .filter(|(_, targets)| !targets.is_empty())
            .collect();
        if !claimed.is_empty() {
            let values = self.current_values(&ids, now);
            let triggered = claimed.into_iter().map(|(rule, targets)| {
                let rule = self.program.rule(rule);
                Triggered {
                    intervention_id: new_id().to_string(),
                    name: rule.name.clone(),
                    version: rule.version,
                    attributes: self.payload(rule, &values),
                    targets,
                }
            });
            outcome.triggered = triggered.collect();
        }
        if let Some(changed) = &mut self.changed {
            for (key, id) in ids.iter().filter(|(key, id)| self.profiles.get(*key, id).is_some()) {
                changed.add(&self.program.keys.get(key).name, id);
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
        let groups = self.program.groups.iter();
        groups
            .filter(|group| group.is_published && group.key == key)
            .map(|group| self.read_group(group, id, now))
            .collect()
    }

    /// The values of one published group in one profile at `now`; `None` when there is no such group.
    pub fn group(
        &self,
        reference: &GroupReference,
        id: &str,
        now: Timestamp,
    ) -> Option<GroupReading> {
        self.published_group(reference).map(|group| self.read_group(group, id, now))
    }

    /// What the attributes of a published group are, in definition order; `None` when there is no such group.
    pub fn group_info(&self, reference: &GroupReference) -> Option<Vec<AttributeInfo>> {
        let group = self.published_group(reference)?;
        Some(group.attributes().map(|index| self.describe(index)).collect())
    }

    /// The value of one attribute of a published group in one profile at `now`, by its qualified name (e.g.
    /// `ecom_attributes_v1:page_views`); `None` when there is no such attribute.
    pub fn attribute(
        &self,
        qualified_name: &str,
        id: &str,
        now: Timestamp,
    ) -> Option<AttributeReading> {
        self.published_attribute(qualified_name).map(|index| self.read_attribute(index, id, now))
    }

    /// What an attribute of a published group is, by its qualified name (e.g. `ecom_attributes_v1:page_views`); `None` when
    /// there is no such attribute.
    pub fn attribute_info(&self, qualified_name: &str) -> Option<AttributeInfo> {
        self.published_attribute(qualified_name).map(|index| self.describe(index))
    }

    /// Whom an event is about: its id for every attribute key, where it has one.
    pub fn ids(&self, event: &Event) -> Vec<TargetAttributeKey> {
        let ids = Ids::of(event, &self.program.keys);
        ids.iter().map(|(key, id)| self.owner(key, id)).collect()
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
        let profiles = self.snapshot().restore(&program);
        if let Some(changed) = &mut self.changed {
            changed.add_losers((&self.program, &self.profiles), (&program, &profiles));
        }
        self.profiles = profiles;
        self.program = program;
        Ok(())
    }

    /// Forgets every profile and who has had which intervention. Definitions stay.
    pub fn reset_profiles(&mut self) {
        self.profiles = Profiles::new(&self.program.keys);
        if let Some(changed) = &mut self.changed {
            changed.forget_all();
        }
    }

    /// Frees what has outlived its time to live at `now`: values, and the memory of who has had which intervention when the
    /// id has no living attribute and had no event for 90 days. Neither counts any more anyway: this is about memory.
    ///
    /// Looks at every profile: call it every few minutes, not with every event.
    pub fn forget_expired(&mut self, now: Timestamp) {
        let Self { program, profiles, changed } = self;
        profiles.forget_expired(program, now, |key, id| {
            if let Some(changed) = changed {
                changed.add(&program.keys.get(key).name, id);
            }
        });
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
        self.mark_all_changed();
    }

    fn published_group(&self, reference: &GroupReference) -> Option<&Group> {
        let group = self.program.groups.get(self.program.groups.find(reference)?);
        group.is_published.then_some(group)
    }

    fn published_attribute(&self, qualified_name: &str) -> Option<AttributeIndex> {
        let index = self.program.groups.find_qualified(qualified_name)?;
        self.program.attribute(index).is_published.then_some(index)
    }

    fn read_group(&self, group: &Group, id: &str, now: Timestamp) -> GroupReading {
        GroupReading {
            name: group.name.clone(),
            version: group.version,
            attributes: group
                .attributes()
                .map(|index| self.read_attribute(index, id, now))
                .collect(),
        }
    }

    fn read_attribute(&self, index: AttributeIndex, id: &str, now: Timestamp) -> AttributeReading {
        let attribute = self.program.attribute(index);
        let profile = self.profiles.get(attribute.key, id);
        let value = profile.and_then(|profile| profile.value(index, attribute, now));
        AttributeReading {
            name: attribute.name.clone(),
            is_set: value.is_some(),
            value: attribute.value_for_reads(value),
        }
    }

    fn describe(&self, index: AttributeIndex) -> AttributeInfo {
        let attribute = self.program.attribute(index);
        let group = self.program.groups.get(self.program.groups.group_of(index));
        AttributeInfo {
            group: group.name.clone(),
            version: group.version,
            attribute_key: self.program.keys.get(attribute.key).name.clone(),
            name: attribute.name.clone(),
            value_type: attribute.type_name.clone(),
            default_value: attribute.value_for_reads(None),
        }
    }

    /// Takes the event into every attribute that counts it. Returns the changes that rules may care for.
    fn count(&mut self, event: &Event, ids: &Ids<'_>, outcome: &mut Outcome) -> Changes {
        let now = event.collector_tstamp();
        let Self { program, profiles, .. } = self;
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
            let profile = profiles.open(key, id, now);
            for (index, attribute, contribution) in contributions {
                // Nobody asks what an attribute was that no rule mentions.
                let is_mentioned = !program.rules_mentioning(index).is_empty();
                let before = is_mentioned.then(|| profile.value(index, attribute, now)).flatten();
                let Contribution { value, saturated } = contribution;
                let observation = Observation { at: event.derived_tstamp(), value };
                let observed = profile.observe(index, attribute, &observation, now);
                let after = profile.value(index, attribute, now);

                outcome.attributes_updated += 1;
                if observed.window_overflowed {
                    let attribute = attribute.full_name.clone();
                    outcome.warnings.push(Warning::WindowOverflowed { attribute });
                }
                if saturated || after.as_ref().is_some_and(|cast| cast.saturated) {
                    outcome
                        .warnings
                        .push(Warning::Saturated { attribute: attribute.full_name.clone() });
                }
                if !is_mentioned {
                    continue;
                }
                let (was_set, is_set) = (before.is_some(), after.is_some());
                let before = attribute.value_for_criteria(before);
                let after = attribute.value_for_criteria(after);
                // The first value may equal the default.
                if before != after || was_set != is_set {
                    changes.push(Change { attribute: index, was_set, before, after });
                }
            }
        }
        Changes::new(changes)
    }

    /// Rules that mention a changed attribute and hold now, in definition order.
    fn evaluate(
        &self,
        changes: &Changes,
        ids: &Ids<'_>,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Vec<Holding> {
        let mut rules: Vec<RuleIndex> = changes
            .attributes()
            .flat_map(|attribute| self.program.rules_mentioning(attribute))
            .copied()
            .collect();
        rules.sort_unstable();
        rules.dedup();
        outcome.rules_evaluated += rules.len() as u64;

        if rules.is_empty() {
            return Vec::new();
        }
        let mut unchanged = self.current_values(ids, now);
        rules
            .into_iter()
            .filter_map(|index| {
                let rule = self.program.rule(index);
                let mut after = After { changes, unchanged: &mut unchanged };
                if !rule.condition.holds(&mut after) {
                    return None;
                }
                let is_by_change = rule.condition.holds_by_change(&mut after);
                let mut before = Before { changes, unchanged: &mut unchanged };
                let is_new = is_by_change || !rule.condition.holds(&mut before);
                let targets = rule.targets.iter().copied();
                let anew_for = targets
                    .filter(|key| is_new || self.is_new_to(rule, *key, changes, &unchanged))
                    .collect();
                Some(Holding { rule: index, anew_for })
            })
            .collect()
    }

    /// Whether a rule over several profiles meets this one for the first time: nothing that it mentions was set there
    /// before the event.
    fn is_new_to(
        &self,
        rule: &Rule,
        key: KeyIndex,
        changes: &Changes,
        unchanged: &CurrentValues<'_>,
    ) -> bool {
        let (here, elsewhere): (Vec<AttributeIndex>, Vec<AttributeIndex>) =
            rule.mentioned.iter().partition(|index| self.program.attribute(**index).key == key);
        let was_set = |index: &AttributeIndex| match changes.of(*index) {
            Some(change) => change.was_set,
            None => unchanged.is_set(*index),
        };
        !here.is_empty() && !elsewhere.is_empty() && !here.iter().any(was_set)
    }

    /// Values in the profiles that an event belongs to.
    fn current_values(&self, ids: &Ids<'_>, now: Timestamp) -> CurrentValues<'_> {
        let keys = (0..self.program.keys.len() as u32).map(KeyIndex);
        let profiles = keys.map(|key| self.profiles.get(key, ids.get(key)?)).collect();
        CurrentValues::new(&self.program, profiles, now)
    }

    fn owner(&self, key: KeyIndex, id: &str) -> TargetAttributeKey {
        TargetAttributeKey { name: self.program.keys.get(key).name.clone(), id: id.to_owned() }
    }

    /// Those targets for which a rule holds anew, that the event has an id of and, unless the rule triggers at every
    /// change, that have not had it; from now on they have.
    fn claim_targets(
        &mut self,
        holding: &Holding,
        ids: &Ids<'_>,
        now: Timestamp,
    ) -> Vec<TargetAttributeKey> {
        let is_once = self.program.rule(holding.rule).is_once;
        let mut targets = Vec::new();
        for key in &holding.anew_for {
            let Some(id) = ids.get(*key) else { continue };
            if !is_once || self.profiles.open(*key, id, now).receive(holding.rule) {
                targets.push(self.owner(*key, id));
            }
        }
        targets
    }

    /// What an instance carries. Where two groups have an attribute of the same name, the group named first wins.
    fn payload(&self, rule: &Rule, values: &CurrentValues<'_>) -> Map<String, Value> {
        let mut payload = Map::new();
        for group in &rule.payload {
            for index in self.program.groups.get(*group).attributes() {
                let value = values.compute(index);
                let name = &self.program.attribute(index).name;
                if !value.is_null() && !payload.contains_key(name) {
                    payload.insert(name.clone(), value);
                }
            }
        }
        payload
    }
}
