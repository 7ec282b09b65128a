//! The profile of one id of an attribute key.

use hashbrown::HashMap;
use hashbrown::hash_map::EntryRef;
use serde::{Deserialize, Serialize};

use super::attribute::{Attribute, AttributeIndex, Scope};
use super::contexts::{Buffer, Context, ContextIndex, Kept, RecentEvents};
use super::key::{KeyIndex, Keys};
use super::program::Program;
use super::rule::RuleIndex;
use crate::Timestamp;
use crate::aggregation::{Observation, State, Window};
use crate::value_type::Cast;

/// How long received interventions are remembered after the last event: 90 days, in milliseconds.
///
/// Without a limit, memory would grow for ever, as ids come and go. 90 days is longer than attributes live by default and than
/// most campaigns run. A visitor who returns later counts as new.
const IDLE_LIFE_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// The attribute values, received interventions and recent events of one id.
///
/// The lists are sorted by index and contain only what was set, because there are many profiles, and most use few attributes.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    cells: Vec<(AttributeIndex, Cell)>,
    received: Vec<RuleIndex>,
    recent: RecentEvents,
    /// When its last event arrived.
    active_at: Timestamp,
}

/// One attribute in one profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Cell {
    state: CellState,
    updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum CellState {
    Lifetime(State),
    Window(Window),
}

/// The outcome of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Observed {
    /// Whether an older observation was dropped early because the window is full.
    pub(super) window_overflowed: bool,
}

impl Profile {
    fn new(now: Timestamp) -> Self {
        Self {
            cells: Vec::new(),
            received: Vec::new(),
            recent: RecentEvents::default(),
            active_at: now,
        }
    }

    fn cell(&self, attribute: AttributeIndex) -> Option<&Cell> {
        let position = self.cells.binary_search_by_key(&attribute, |(index, _)| *index).ok()?;
        Some(&self.cells[position].1)
    }

    /// Adds an observation to an attribute, at the engine time `now`.
    pub(super) fn observe(
        &mut self,
        index: AttributeIndex,
        attribute: &Attribute,
        observation: &Observation<'_>,
        now: Timestamp,
    ) -> Observed {
        let position = match self.cells.binary_search_by_key(&index, |(index, _)| *index) {
            Ok(position) => position,
            Err(position) => {
                self.cells.insert(position, (index, Cell::new(attribute, now)));
                position
            }
        };
        self.cells[position].1.observe(attribute, observation, now)
    }

    /// The value at `now`; `None` while unset.
    pub(super) fn value(
        &self,
        index: AttributeIndex,
        attribute: &Attribute,
        now: Timestamp,
    ) -> Option<Cast> {
        self.cell(index)?.value(attribute, now)
    }

    /// A profile from saved parts, in any order.
    pub(super) fn from_parts(
        cells: impl Iterator<Item = (AttributeIndex, Cell)>,
        received: impl Iterator<Item = RuleIndex>,
        recent: impl Iterator<Item = (ContextIndex, Buffer)>,
        active_at: Timestamp,
    ) -> Self {
        let mut profile = Self {
            cells: cells.collect(),
            received: received.collect(),
            recent: RecentEvents::from_parts(recent),
            active_at,
        };
        profile.cells.sort_by_key(|(index, _)| *index);
        profile.received.sort();
        profile
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = (AttributeIndex, &Cell)> {
        self.cells.iter().map(|(index, cell)| (*index, cell))
    }

    pub(super) fn received(&self) -> impl Iterator<Item = RuleIndex> {
        self.received.iter().copied()
    }

    pub(super) fn recent(&self) -> &RecentEvents {
        &self.recent
    }

    /// Keeps an event for a context, at the engine time `now`.
    pub(super) fn keep(
        &mut self,
        index: ContextIndex,
        context: &Context,
        event: Kept,
        now: Timestamp,
    ) {
        self.recent.add(index, context, event, now);
    }

    pub(super) fn active_at(&self) -> Timestamp {
        self.active_at
    }

    /// Whether nothing in the profile counts at `now`: no value is alive, and the last event is too old.
    fn is_over(&self, program: &Program, now: Timestamp) -> bool {
        now.millis_since(self.active_at) >= IDLE_LIFE_MS
            && !self.cells.iter().any(|(index, cell)| cell.is_live(program.attribute(*index), now))
    }

    /// How many attributes were set, how many interventions received, and for how many contexts events are kept.
    pub(super) fn size(&self) -> (usize, usize, usize) {
        (self.cells.len(), self.received.len(), self.recent.len())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.size() == (0, 0, 0)
    }

    /// Whether an intervention was delivered.
    pub(super) fn has_received(&self, rule: RuleIndex) -> bool {
        self.received.binary_search(&rule).is_ok()
    }

    /// Records that an intervention was delivered. Returns whether this is the first time.
    pub(super) fn receive(&mut self, rule: RuleIndex) -> bool {
        match self.received.binary_search(&rule) {
            Ok(_) => false,
            Err(position) => {
                self.received.insert(position, rule);
                true
            }
        }
    }
}

impl Cell {
    fn new(attribute: &Attribute, now: Timestamp) -> Self {
        let state = match attribute.retention.scope {
            Scope::Lifetime => CellState::Lifetime(attribute.aggregation.state()),
            Scope::Window => CellState::Window(Window::default()),
        };
        Self { state, updated_at: now }
    }

