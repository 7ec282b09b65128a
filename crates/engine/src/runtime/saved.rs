//! Saves profiles one by one, so that the cost of a write depends on the changes and not on the number of profiles.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use signals_wire::TargetAttributeKey;

use super::Engine;
use super::contexts::{Buffer, ContextId};
use super::key::KeyIndex;
use super::names::{AttributeName, InterventionName};
use super::profile::{Cell, Profile, Profiles};
use super::program::Program;
use crate::Timestamp;

/// The profile of one id. Opaque, but serialisable.
///
/// It refers to attributes, interventions and agentic contexts by name, so it can be read even after the definitions have changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedProfile {
    pub(super) cells: Vec<(Arc<AttributeName>, Cell)>,
    pub(super) received: Vec<Arc<InterventionName>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) recent: Vec<(Arc<ContextId>, Buffer)>,
    pub(super) active_at: Timestamp,
}

/// The changes of profiles since the last [`Engine::take_changes`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfileChanges {
    /// Whether all earlier profiles are gone. `profiles` are the later ones.
    pub all_forgotten: bool,
    /// The current state of profiles that changed, or `None` for those that are gone. In no particular order.
    pub profiles: Vec<(TargetAttributeKey, Option<SavedProfile>)>,
}

/// The ids whose profiles have changed, by the name of the attribute key: names survive a change of the definitions.
#[derive(Debug, Clone, Default)]
pub(super) struct ChangedProfiles {
    all_forgotten: bool,
    ids: HashMap<String, HashSet<Box<str>>>,
}

impl SavedProfile {
    fn of(profile: &Profile, program: &Program) -> Self {
        let names = &program.names;
        let cells = profile
            .cells()
            .map(|(index, cell)| (Arc::clone(&names.attributes[index.get()]), cell.clone()));
        let received =
            profile.received().map(|index| Arc::clone(&names.interventions[index.get()]));
        let recent = profile
            .recent()
            .iter()
            .map(|(index, buffer)| (Arc::clone(&names.contexts[index.0 as usize]), buffer.clone()));
        Self {
            cells: cells.collect(),
            received: received.collect(),
            recent: recent.collect(),
            active_at: profile.active_at(),
        }
    }
}

impl ChangedProfiles {
    pub(super) fn add(&mut self, attribute_key: &str, id: &str) {
        let ids = match self.ids.get_mut(attribute_key) {
            Some(ids) => ids,
            None => self.ids.entry(attribute_key.to_owned()).or_default(),
        };
        if !ids.contains(id) {
            ids.insert(id.into());
        }
    }

    pub(super) fn forget_all(&mut self) {
        *self = Self { all_forgotten: true, ids: HashMap::new() };
    }

    /// Adds the profiles that lost something when the definitions changed, from `before` to `after`.
    pub(super) fn add_losers(
        &mut self,
        before: (&Program, &Profiles),
        after: (&Program, &Profiles),
    ) {
        for (key, id, profile) in before.1.iter() {
            let name = &before.0.keys.get(key).name;
            let kept = after.0.keys.named(name).and_then(|key| after.1.get(key, id));
            if kept.is_none_or(|kept| kept.size() != profile.size()) {
                self.add(name, id);
            }
        }
    }
}

impl Engine {
    /// From now on, records changed profiles for [`Engine::take_changes`]. This takes some time with every event.
    pub fn track_changes(&mut self) {
        self.changed.get_or_insert_default();
    }

    /// The changes since the last call or, before the first, since [`Engine::track_changes`]. Empty without that.
    ///
    /// Applied to the profiles that were saved before, they give the whole state.
    pub fn take_changes(&mut self) -> ProfileChanges {
        let Some(changed) = &mut self.changed else { return ProfileChanges::default() };
        let ChangedProfiles { all_forgotten, ids } = mem::take(changed);
        let mut profiles = Vec::new();
        for (name, ids) in ids {
            let key = self.program.keys.named(&name);
            profiles.extend(ids.into_iter().map(|id| {
                let profile = key.and_then(|key| self.profiles.get(key, &id));
                let saved = profile.map(|profile| SavedProfile::of(profile, &self.program));
                (TargetAttributeKey { name: name.clone(), id: id.into() }, saved)
            }));
        }
        ProfileChanges { all_forgotten, profiles }
    }

    /// Makes the next [`Engine::take_changes`] return every profile, as if all were new. Call this if earlier changes could not be
    /// saved.
    pub fn mark_all_changed(&mut self) {
        let Self { program, profiles, changed: Some(changed) } = self else { return };
        changed.forget_all();
        for (key, id, _) in profiles.iter() {
            changed.add(&program.keys.get(key).name, id);
        }
    }

    /// How many profiles there are.
    pub fn profile_count(&self) -> usize {
        self.profiles.len()
    }

    /// Limits the memory: if there are more than `keep` profiles, forgets those whose last event is longest ago.
    ///
    /// Goes through every profile then: call it rarely, when there are far too many.
    pub fn forget_least_active(&mut self, keep: usize) {
        let surplus = self.profiles.len().saturating_sub(keep);
        if surplus == 0 {
            return;
        }
        let mut ages: Vec<(Timestamp, KeyIndex, &str)> =
            self.profiles.iter().map(|(key, id, profile)| (profile.active_at(), key, id)).collect();
        // Ids break ties, so that the same events keep the same profiles everywhere.
        ages.select_nth_unstable(surplus - 1);
        let least_active: Vec<(KeyIndex, Box<str>)> =
            ages[..surplus].iter().map(|(_, key, id)| (*key, Box::from(*id))).collect();
        for (key, id) in least_active {
            self.profiles.remove(key, &id);
            if let Some(changed) = &mut self.changed {
                changed.add(&self.program.keys.get(key).name, &id);
            }
        }
        self.profiles.give_memory_back();
    }
}
