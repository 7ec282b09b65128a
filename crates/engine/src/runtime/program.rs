//! Compiled definitions, with indexes so that the cost of an event depends only on what it affects.

use std::collections::{HashMap, HashSet};

use super::attribute::{Attribute, AttributeIndex};
use super::contexts::Contexts;
use super::group::Groups;
use super::key::{KeyIndex, Keys};
use super::names::Names;
use super::rule::{Rule, RuleIndex};
use crate::definitions::{DefinitionError, Definitions, Loc, Service};
use crate::event::Event;
use crate::name::check_name;

/// The state of an [`Engine`](super::Engine) without profiles.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) keys: Keys,
    pub(super) groups: Groups,
    pub(super) contexts: Contexts,
    pub(super) names: Names,
    rules: Vec<Rule>,
    counted_by: EventIndex,
    /// For each attribute, the published rules that use it.
    mentioned_by: Vec<Vec<RuleIndex>>,
}

/// Finds the attributes that may count an event.
#[derive(Debug, Clone, Default)]
struct EventIndex {
    by_name: HashMap<String, Vec<AttributeIndex>>,
    any_name: Vec<AttributeIndex>,
}

impl Program {
    pub(super) fn compile(definitions: &Definitions) -> Result<Self, DefinitionError> {
        let root = Loc::ROOT;
        let mut keys = Keys::compile(&definitions.attribute_keys, &root.field("attribute_keys"))?;
        let groups = Groups::compile(
            &definitions.attribute_groups,
            &mut keys,
            &root.field("attribute_groups"),
        )?;
        check_services(&definitions.services, &groups, &root.field("services"))?;
        let rules = compile_rules(definitions, &keys, &groups, &root.field("interventions"))?;

        let contexts =
            Contexts::compile(&definitions.event_logs, &keys, &root.field("event_logs"))?;

        let mut counted_by = EventIndex::default();
        for (index, attribute) in
            groups.attributes().filter(|(_, attribute)| attribute.is_published)
        {
            counted_by.add(index, attribute);
        }
        let mut mentioned_by = vec![Vec::new(); groups.attributes().count()];
        for (index, rule) in (0..).map(RuleIndex).zip(&rules).filter(|(_, rule)| rule.is_published)
        {
            for attribute in &rule.mentioned {
                mentioned_by[attribute.get()].push(index);
            }
        }
        let names = Names::of(&groups, &rules, &contexts);
        Ok(Self { keys, groups, contexts, names, rules, counted_by, mentioned_by })
    }

    pub(super) fn attribute(&self, index: AttributeIndex) -> &Attribute {
        self.groups.attribute(index)
    }

    pub(super) fn rule(&self, index: RuleIndex) -> &Rule {
        &self.rules[index.get()]
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = (RuleIndex, &Rule)> {
        (0..).map(RuleIndex).zip(&self.rules)
    }

    pub(super) fn published_rules(&self) -> impl Iterator<Item = (RuleIndex, &Rule)> {
        self.rules().filter(|(_, rule)| rule.is_published)
    }

    pub(super) fn rules_mentioning(&self, attribute: AttributeIndex) -> &[RuleIndex] {
        &self.mentioned_by[attribute.get()]
    }

    /// The attributes that select the name of `event`, grouped by attribute key.
    pub(super) fn candidates(
        &self,
        event: &Event,
    ) -> impl Iterator<Item = (KeyIndex, &[AttributeIndex])> {
        let by_name =
            self.counted_by.by_name.get(event.schema().name()).map_or(&[][..], Vec::as_slice);
        let key_of = |index: &AttributeIndex| self.attribute(*index).key;
        [by_name, &self.counted_by.any_name]
            .into_iter()
            .flat_map(move |indexes| indexes.chunk_by(move |a, b| key_of(a) == key_of(b)))
            .map(move |run| (key_of(&run[0]), run))
    }
}

impl EventIndex {
    fn add(&mut self, index: AttributeIndex, attribute: &Attribute) {
        match attribute.filter.event_names() {
            None => self.any_name.push(index),
            Some(names) => {
                for name in names.into_iter().collect::<HashSet<_>>() {
                    self.by_name.entry(name.to_owned()).or_default().push(index);
                }
            }
        }
    }
}

fn check_services(
    services: &[Service],
    groups: &Groups,
    loc: &Loc<'_>,
) -> Result<(), DefinitionError> {
    for (index, service) in services.iter().enumerate() {
        let loc = loc.index(index);
        check_name(&service.name).map_err(|reason| loc.field("name").error(reason))?;
        if services[..index].iter().any(|earlier| earlier.name == service.name) {
            return Err(loc
                .field("name")
                .error(format!("service `{}` is defined twice", service.name)));
        }
        let groups_loc = loc.field("attribute_groups");
        for (index, reference) in service.attribute_groups.iter().enumerate() {
            groups.resolve_reference(reference, &groups_loc.index(index))?;
        }
    }
    Ok(())
}

fn compile_rules(
    definitions: &Definitions,
    keys: &Keys,
    groups: &Groups,
    loc: &Loc<'_>,
) -> Result<Vec<Rule>, DefinitionError> {
    let mut names = HashSet::new();
    definitions
        .interventions
        .iter()
        .enumerate()
        .map(|(index, definition)| {
            let loc = loc.index(index);
            if !names.insert((&definition.name, definition.version)) {
                let message = format!(
                    "version {} of `{}` is defined twice",
                    definition.version,
                    definition.name.escape_debug()
                );
                return Err(loc.field("name").error(message));
            }
            Rule::compile(definition, keys, groups, &loc)
        })
        .collect()
}
