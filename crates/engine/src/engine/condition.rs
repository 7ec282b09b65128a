//! Criteria of interventions: one test of an attribute, or a tree of them.

use std::borrow::Cow;

use serde_json::Value;

use super::attribute::AttributeIndex;
use crate::datum::Datum;
use crate::definitions::{Criteria, DefinitionError, Loc};
use crate::predicate::Predicate;

/// How many `all`, `any` and `none` may be nested in each other.
const MAX_DEPTH: usize = 32;

/// Compiled [`Criteria`].
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Test { attribute: AttributeIndex, predicate: Predicate },
    All(Vec<Condition>),
    Any(Vec<Condition>),
    None(Vec<Condition>),
}

/// Finds the attribute that `group:attribute` names.
pub(super) trait ResolveAttribute {
    /// # Errors
    /// What is wrong with the name.
    fn resolve(&self, full_name: &str) -> Result<AttributeIndex, String>;
}

impl Condition {
    pub(super) fn compile(
        criteria: &Criteria,
        attributes: &impl ResolveAttribute,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        compile_at_depth(criteria, attributes, loc, 0)
    }

    /// Whether it holds for the values that `value_of` gives. Unset attributes without a default are null.
    pub(super) fn holds<'v>(&self, value_of: &impl Fn(AttributeIndex) -> Cow<'v, Value>) -> bool {
        match self {
            Condition::Test { attribute, predicate } => {
                predicate.holds(&Datum::from(value_of(*attribute).as_ref()))
            }
            Condition::All(children) => children.iter().all(|child| child.holds(value_of)),
            Condition::Any(children) => children.iter().any(|child| child.holds(value_of)),
            Condition::None(children) => !children.iter().any(|child| child.holds(value_of)),
        }
    }

    /// Every attribute that is tested, in order of first mention.
    pub(super) fn attributes(&self) -> Vec<AttributeIndex> {
        let mut mentioned = Vec::new();
        self.collect_attributes(&mut mentioned);
        mentioned
    }

    fn collect_attributes(&self, mentioned: &mut Vec<AttributeIndex>) {
        match self {
            Condition::Test { attribute, .. } => {
                if !mentioned.contains(attribute) {
                    mentioned.push(*attribute);
                }
            }
            Condition::All(children) | Condition::Any(children) | Condition::None(children) => {
                children.iter().for_each(|child| child.collect_attributes(mentioned));
            }
        }
    }
}

fn compile_at_depth(
    criteria: &Criteria,
    attributes: &impl ResolveAttribute,
    loc: &Loc<'_>,
    depth: usize,
) -> Result<Condition, DefinitionError> {
    let subtree = |children: &[Criteria], name: &str| {
        let loc = loc.field(name);
        if depth == MAX_DEPTH {
            return Err(loc.error(format!("nested deeper than {MAX_DEPTH}")));
        }
        if children.is_empty() {
            return Err(loc.error("empty list of criteria"));
        }
        children
            .iter()
            .enumerate()
            .map(|(index, child)| compile_at_depth(child, attributes, &loc.index(index), depth + 1))
            .collect::<Result<Vec<_>, _>>()
    };
    match criteria {
        Criteria { attribute: Some(name), operator, value, all: None, any: None, none: None } => {
            let operator =
                operator.as_deref().ok_or_else(|| loc.field("operator").error("missing"))?;
            let attribute =
                attributes.resolve(name).map_err(|reason| loc.field("attribute").error(reason))?;
            let predicate = Predicate::compile(operator, value.as_ref(), loc)?;
            Ok(Condition::Test { attribute, predicate })
        }
        Criteria { attribute: None, operator: None, value: None, all, any, none } => {
            match (all, any, none) {
                (Some(children), None, None) => subtree(children, "all").map(Condition::All),
                (None, Some(children), None) => subtree(children, "any").map(Condition::Any),
                (None, None, Some(children)) => subtree(children, "none").map(Condition::None),
                (None, None, None) => {
                    Err(loc
                        .error("empty: give `attribute` and `operator`, or `all`, `any` or `none`"))
                }
                _ => Err(loc
                    .error("give only one of `all`, `any` and `none`; nest them to combine them")),
            }
        }
        Criteria { attribute: None, all: None, any: None, none: None, .. } => {
            Err(loc.field("attribute").error("missing"))
        }
        _ => Err(loc.error("give either `attribute`, `operator` and `value` or a tree, not both")),
    }
}
