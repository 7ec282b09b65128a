//! A snapshot of all profiles.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use signals_wire::TargetAttributeKey;

use super::attribute::AttributeIndex;
use super::contexts::{Buffer, ContextId, ContextIndex};
use super::names::{AttributeName, InterventionName};
use super::profile::{Cell, Profile, Profiles};
use super::program::Program;
use super::rule::RuleIndex;
use super::saved::SavedProfile;
use crate::Timestamp;

/// All profiles of an engine. Opaque, but serialisable, and equal for equal state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Every attribute. Cells refer to them by position.
    attributes: Vec<Arc<AttributeName>>,
    /// Name and version of every intervention. Profiles refer to them by position.
    interventions: Vec<Arc<InterventionName>>,
    /// Every published agentic context. Profiles refer to them by position.
    #[serde(default)]
    contexts: Vec<Arc<ContextId>>,
    /// Sorted by attribute key and id.
    profiles: Vec<OwnedProfile>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OwnedProfile {
    key: String,
    id: String,
    cells: Vec<(u32, Cell)>,
    received: Vec<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent: Vec<(u32, Buffer)>,
    active_at: Timestamp,
}

impl Snapshot {
    pub(super) fn take(program: &Program, profiles: &Profiles) -> Self {
        let mut saved: Vec<OwnedProfile> = profiles
            .iter()
            .map(|(key, id, profile)| OwnedProfile {
                key: program.keys.get(key).name.clone(),
                id: id.to_owned(),
                cells: profile.cells().map(|(index, cell)| (index.0, cell.clone())).collect(),
                received: profile.received().map(|index| index.0).collect(),
                recent: profile
                    .recent()
                    .iter()
                    .map(|(it, buffer)| (it.0, buffer.clone()))
                    .collect(),
                active_at: profile.active_at(),
            })
            .collect();
        saved.sort_by(|left, right| (&left.key, &left.id).cmp(&(&right.key, &right.id)));
        Self {
            attributes: program.names.attributes.clone(),
            interventions: program.names.interventions.clone(),
            contexts: program.names.contexts.clone(),
            profiles: saved,
        }
    }

    /// Restores the profiles with `program`, without what it no longer defines.
    pub(super) fn restore(self, program: &Program) -> Profiles {
        let attributes: Vec<Option<AttributeIndex>> =
            positions(&self.attributes, &program.names.attributes, AttributeIndex);
        let rules: Vec<Option<RuleIndex>> =
            positions(&self.interventions, &program.names.interventions, RuleIndex);
        let contexts: Vec<Option<ContextIndex>> =
            positions(&self.contexts, &program.names.contexts, ContextIndex);
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
            let recent = saved.recent.into_iter().filter_map(|(position, buffer)| {
                let index = (*contexts.get(position as usize)?)?;
                let context = program.contexts.get(index);
                (context.key == key && buffer.fits(context)).then_some((index, buffer))
            });
            let profile = Profile::from_parts(cells, received, recent, saved.active_at);
            if !profile.is_empty() {
                profiles.insert(key, saved.id, profile);
            }
        }
        profiles
    }
}

/// Collects profiles that were saved one by one. Of several with the same id, one counts.
impl FromIterator<(TargetAttributeKey, SavedProfile)> for Snapshot {
    fn from_iter<I: IntoIterator<Item = (TargetAttributeKey, SavedProfile)>>(saved: I) -> Self {
        let mut attributes = Interned::default();
        let mut interventions = Interned::default();
        let mut contexts = Interned::default();
        let mut profiles: Vec<OwnedProfile> = saved
            .into_iter()
            .map(|(owner, SavedProfile { cells, received, recent, active_at })| OwnedProfile {
                key: owner.name,
                id: owner.id,
                cells: cells
                    .into_iter()
                    .map(|(name, cell)| (attributes.position(name), cell))
                    .collect(),
                received: received.into_iter().map(|name| interventions.position(name)).collect(),
                recent: recent
                    .into_iter()
                    .map(|(id, buffer)| (contexts.position(id), buffer))
                    .collect(),
                active_at,
            })
            .collect();
        profiles.sort_by(|left, right| (&left.key, &left.id).cmp(&(&right.key, &right.id)));
        Self {
            attributes: attributes.names,
            interventions: interventions.names,
            contexts: contexts.names,
            profiles,
        }
    }
}

/// A list of unique names.
#[derive(Debug)]
struct Interned<N> {
    names: Vec<Arc<N>>,
    positions: HashMap<Arc<N>, u32>,
}

impl<N> Default for Interned<N> {
    fn default() -> Self {
        Self { names: Vec::new(), positions: HashMap::new() }
    }
}

impl<N: Eq + Hash> Interned<N> {
    fn position(&mut self, name: Arc<N>) -> u32 {
        let Self { names, positions } = self;
        *positions.entry(name).or_insert_with_key(|name| {
            names.push(Arc::clone(name));
            names.len() as u32 - 1
        })
    }
}

/// For each of the `old` names, its position among the `new` ones, if it is one of them.
fn positions<N: Eq + Hash, I: Copy>(
    old: &[Arc<N>],
    new: &[Arc<N>],
    to_index: impl Fn(u32) -> I,
) -> Vec<Option<I>> {
    let by_name: HashMap<&N, I> = new.iter().map(Arc::as_ref).zip((0..).map(to_index)).collect();
    old.iter().map(|name| by_name.get(name.as_ref()).copied()).collect()
}
