//! What commands do: a pure function of what was there before, the command and its position. It knows no clock, draws no random
//! numbers and does no I/O, so that the same commands at the same positions have the same effects wherever they are applied.

use std::hash::Hasher;

use serde_json::{Map, Value};
use signals_engine::{
    BadEvent, DefinitionError, Definitions, Engine, Event, Outcome, Timestamp, Triggered, Warning,
};
use signals_wire::TargetAttributeKey;
use siphasher::sip128::{Hasher128, SipHasher24};
use uuid::Uuid;

use super::duplicates::SeenEvents;
use crate::journal::BadRow;

/// Something that changes what is known, or that interventions follow from.
#[derive(Debug)]
pub(super) enum Command {
    /// Counts events.
    Events(Batch),
    /// Computes by other definitions from now on. Profiles of what is still defined are kept.
    Definitions(Definitions),
    /// Forgets profiles, events and interventions. Definitions stay.
    Reset,
    /// It is that time: what has outlived its own is forgotten.
    Tick(Timestamp),
    /// Delivers an intervention that no rule triggered.
    Intervention(DirectIntervention),
}

/// Events that arrived together, in order, and when.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) events: Vec<Admitted>,
    pub(super) at: Timestamp,
}

/// One event as it is applied.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "almost every event is a good one")]
pub(super) enum Admitted {
    Good(Event),
    /// One that could not be read. It changes nothing, and is told of in its place.
    Bad(BadEvent, BadRow),
}

/// An intervention that somebody pushes without a rule having triggered.
#[derive(Debug)]
pub(crate) struct DirectIntervention {
    /// One that follows from the command's position when not given.
    pub(crate) intervention_id: Option<String>,
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) targets: Vec<TargetAttributeKey>,
}

/// Where a command stands in the order of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogPosition {
    /// Tells this order from others: no two have the same.
    pub(super) epoch: Uuid,
    /// Counts up.
    pub(super) sequence: u64,
}

/// What a command did, to be told to the rest of the server in this order.
#[derive(Debug)]
pub(super) enum Effect {
    /// An event was counted.
    Counted { event: Event, at: Timestamp, attributes_updated: u64, rules_evaluated: u64 },
    /// An event had been counted before and changed nothing.
    Duplicate { event: Event, at: Timestamp },
    /// An event could not be read and changed nothing.
    Rejected { error: BadEvent, row: BadRow, at: Timestamp },
    /// Something could not be done as defined.
    Warned(Warning),
    /// There were more than so many profiles, and the least active were forgotten.
    Bounded { max_profiles: usize },
    /// A rule triggered.
    Triggered(Triggered),
    /// An intervention was pushed.
    Pushed(Triggered),
    /// The definitions make no sense, and those from before stay.
    Refused(DefinitionError),
    /// Everything but the definitions was forgotten.
    Forgotten,
    /// What had outlived its time was forgotten.
    Expired,
}

/// What follows from all commands so far.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) engine: Engine,
    pub(super) seen: SeenEvents,
    pub(super) max_profiles: usize,
}

impl Replica {
    /// Applies the command at `position`, which comes after those of all commands before.
    pub(super) fn apply(&mut self, command: Command, position: LogPosition) -> Vec<Effect> {
        match command {
            Command::Events(Batch { events, at }) => {
                let mut effects = Vec::with_capacity(events.len());
                for (index, event) in events.into_iter().enumerate() {
                    match event {
                        Admitted::Good(event) => {
                            self.count(event, at, &mut effects, position.event(index));
                        }
                        Admitted::Bad(error, row) => {
                            effects.push(Effect::Rejected { error, row, at });
                        }
                    }
                }
                effects
            }
            Command::Definitions(definitions) => {
                let replaced = self.engine.replace_definitions(&definitions);
                replaced.err().map(Effect::Refused).into_iter().collect()
            }
            Command::Reset => {
                self.engine.reset_profiles();
                self.seen.forget_all();
                vec![Effect::Forgotten]
            }
            Command::Tick(now) => {
                self.engine.forget_expired(now);
                vec![Effect::Expired]
            }
            Command::Intervention(direct) => {
                let DirectIntervention { intervention_id, name, version, attributes, targets } =
                    direct;
                let intervention_id =
                    intervention_id.unwrap_or_else(|| position.event(0).next().to_string());
                let instance = Triggered { intervention_id, name, version, attributes, targets };
                vec![Effect::Pushed(instance)]
            }
        }
    }

    fn count(&mut self, event: Event, at: Timestamp, effects: &mut Vec<Effect>, mut ids: Ids) {
        if event.event_id().is_some_and(|id| !self.seen.insert(id)) {
            effects.push(Effect::Duplicate { event, at });
            return;
        }
        let outcome = self.engine.process(&event, &mut || ids.next());
        let Outcome { triggered, attributes_updated, rules_evaluated, warnings } = outcome;
        effects.push(Effect::Counted { event, at, attributes_updated, rules_evaluated });
        effects.extend(self.bound());
        effects.extend(warnings.into_iter().map(Effect::Warned));
        effects.extend(triggered.into_iter().map(Effect::Triggered));
    }

    /// Makes room by a tenth at once when there are too many profiles: looking for the oldest takes its time.
    fn bound(&mut self) -> Option<Effect> {
        let max_profiles = self.max_profiles;
        (self.engine.profile_count() > max_profiles).then(|| {
            self.engine.forget_least_active(max_profiles - max_profiles / 10);
            Effect::Bounded { max_profiles }
        })
    }
}

impl LogPosition {
    /// The ids of what the event at `index` of the command here triggers.
    fn event(self, index: usize) -> Ids {
        Ids { position: self, index: index as u64, ordinal: 0 }
    }
}

/// Ids of interventions: each follows from a command's position, an event's place in the command and the trigger's place among
/// those of the event.
struct Ids {
    position: LogPosition,
    index: u64,
    /// Of the next trigger.
    ordinal: u64,
}

impl Ids {
    /// A hash, for a UUID has no room for all of it.
    fn next(&mut self) -> Uuid {
        let LogPosition { epoch, sequence } = self.position;
        let mut hasher = SipHasher24::new_with_key(epoch.as_bytes());
        for number in [sequence, self.index, self.ordinal] {
            hasher.write(&number.to_le_bytes());
        }
        self.ordinal += 1;
        Uuid::new_v8(hasher.finish128().as_bytes())
    }
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
