//! The engine: compiled definitions, and the profiles that it computes.

mod attribute;
mod condition;
mod contexts;
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

use signals_wire::TargetAttributeKey;
use uuid::Uuid;

use crate::aggregation::Observation;
use crate::{DefinitionError, Definitions, Event, GroupReference, Timestamp};
use attribute::{AttributeIndex, Contribution};
pub use contexts::{ContextReading, RecentEvent};
pub use explain::{AsksFor, CriteriaReading, RuleReading};
use group::Group;
use key::{Ids, KeyIndex};
pub use outcome::{Outcome, Triggered, TriggeredAttribute, Warning};
use profile::Profiles;
use program::Program;
pub use reading::{AttributeInfo, AttributeReading, GroupReading};
use rule::{Rule, RuleIndex};
use saved::ChangedProfiles;
pub use saved::{ProfileChanges, SavedProfile};
pub use snapshot::Snapshot;
use values::{After, Before, Change, Changes, CurrentValues};

/// Computes attributes from events, and decides which interventions they trigger.
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
    /// `None` unless changes are tracked.
    changed: Option<ChangedProfiles>,
}

/// A rule that holds after an event that changed one of its attributes.
struct Holding {
    rule: RuleIndex,
    /// The targets for which it did not hold before the event, or holds because of a change.
    anew_for: Vec<KeyIndex>,
}

impl Engine {
    /// Compiles `definitions`. There are no profiles yet.
    ///
    /// # Errors
    /// The first invalid definition, by its place in `definitions`: a name with unsupported characters or that is defined twice,
    /// an unknown aggregation, type, operator, property or duration, a reference to something that is not defined, or
    /// criteria that are empty or nested deeper than 32.
    pub fn new(definitions: &Definitions) -> Result<Engine, DefinitionError> {
        let program = Program::compile(definitions)?;
        let profiles = Profiles::new(&program.keys);
        Ok(Engine { program, profiles, changed: None })
    }

    /// Counts one event and reports what it triggered. The engine's time is the event's `collector_tstamp`.
    ///
    /// An intervention triggers when its criteria did not hold before the event and hold after it. Its targets are the event's
    /// ids that have not received it yet. All of them share one instance. An intervention with a `changed` criterion triggers
    /// at every change that contributes to making its criteria hold, even if its targets received it before. Criteria over
    /// the profiles of several keys, such as a user's and a session's, start afresh with each new profile: a user who met
    /// them long ago can meet them again in a new session.
    ///
    /// `new_id` makes the id of an instance (UUID v4 outside tests). It is called once per trigger.
    pub fn process(&mut self, event: &Event, new_id: &mut dyn FnMut() -> Uuid) -> Outcome {
        let now = event.collector_tstamp();
        let mut outcome = Outcome::default();
        let ids = Ids::of(event, &self.program.keys);
        for (key, id) in ids.iter() {
            self.profiles.touch(key, id, &self.program, now);
        }
        self.keep(event, &ids);
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

    /// Whether `name` is an attribute key, built in or defined.
    pub fn has_attribute_key(&self, name: &str) -> bool {
        self.program.keys.named(name).is_some()
    }

    /// The values of one profile at `now`: every published group of the attribute key, with its attributes in definition order.
    ///
    /// A profile that does not exist reads like an empty one. An unknown attribute key has no groups.
    pub fn attributes(&self, attribute_key: &str, id: &str, now: Timestamp) -> Vec<GroupReading> {
        let Some(key) = self.program.keys.named(attribute_key) else { return Vec::new() };
        let groups = self.program.groups.iter();
        groups
            .filter(|group| group.is_published && group.key == key)
            .map(|group| self.read_group(group, id, now))
            .collect()
    }

    /// The values of one published group in one profile at `now`. `None` if there is no such group.
    pub fn group(
        &self,
        reference: &GroupReference,
        id: &str,
        now: Timestamp,
    ) -> Option<GroupReading> {
        self.published_group(reference).map(|group| self.read_group(group, id, now))
    }

    /// The attributes of a published group, in definition order. `None` if there is no such group.
    pub fn group_info(&self, reference: &GroupReference) -> Option<Vec<AttributeInfo>> {
        let group = self.published_group(reference)?;
        Some(group.attributes().map(|index| self.describe(index)).collect())
    }

    /// The value of one attribute of a published group in one profile at `now`, by its qualified name such as
    /// `ecom_attributes_v1:page_views`. `None` if there is no such attribute.
    pub fn attribute(
        &self,
        qualified_name: &str,
        id: &str,
        now: Timestamp,
    ) -> Option<AttributeReading> {
        self.published_attribute(qualified_name).map(|index| self.read_attribute(index, id, now))
    }

    /// The definition of an attribute of a published group, by its qualified name such as `ecom_attributes_v1:page_views`. `None`
    /// if there is no such attribute.
    pub fn attribute_info(&self, qualified_name: &str) -> Option<AttributeInfo> {
        self.published_attribute(qualified_name).map(|index| self.describe(index))
    }

    /// The recent events of a session at `now`, as the published agentic context `name` keeps them. `None` if there is no such
    /// context. A session without events has an empty context.
    pub fn context(&self, name: &str, session: &str, now: Timestamp) -> Option<ContextReading> {
        let index = self.program.contexts.named(name)?;
        let context = self.program.contexts.get(index);
        let profile = self.profiles.get(context.key, session);
        Some(context.read(profile.and_then(|profile| profile.recent().get(index)), now))
    }

    /// The ids of an event, by attribute key.
    pub fn ids(&self, event: &Event) -> Vec<TargetAttributeKey> {
        let ids = Ids::of(event, &self.program.keys);
        ids.iter().map(|(key, id)| self.owner(key, id)).collect()
    }

    /// Replaces the definitions, and keeps the profiles of attributes and interventions that are still defined.
    ///
    /// # Errors
    /// As [`Engine::new`]. The engine is unchanged then.
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

    /// Forgets every profile, including received interventions. Keeps the definitions.
    pub fn reset_profiles(&mut self) {
        self.profiles = Profiles::new(&self.program.keys);
        if let Some(changed) = &mut self.changed {
            changed.forget_all();
        }
    }

    /// Frees expired values, recent events that are too old, and the received interventions of ids that have no value and had no event for 90 days. None of it
    /// counts any more anyway, so this only saves memory.
    ///
    /// Goes through every profile: call it every few minutes, not with every event.
    pub fn forget_expired(&mut self, now: Timestamp) {
        let Self { program, profiles, changed } = self;
        profiles.forget_expired(program, now, |key, id| {
            if let Some(changed) = changed {
                changed.add(&program.keys.get(key).name, id);
            }
        });
    }

    /// All profiles, in a form that can be serialised.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.program, &self.profiles)
    }

