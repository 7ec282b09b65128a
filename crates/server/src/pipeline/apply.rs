//! The effects of commands: a pure function of the earlier state, the command and its position. It reads no clock, uses no
//! random numbers and does no I/O. So the same commands at the same positions have the same effects everywhere.

use std::hash::Hasher;

use serde_json::{Map, Value};
use signals_engine::{
    BadEvent, DefinitionError, Definitions, Engine, Event, Outcome, Timestamp, Triggered,
    TriggeredAttribute, Warning,
};
use signals_wire::TargetAttributeKey;
use siphasher::sip128::{Hasher128, SipHasher24};
use uuid::Uuid;

use super::duplicates::SeenEvents;
use super::read_positions::{Partition, ReadLines, ReadPosition, ReadPositions};
use crate::journal::BadRow;

/// A change of the state, which can trigger interventions.
#[derive(Debug)]
pub(super) enum Command {
    /// Counts events.
    Events(Batch),
    /// Replaces the definitions. Keeps the profiles of groups that are still defined.
    Definitions(Definitions),
    /// Reads a partition from this position on.
    Rewind(Partition, ReadPosition),
    /// Forgets profiles, events and interventions. Keeps the definitions.
    Reset,
    /// Forgets everything that has expired at this time.
    Tick(Timestamp),
    /// Delivers an intervention that no rule triggered.
    Intervention(DirectIntervention),
}

/// Events that arrived together, in order, and when they arrived.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) events: Vec<Admitted>,
    pub(super) at: Timestamp,
    /// If they are lines of a log: which lines.
    pub(super) lines: Option<ReadLines>,
}

/// One event as it is applied.
#[derive(Debug)]
pub(super) enum Admitted {
    Good(Event),
    /// An event that could not be read. It changes nothing, and is reported in order.
    Bad(BadEvent, BadRow),
}

/// An intervention that is pushed without a rule.
#[derive(Debug)]
pub(crate) struct DirectIntervention {
    /// By default, the id is computed from the command's position.
    pub(crate) intervention_id: Option<String>,
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) targets: Vec<TargetAttributeKey>,
}

/// The position of a command in the order of all commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogPosition {
    /// Identifies this order. No two orders have the same epoch.
    pub(super) epoch: Uuid,
    /// The number of the command. Numbers increase.
    pub(super) sequence: u64,
}

/// An effect of a command. The rest of the server receives the effects in order.
#[derive(Debug)]
pub(super) enum Effect {
    /// An event was counted.
    Counted { event: Event, at: Timestamp, attributes_updated: u64, rules_evaluated: u64 },
    /// An event was counted before and changed nothing.
    Duplicate { event: Event, at: Timestamp },
    /// An event could not be read and changed nothing.
    Rejected { error: BadEvent, row: BadRow, at: Timestamp },
    /// A definition could not be applied to an event.
    Warned(Warning),
    /// There were more profiles than this limit, so the least active ones were forgotten.
    Bounded { max_profiles: usize },
    /// A rule triggered.
    Triggered(Triggered),
    /// An intervention was pushed.
    Pushed(Triggered),
    /// The new definitions are invalid, so the previous ones stay.
    Refused(DefinitionError),
    /// Everything except the definitions was forgotten.
    Forgotten,
    /// Everything that had expired was forgotten.
    Expired,
}

/// The state after all commands so far.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) engine: Engine,
    pub(super) seen: SeenEvents,
    pub(super) read: ReadPositions,
    pub(super) max_profiles: usize,
}

impl Replica {
    /// Applies the command at `position`, which must be later than those of all earlier commands. Passes each effect to `emit` as soon as
    /// it is known: an event that was counted does not stay in memory until the last one of its batch is.
    pub(super) fn apply(
        &mut self,
        command: Command,
        position: LogPosition,
        emit: &mut impl FnMut(Effect),
    ) {
        match command {
            Command::Events(Batch { events, at, lines }) => {
                let already_read = lines.map_or(0, |lines| self.read.advance(lines));
                for (index, event) in events.into_iter().enumerate().skip(already_read) {
                    match event {
                        Admitted::Good(event) => {
                            self.count(event, at, position.event(index), emit);
                        }
                        Admitted::Bad(error, row) => emit(Effect::Rejected { error, row, at }),
                    }
                }
            }
            Command::Definitions(definitions) => {
                if let Err(error) = self.engine.replace_definitions(&definitions) {
                    emit(Effect::Refused(error));
                }
            }
            Command::Rewind(partition, position) => self.read.set(partition, position),
            Command::Reset => {
                self.engine.reset_profiles();
                self.seen.forget_all();
                emit(Effect::Forgotten);
            }
            Command::Tick(now) => {
                self.engine.forget_expired(now);
                emit(Effect::Expired);
            }
            Command::Intervention(direct) => {
                let DirectIntervention { intervention_id, name, version, attributes, targets } =
                    direct;
                let intervention_id =
                    intervention_id.unwrap_or_else(|| position.event(0).next().to_string());
                let attributes = attributes.into_iter();
                let attributes = attributes
                    .map(|(name, value)| TriggeredAttribute { group: None, name, value })
                    .collect();
                let instance = Triggered { intervention_id, name, version, attributes, targets };
                emit(Effect::Pushed(instance));
            }
        }
    }

    fn count(&mut self, event: Event, at: Timestamp, mut ids: Ids, emit: &mut impl FnMut(Effect)) {
        if event.event_id().is_some_and(|id| !self.seen.insert(id)) {
            return emit(Effect::Duplicate { event, at });
        }
        let outcome = self.engine.process(&event, &mut || ids.next());
        let Outcome { triggered, attributes_updated, rules_evaluated, warnings } = outcome;
        emit(Effect::Counted { event, at, attributes_updated, rules_evaluated });
        if self.engine.profile_count() > self.max_profiles {
            self.forget_some_profiles();
            emit(Effect::Bounded { max_profiles: self.max_profiles });
        }
        warnings.into_iter().map(Effect::Warned).for_each(&mut *emit);
        triggered.into_iter().map(Effect::Triggered).for_each(emit);
    }

    /// Frees a tenth of the profiles: it takes time to find the oldest, so this must be rare.
    fn forget_some_profiles(&mut self) {
        self.engine.forget_least_active(self.max_profiles - self.max_profiles / 10);
    }
}

impl LogPosition {
    /// The ids of the interventions that the event at `index` of this command triggers.
    fn event(self, index: usize) -> Ids {
        Ids { position: self, index: index as u64, ordinal: 0 }
    }
}

/// Ids of interventions. Each is computed from the command's position, the event's index in the command, and the trigger's
/// index among those of the event.
struct Ids {
    position: LogPosition,
    index: u64,
    /// The index of the next trigger.
    ordinal: u64,
}

impl Ids {
    /// A hash, because a UUID is too short for all of it.
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
