//! Criteria of interventions: a test of one attribute, or a tree of tests.

use serde_json::Value;

use super::attribute::AttributeIndex;
use crate::datum::Datum;
use crate::definitions::{Criteria, DefinitionError, Loc};
use crate::predicate::Predicate;

/// How deep `all`, `any` and `none` may be nested.
const MAX_DEPTH: usize = 32;

/// The operator that tests whether the event changes the value.
const CHANGED: &str = "changed";

/// Compiled [`Criteria`].
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Test { attribute: AttributeIndex, predicate: Predicate },
    Changed(AttributeIndex),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    None(Vec<Condition>),
}

/// Finds the attribute that `group:attribute` names.
pub(super) trait ResolveAttribute {
    /// # Errors
    /// Why the name is invalid.
    fn resolve(&self, full_name: &str) -> Result<AttributeIndex, String>;
}

/// Attribute values before or after an event. Implementations may cache them.
pub(super) trait Values {
    /// Null while unset, unless the attribute has a default.
    fn value(&mut self, attribute: AttributeIndex) -> &Value;

    /// Whether the event changed or set the attribute. Always false before the event.
    fn has_changed(&self, attribute: AttributeIndex) -> bool;
}

impl Condition {
    pub(super) fn compile(
        criteria: &Criteria,
        attributes: &impl ResolveAttribute,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        compile_at(criteria, attributes, loc, Place::default())
    }

    pub(super) fn holds(&self, values: &mut impl Values) -> bool {
        match self {
            Condition::Test { attribute, predicate } => {
                predicate.holds(&Datum::from(values.value(*attribute)))
            }
            Condition::Changed(attribute) => values.has_changed(*attribute),
            Condition::All(children) => children.iter().all(|child| child.holds(values)),
            Condition::Any(children) => children.iter().any(|child| child.holds(values)),
            Condition::None(children) => !children.iter().any(|child| child.holds(values)),
        }
    }

    /// Whether it holds, and one of its `changed` criteria contributes to that.
    pub(super) fn holds_by_change(&self, values: &mut impl Values) -> bool {
        match self {
            Condition::Test { .. } | Condition::None(_) => false,
            Condition::Changed(attribute) => values.has_changed(*attribute),
            Condition::All(children) => {
                children.iter().any(|child| child.holds_by_change(values)) && self.holds(values)
            }
            Condition::Any(children) => children.iter().any(|child| child.holds_by_change(values)),
        }
    }

    /// Whether one of its criteria is `changed`.
    pub(super) fn asks_for_change(&self) -> bool {
        match self {
            Condition::Test { .. } => false,
            Condition::Changed(_) => true,
            Condition::All(children) | Condition::Any(children) | Condition::None(children) => {
                children.iter().any(Condition::asks_for_change)
            }
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
            Condition::Test { attribute, .. } | Condition::Changed(attribute) => {
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

/// The place of a criterion in a tree.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    depth: usize,
    is_under_all: bool,
    is_under_none: bool,
}

impl Place {
    fn below(self, name: &str) -> Self {
        Self {
            depth: self.depth + 1,
            is_under_all: self.is_under_all || name == "all",
            is_under_none: self.is_under_none || name == "none",
        }
    }

    /// A change lasts only for one event. Inside `any` or `none`, it would mean nothing.
    fn allows_changed(self) -> bool {
        !self.is_under_none && (self.is_under_all || self.depth == 0)
    }
}

fn compile_at(
    criteria: &Criteria,
    attributes: &impl ResolveAttribute,
    loc: &Loc<'_>,
    place: Place,
) -> Result<Condition, DefinitionError> {
    let subtree = |children: &[Criteria], name: &str| {
        let loc = loc.field(name);
        if place.depth == MAX_DEPTH {
            return Err(loc.error(format!("nested deeper than {MAX_DEPTH}")));
        }
        if children.is_empty() {
            return Err(loc.error("must contain at least one criterion"));
        }
        children
            .iter()
            .enumerate()
            .map(|(index, child)| {
                compile_at(child, attributes, &loc.index(index), place.below(name))
            })
            .collect::<Result<Vec<_>, _>>()
    };
    match criteria {
        Criteria { attribute: Some(name), operator, value, all: None, any: None, none: None } => {
            let operator = operator.as_deref().ok_or_else(|| loc.field("operator").missing())?;
            let attribute =
                attributes.resolve(name).map_err(|reason| loc.field("attribute").error(reason))?;
            if operator == CHANGED {
                return match place.allows_changed() {
                    true => Ok(Condition::Changed(attribute)),
                    false => Err(loc.field("operator").error(
                        "`changed` is only allowed alone or inside `all`, and not inside `none`",
                    )),
                };
            }
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
                        .error("empty: set `attribute` and `operator`, or `all`, `any` or `none`"))
                }
                _ => Err(
                    loc.error("use only one of `all`, `any` and `none`. Nest them to combine them")
                ),
            }
        }
        Criteria { attribute: None, all: None, any: None, none: None, .. } => {
            Err(loc.field("attribute").missing())
        }
        _ => Err(loc.error(
            "use either `attribute`, `operator` and `value`, or one of `all`, `any` and `none`",
        )),
    }
}
