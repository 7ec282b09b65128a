use super::attribute::AttributeIndex;
use super::condition::Condition;
use super::group::{GroupIndex, Groups};
use super::key::{KeyIndex, Keys, unknown_key};
use crate::definitions::{Criteria, DefinitionError, Intervention, Loc};
use crate::name::check_name;

/// Position of an intervention in the definitions. Profiles use it to record what they received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RuleIndex(pub(super) u32);

impl RuleIndex {
    pub(super) fn get(self) -> usize {
        self.0 as usize
    }
}

/// A compiled intervention.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) version: u64,
    pub(super) is_published: bool,
    pub(super) condition: Condition,
    /// The source of `condition`.
    pub(super) criteria: Criteria,
    /// Whether every target gets it only once. Rules with a `changed` criterion trigger at every change.
    pub(super) is_once: bool,
    /// Attributes whose changes cause an evaluation of the rule.
    pub(super) mentioned: Vec<AttributeIndex>,
    pub(super) targets: Vec<KeyIndex>,
    pub(super) payload: Vec<GroupIndex>,
}

impl Rule {
    pub(super) fn compile(
        definition: &Intervention,
        keys: &Keys,
        groups: &Groups,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        check_name(&definition.name).map_err(|reason| loc.field("name").error(reason))?;
        let condition = Condition::compile(&definition.criteria, groups, &loc.field("criteria"))?;
        let mentioned = condition.attributes();
        let criteria_groups =
            distinct(mentioned.iter().map(|attribute| groups.group_of(*attribute)));
        Ok(Self {
            name: definition.name.clone(),
            version: definition.version,
            is_published: definition.is_published,
            targets: compile_targets(definition, keys, groups, &criteria_groups, loc)?,
            payload: compile_payload(definition, groups, &criteria_groups, loc)?,
            is_once: !condition.asks_for_change(),
            condition,
            criteria: definition.criteria.clone(),
            mentioned,
        })
    }
}

/// An empty list counts as missing.
fn compile_targets(
    definition: &Intervention,
    keys: &Keys,
    groups: &Groups,
    criteria_groups: &[GroupIndex],
    loc: &Loc<'_>,
) -> Result<Vec<KeyIndex>, DefinitionError> {
    let references = definition.target_attribute_keys.as_deref().unwrap_or_default();
    if references.is_empty() {
        return Ok(distinct(criteria_groups.iter().map(|group| groups.get(*group).key)));
    }
    let loc = loc.field("target_attribute_keys");
    let targets: Result<Vec<_>, _> = references
        .iter()
        .enumerate()
        .map(|(index, reference)| {
            keys.named(&reference.name)
                .ok_or_else(|| unknown_key(&reference.name, &loc.index(index).field("name")))
        })
        .collect();
    targets.map(distinct)
}

/// An empty list counts as missing.
fn compile_payload(
    definition: &Intervention,
    groups: &Groups,
    criteria_groups: &[GroupIndex],
    loc: &Loc<'_>,
) -> Result<Vec<GroupIndex>, DefinitionError> {
    let references = definition.payload_attribute_groups.as_deref().unwrap_or_default();
    if references.is_empty() {
        return Ok(criteria_groups.to_vec());
    }
    let loc = loc.field("payload_attribute_groups");
    let payload: Result<Vec<_>, _> = references
        .iter()
        .enumerate()
        .map(|(index, reference)| groups.resolve_reference(reference, &loc.index(index)))
        .collect();
    payload.map(distinct)
}

fn distinct<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}
