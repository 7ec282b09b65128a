//! Explains why a rule holds or not: its criteria with their current values. For the inspector.

use serde::Serialize;
use serde_json::Value;
use signals_wire::TargetAttributeKey;

use super::Engine;
use super::condition::{Condition, Values};
use super::key::{Ids, KeyIndex};
use super::rule::{Rule, RuleIndex};
use super::values::CurrentValues;
use crate::definitions::Criteria;
use crate::timestamp::Timestamp;

/// The state of a published intervention for some profiles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleReading {
    /// Name of the intervention.
    pub name: String,
    /// Version of the intervention.
    pub version: u64,
    /// Its criteria and whether they hold.
    pub criteria: CriteriaReading,
    /// The ids that are its targets.
    pub targets: Vec<TargetAttributeKey>,
    /// The targets that received it and will not get it again.
    pub received_by: Vec<TargetAttributeKey>,
}

/// The state of one criterion, or of a tree of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CriteriaReading {
    /// Whether it holds now. A `changed` criterion holds only while an event is processed, so this is never true for it.
    pub holds: bool,
    /// What it tests.
    #[serde(flatten)]
    pub asks_for: AsksFor,
}

/// What a criterion tests.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AsksFor {
    /// An attribute's value.
    Test {
        /// `group:attribute`.
        attribute: String,
        /// The operator's name in the definition.
        operator: String,
        /// The value to compare with, if the operator has one.
        expected: Option<Value>,
        /// The current value. Null while unset, or if none of the ids has such a profile.
        actual: Value,
    },
    /// Every part must hold.
    All {
        /// The parts.
        parts: Vec<CriteriaReading>,
    },
    /// At least one part must hold.
    Any {
        /// The parts.
        parts: Vec<CriteriaReading>,
    },
    /// No part may hold.
    None {
        /// The parts.
        parts: Vec<CriteriaReading>,
    },
}

impl Engine {
    /// The state at `now` of the published interventions that use an attribute of one of `owners` or target it, in definition
    /// order. Of several owners with the same attribute key, the last one counts.
    pub fn explain(&self, owners: &[TargetAttributeKey], now: Timestamp) -> Vec<RuleReading> {
        let ids = Ids::named(owners, &self.program.keys);
        let mut values = self.current_values(&ids, now);
        self.program
            .published_rules()
            .filter(|(_, rule)| self.concerns(rule, &ids))
            .map(|(index, rule)| self.read_rule(index, rule, &ids, &mut values))
            .collect()
    }

    fn concerns(&self, rule: &Rule, ids: &Ids<'_>) -> bool {
        let mentioned = rule.mentioned.iter().map(|index| self.program.attribute(*index).key);
        mentioned.chain(rule.targets.iter().copied()).any(|key| ids.get(key).is_some())
    }

    fn read_rule(
        &self,
        index: RuleIndex,
        rule: &Rule,
        ids: &Ids<'_>,
        values: &mut CurrentValues<'_>,
    ) -> RuleReading {
        let targets: Vec<(KeyIndex, &str)> =
            rule.targets.iter().filter_map(|key| Some((*key, ids.get(*key)?))).collect();
        let has_received = |(key, id): &&(KeyIndex, &str)| {
            self.profiles.get(*key, id).is_some_and(|profile| profile.has_received(index))
        };
        let received = targets.iter().filter(has_received);
        RuleReading {
            name: rule.name.clone(),
            version: rule.version,
            criteria: read(&rule.condition, &rule.criteria, values),
            received_by: received.map(|(key, id)| self.owner(*key, id)).collect(),
            targets: targets.iter().map(|(key, id)| self.owner(*key, id)).collect(),
        }
    }
}

/// Evaluates `condition`, and takes the names from the criteria that it was compiled from.
fn read(
    condition: &Condition,
    criteria: &Criteria,
    values: &mut CurrentValues<'_>,
) -> CriteriaReading {
    let mut parts = |conditions: &[Condition], spelled: &Option<Vec<Criteria>>| {
        let spelled = spelled.iter().flatten();
        conditions.iter().zip(spelled).map(|(part, spelled)| read(part, spelled, values)).collect()
    };
    let asks_for = match condition {
        Condition::Test { attribute, .. } | Condition::Changed(attribute) => AsksFor::Test {
            attribute: criteria.attribute.clone().unwrap_or_default(),
            operator: criteria.operator.clone().unwrap_or_default(),
            expected: criteria.value.clone(),
            actual: values.value(*attribute).clone(),
        },
        Condition::All(conditions) => AsksFor::All { parts: parts(conditions, &criteria.all) },
        Condition::Any(conditions) => AsksFor::Any { parts: parts(conditions, &criteria.any) },
        Condition::None(conditions) => AsksFor::None { parts: parts(conditions, &criteria.none) },
    };
    CriteriaReading { holds: condition.holds(values), asks_for }
}
