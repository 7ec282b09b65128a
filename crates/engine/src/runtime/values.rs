//! Attribute values for criteria and payloads, before and after an event or at one moment.

use serde_json::Value;

use super::attribute::AttributeIndex;
use super::condition::Values;
use super::profile::Profile;
use super::program::Program;
use crate::Timestamp;
use crate::value_type::Cast;

/// An attribute whose value an event changed.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) attribute: AttributeIndex,
    pub(super) was_set: bool,
    pub(super) before: Value,
    pub(super) after: Value,
}

/// All changes of one event.
#[derive(Debug)]
pub(super) struct Changes(Vec<Change>);

impl Changes {
    /// Takes changes in any order, at most one for each attribute.
    pub(super) fn new(mut changes: Vec<Change>) -> Self {
        changes.sort_unstable_by_key(|change| change.attribute);
        Self(changes)
    }

    pub(super) fn of(&self, attribute: AttributeIndex) -> Option<&Change> {
        let position = self.0.binary_search_by_key(&attribute, |change| change.attribute).ok()?;
        Some(&self.0[position])
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = AttributeIndex> {
        self.0.iter().map(|change| change.attribute)
    }
}

/// Values in some profiles at one moment.
#[derive(Debug)]
pub(super) struct CurrentValues<'a> {
    program: &'a Program,
    /// By attribute key.
    profiles: Vec<Option<&'a Profile>>,
    now: Timestamp,
    /// A cache of values, sorted by attribute: many rules use the same ones.
    known: Vec<(AttributeIndex, Value)>,
}

impl<'a> CurrentValues<'a> {
    pub(super) fn new(
        program: &'a Program,
        profiles: Vec<Option<&'a Profile>>,
        now: Timestamp,
    ) -> Self {
        Self { program, profiles, now, known: Vec::new() }
    }

    /// The value of an attribute for criteria, from the profile that has it.
    pub(super) fn compute(&self, attribute: AttributeIndex) -> Value {
        self.program.attribute(attribute).value_for_criteria(self.cast(attribute))
    }

    /// Whether the attribute is set, so that its value is not the default.
    pub(super) fn is_set(&self, attribute: AttributeIndex) -> bool {
        self.cast(attribute).is_some()
    }

    fn cast(&self, index: AttributeIndex) -> Option<Cast> {
        let attribute = self.program.attribute(index);
        let profile = self.profiles[attribute.key.get()].filter(|_| attribute.is_published)?;
        profile.value(index, attribute, self.now)
    }
}

impl Values for CurrentValues<'_> {
    fn value(&mut self, attribute: AttributeIndex) -> &Value {
        let position = match self.known.binary_search_by_key(&attribute, |(known, _)| *known) {
            Ok(position) => position,
            Err(position) => {
                self.known.insert(position, (attribute, self.compute(attribute)));
                position
            }
        };
        &self.known[position].1
    }

    fn has_changed(&self, _: AttributeIndex) -> bool {
        false
    }
}

/// Values before an event.
pub(super) struct Before<'s, 'a> {
    pub(super) changes: &'s Changes,
    pub(super) unchanged: &'s mut CurrentValues<'a>,
}

impl Values for Before<'_, '_> {
    fn value(&mut self, attribute: AttributeIndex) -> &Value {
        match self.changes.of(attribute) {
            Some(change) => &change.before,
            None => self.unchanged.value(attribute),
        }
    }

    fn has_changed(&self, _: AttributeIndex) -> bool {
        false
    }
}

/// Values after an event.
pub(super) struct After<'s, 'a> {
    pub(super) changes: &'s Changes,
    pub(super) unchanged: &'s mut CurrentValues<'a>,
}

impl Values for After<'_, '_> {
    fn value(&mut self, attribute: AttributeIndex) -> &Value {
        match self.changes.of(attribute) {
            Some(change) => &change.after,
            None => self.unchanged.value(attribute),
        }
    }

    fn has_changed(&self, attribute: AttributeIndex) -> bool {
        self.changes.of(attribute).is_some()
    }
}
