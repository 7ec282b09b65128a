//! Single profiles as they are saved one by one, so that what is written grows with what changed and not with what there is.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use signals_wire::TargetAttributeKey;

use super::Engine;
use super::key::KeyIndex;
use super::names::{AttributeName, InterventionName};
use super::profile::{Cell, Profile, Profiles};
use super::program::Program;
use crate::Timestamp;

/// What is remembered of one attribute key id. Opaque, but serialisable.
///
/// It speaks of attributes and interventions by their names, so it can be read whatever is defined by then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedProfile {
    pub(super) cells: Vec<(Arc<AttributeName>, Cell)>,
    pub(super) received: Vec<Arc<InterventionName>>,
    pub(super) active_at: Timestamp,
}

/// What has become of profiles since the last [`Engine::take_changes`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfileChanges {
    /// Whether all that there were are gone; `profiles` are those that came after.
    pub all_forgotten: bool,
    /// Those that changed, as they are now; `None` for those that are gone. In no particular order.
    pub profiles: Vec<(TargetAttributeKey, Option<SavedProfile>)>,
}

/// Whose profiles have changed. By the names of attribute keys: those outlive a change of definitions.
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
        Self {
            cells: cells.collect(),
            received: received.collect(),
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

    /// Those of `before` that lost something when the definitions changed and they became `after`.
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
    /// Notes from now on which profiles change, for [`Engine::take_changes`] to tell. Costs some time with every event.
    pub fn track_changes(&mut self) {
        self.changed.get_or_insert_default();
    }

    /// What has changed since the last call or, before the first, since [`Engine::track_changes`]. Nothing without that.
    ///
    /// Whoever replaces what was saved of these profiles and no others has saved everything.
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

    /// Makes the next [`Engine::take_changes`] tell of every profile, as if they were all new. For when what was told before
    /// could not be saved.
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

    /// Bounds the memory: of more than `keep` profiles, forgets those whose last event is longest ago.
    ///
    /// Looks at every profile then: call it when there are many too many, rather than often.
    pub fn forget_least_active(&mut self, keep: usize) {
        let surplus = self.profiles.len().saturating_sub(keep);
        if surplus == 0 {
            return;
        }
        let mut ages: Vec<(Timestamp, KeyIndex, &str)> =
            self.profiles.iter().map(|(key, id, profile)| (profile.active_at(), key, id)).collect();
        // Ids decide between equals, so that the same events leave the same profiles everywhere.
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
