//! Why an intervention holds or does not: its criteria with the values that they see now. For people who look for the reason.

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

/// How a published intervention stands for some profiles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleReading {
    /// Name of the intervention.
    pub name: String,
    /// Version of the intervention.
    pub version: u64,
    /// Its criteria and whether they hold.
    pub criteria: CriteriaReading,
    /// Those of the ids that are targets of it.
    pub targets: Vec<TargetAttributeKey>,
    /// Those of the targets that have had it, and will not get it again.
    pub received_by: Vec<TargetAttributeKey>,
}

/// One criterion or a tree of them, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CriteriaReading {
    /// Whether it holds now. A `changed` criterion holds only while an event is counted, so it never does.
    pub holds: bool,
    /// What it asks for.
    #[serde(flatten)]
    pub asks_for: AsksFor,
}

/// What a criterion asks for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AsksFor {
    /// A value.
    Test {
        /// `group:attribute`.
        attribute: String,
        /// How it is tested, as the definition spells it.
        operator: String,
        /// What it is compared with, where the operator takes that.
        expected: Option<Value>,
        /// What it is now; null while unset, and where none of the ids has such a profile.
        actual: Value,
    },
    /// Every one of these.
    All {
        /// The parts.
        parts: Vec<CriteriaReading>,
    },
    /// At least one of these.
    Any {
        /// The parts.
        parts: Vec<CriteriaReading>,
    },
    /// Not one of these.
    None {
        /// The parts.
        parts: Vec<CriteriaReading>,
    },
}

impl Engine {
    /// How the published interventions stand at `now` that mention an attribute of, or are targeted at, one of `owners`, in
    /// definition order. Of several owners with the same attribute key, the last one counts.
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

/// The condition knows how to decide, the criteria it was compiled from know how that is spelled.
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