    fn observe(
        &mut self,
        attribute: &Attribute,
        observation: &Observation<'_>,
        now: Timestamp,
    ) -> Observed {
        if !self.is_live(attribute, now) {
            *self = Cell::new(attribute, now);
        }
        self.updated_at = self.updated_at.max(now);
        let window_overflowed = match &mut self.state {
            CellState::Lifetime(state) => {
                state.observe(observation);
                false
            }
            CellState::Window(window) => {
                window.observe(observation, attribute.aggregation, now, attribute.retention.keep_ms)
            }
        };
        Observed { window_overflowed }
    }

    /// The value at `now`. `None` if it has expired, its window is empty, or it cannot be cast to the type.
    fn value(&self, attribute: &Attribute, now: Timestamp) -> Option<Cast> {
        let value = match &self.state {
            _ if !self.is_live(attribute, now) => return None,
            CellState::Lifetime(state) => state.value(now),
            CellState::Window(window) => {
                window.value(attribute.aggregation, now, attribute.retention.keep_ms)
            }
        };
        attribute.present(value)
    }

    fn is_live(&self, attribute: &Attribute, now: Timestamp) -> bool {
        let keep_ms = attribute.retention.keep_ms;
        match &self.state {
            CellState::Lifetime(_) => now.millis_since(self.updated_at) < keep_ms,
            CellState::Window(window) => !window.is_empty_at(now, keep_ms),
        }
    }

    /// Whether the cell fits `attribute`, whose definition may have changed.
    pub(super) fn fits(&self, attribute: &Attribute) -> bool {
        match &self.state {
            CellState::Lifetime(state) => {
                attribute.retention.scope == Scope::Lifetime
                    && state.aggregation() == attribute.aggregation
            }
            CellState::Window(_) => attribute.retention.scope == Scope::Window,
        }
    }
}

/// All profiles, by attribute key and id.
#[derive(Debug, Clone)]
pub(super) struct Profiles {
    by_key: Vec<HashMap<Box<str>, Profile>>,
}

impl Profiles {
    pub(super) fn new(keys: &Keys) -> Self {
        Self { by_key: vec![HashMap::new(); keys.len()] }
    }

    pub(super) fn get(&self, key: KeyIndex, id: &str) -> Option<&Profile> {
        self.by_key[key.get()].get(id)
    }

    /// The profile of `id`. Creates it if there is none.
    pub(super) fn open(&mut self, key: KeyIndex, id: &str, now: Timestamp) -> &mut Profile {
        // Most profiles exist, so the id is copied only for a new one.
        match self.by_key[key.get()].entry_ref(id) {
            EntryRef::Occupied(profile) => profile.into_mut(),
            EntryRef::Vacant(place) => place.insert_with_key(id.into(), Profile::new(now)),
        }
    }

    /// Records an event of `id`. An expired profile starts afresh.
    pub(super) fn touch(&mut self, key: KeyIndex, id: &str, program: &Program, now: Timestamp) {
        if let Some(profile) = self.by_key[key.get()].get_mut(id) {
            if profile.is_over(program, now) {
                *profile = Profile::new(now);
            }
            profile.active_at = profile.active_at.max(now);
        }
    }

    pub(super) fn insert(&mut self, key: KeyIndex, id: String, profile: Profile) {
        self.by_key[key.get()].insert(id.into(), profile);
    }

    /// Every profile, in no particular order within a key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (KeyIndex, &str, &Profile)> {
        (0..).map(KeyIndex).zip(&self.by_key).flat_map(|(key, profiles)| {
            profiles.iter().map(move |(id, profile)| (key, id.as_ref(), profile))
        })
    }

    pub(super) fn remove(&mut self, key: KeyIndex, id: &str) {
        self.by_key[key.get()].remove(id);
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.iter().map(HashMap::len).sum()
    }

    /// Drops expired values and profiles, and profiles that become empty. Calls `on_change` for every profile that lost
    /// something.
    pub(super) fn forget_expired(
        &mut self,
        program: &Program,
        now: Timestamp,
        mut on_change: impl FnMut(KeyIndex, &str),
    ) {
        for (key, profiles) in (0..).map(KeyIndex).zip(&mut self.by_key) {
            profiles.retain(|id, profile| {
                if profile.is_over(program, now) {
                    on_change(key, id);
                    return false;
                }
                let before = profile.cells.len();
                profile.cells.retain(|(index, cell)| cell.is_live(program.attribute(*index), now));
                let has_aged = profile.recent.forget_expired(|it| program.contexts.get(it), now);
                if profile.cells.len() < before || has_aged {
                    on_change(key, id);
                }
                !profile.is_empty()
            });
        }
        self.give_memory_back();
    }

    /// Shrinks tables that were much larger before.
    pub(super) fn give_memory_back(&mut self) {
        for profiles in &mut self.by_key {
            if profiles.capacity() / 4 > profiles.len() {
                profiles.shrink_to(profiles.len() * 2);
            }
        }
    }
}
