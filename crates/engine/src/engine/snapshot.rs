//! State as it is saved: tied to definitions by names, because indexes mean nothing once definitions change.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::attribute::AttributeIndex;
use super::profile::{Cell, Profile, Profiles};
use super::program::Program;
use super::rule::RuleIndex;
use crate::Timestamp;

/// Everything an engine remembers about profiles. Opaque, but serialisable, and equal for equal state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Every attribute there was; cells refer to them by position.
    attributes: Vec<AttributeName>,
    /// Name and version of every intervention there was; profiles refer to them by position.
    interventions: Vec<(String, u64)>,
    /// Sorted by attribute key and id.
    profiles: Vec<SavedProfile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct AttributeName {
    group: String,
    version: u64,
    attribute: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SavedProfile {
    key: String,
    id: String,
    cells: Vec<(u32, Cell)>,
    received: Vec<u32>,
    active_at: Timestamp,
}

impl Snapshot {
    pub(super) fn take(program: &Program, profiles: &Profiles) -> Self {
        let mut saved: Vec<SavedProfile> = profiles
            .iter()
            .map(|(key, id, profile)| SavedProfile {
                key: program.keys.get(key).name.clone(),
                id: id.to_owned(),
                cells: profile.cells().map(|(index, cell)| (index.0, cell.clone())).collect(),
                received: profile.received().map(|index| index.0).collect(),
                active_at: profile.active_at(),
            })
            .collect();
        saved.sort_by(|left, right| (&left.key, &left.id).cmp(&(&right.key, &right.id)));
        Self {
            attributes: attribute_names(program),
            interventions: intervention_names(program),
            profiles: saved,
        }
    }

    /// The profiles under `program`, as far as it still defines what they hold.
    pub(super) fn restore(self, program: &Program) -> Profiles {
        let attributes: Vec<Option<AttributeIndex>> =
            positions(&self.attributes, attribute_names(program), AttributeIndex);
        let rules: Vec<Option<RuleIndex>> =
            positions(&self.interventions, intervention_names(program), RuleIndex);
        let mut profiles = Profiles::new(&program.keys);
        for saved in self.profiles {
            let Some(key) = program.keys.named(&saved.key) else { continue };
            let cells = saved.cells.into_iter().filter_map(|(position, cell)| {
                let index = (*attributes.get(position as usize)?)?;
                let attribute = program.attribute(index);
                (attribute.key == key && cell.fits(attribute)).then_some((index, cell))
            });
            let received = saved
                .received
                .into_iter()
                .filter_map(|position| rules.get(position as usize).copied().flatten());
            let profile = Profile::from_parts(cells, received, saved.active_at);
            if !profile.is_empty() {
                profiles.insert(key, saved.id, profile);
            }
        }
        profiles
    }
}

fn attribute_names(program: &Program) -> Vec<AttributeName> {
    let groups = program.groups.iter();
    groups
        .flat_map(|group| {
            group.attributes().map(|index| AttributeName {
                group: group.name.clone(),
                version: group.version,
                attribute: program.attribute(index).name.clone(),
            })
        })
        .collect()
}

fn intervention_names(program: &Program) -> Vec<(String, u64)> {
    program.rules().map(|(_, rule)| (rule.name.clone(), rule.version)).collect()
}

/// For each of the `old` names, its position among the `new` ones, if it is still there.
fn positions<N: Eq + std::hash::Hash, I: Copy>(
    old: &[N],
    new: Vec<N>,
    to_index: impl Fn(u32) -> I,
) -> Vec<Option<I>> {
    let by_name: HashMap<N, I> = new.into_iter().zip((0..).map(to_index)).collect();
    old.iter().map(|name| by_name.get(name).copied()).collect()
}