    /// Replaces all profiles by those of a snapshot.
    ///
    /// Leaves out attributes and interventions that are no longer defined, or that aggregate differently.
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

    /// Keeps the event for every agentic context that selects it.
    fn keep(&mut self, event: &Event, ids: &Ids<'_>) {
        let now = event.collector_tstamp();
        let Self { program, profiles, .. } = self;
        for (index, kept) in program.contexts.keeping(event) {
            let context = program.contexts.get(index);
            if let Some(id) = ids.get(context.key) {
                profiles.open(context.key, id, now).keep(index, context, kept, now);
            }
        }
    }

    /// Counts the event in every attribute that selects it. Returns the changes that can affect rules.
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
            // Most events contribute nothing to a key. They create no profile.
            if contributions.peek().is_none() {
                continue;
            }
            let profile = profiles.open(key, id, now);
            for (index, attribute, contribution) in contributions {
                // The previous value matters only if a rule uses the attribute.
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
                // The first value can equal the default.
                if before != after || was_set != is_set {
                    changes.push(Change { attribute: index, was_set, before, after });
                }
            }
        }
        Changes::new(changes)
    }

    /// Rules that use a changed attribute and hold now, in definition order.
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

    /// Whether a profile is new to a rule over several profiles: before the event, it had no value that the rule uses.
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

    /// The values in the profiles of an event.
    fn current_values(&self, ids: &Ids<'_>, now: Timestamp) -> CurrentValues<'_> {
        let keys = (0..self.program.keys.len() as u32).map(KeyIndex);
        let profiles = keys.map(|key| self.profiles.get(key, ids.get(key)?)).collect();
        CurrentValues::new(&self.program, profiles, now)
    }

    fn owner(&self, key: KeyIndex, id: &str) -> TargetAttributeKey {
        TargetAttributeKey { name: self.program.keys.get(key).name.clone(), id: id.to_owned() }
    }

    /// The targets that receive a rule now: it newly holds for them and the event has their id. Unless the rule triggers at every
    /// change, they have not received it before. Records that they have received it.
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

    /// The attributes of an instance, of all groups that it carries.
    fn payload(&self, rule: &Rule, values: &CurrentValues<'_>) -> Vec<TriggeredAttribute> {
        let groups = rule.payload.iter().map(|group| self.program.groups.get(*group));
        let attributes = groups.flat_map(|group| {
            group.attributes().map(|index| TriggeredAttribute {
                group: Some(group.name.clone()),
                name: self.program.attribute(index).name.clone(),
                value: values.compute(index),
            })
        });
        attributes.filter(|attribute| !attribute.value.is_null()).collect()
    }
}
