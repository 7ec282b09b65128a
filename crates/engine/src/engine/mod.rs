//! The engine: compiled definitions and the profiles they are computed for.

mod outcome;
mod reading;
mod snapshot;

use uuid::Uuid;

use crate::{DefinitionError, Definitions, Event, Timestamp};
pub use outcome::{Outcome, Triggered, Warning};
pub use reading::{AttributeReading, GroupReading};
pub use snapshot::Snapshot;

/// Computes attributes from events and says which interventions they trigger.
#[derive(Debug)]
pub struct Engine {}

impl Engine {
    /// Compiles `definitions`; there are no profiles yet.
    ///
    /// # Errors
    /// The first definition that does not make sense. References are checked too.
    pub fn new(_definitions: &Definitions) -> Result<Engine, DefinitionError> {
        Ok(Engine {})
    }

    /// Counts one event and reports what it triggered.
    ///
    /// `new_id` makes the id of an intervention instance (UUID v4 outside of tests); it is called once per trigger.
    pub fn process(&mut self, _event: &Event, _new_id: &mut dyn FnMut() -> Uuid) -> Outcome {
        Outcome::default()
    }

    /// Whether `name` is a built-in attribute key or one that the definitions bring.
    pub fn has_attribute_key(&self, name: &str) -> bool {
        signals_wire::identifier::BUILT_IN_ATTRIBUTE_KEYS.contains(&name)
    }

    /// The values of one profile at `now`: every published group of that attribute key, attributes in definition order.
    ///
    /// A profile that does not exist reads like one in which nothing was ever counted.
    pub fn attributes(
        &self,
        _attribute_key: &str,
        _id: &str,
        _now: Timestamp,
    ) -> Vec<GroupReading> {
        Vec::new()
    }

    /// Compiles other definitions and keeps the profiles of attributes and interventions that are still there.
    ///
    /// # Errors
    /// As [`Engine::new`]; the engine is unchanged then.
    pub fn replace_definitions(
        &mut self,
        _definitions: &Definitions,
    ) -> Result<(), DefinitionError> {
        Ok(())
    }

    /// Forgets every profile and who has had which intervention. Definitions stay.
    pub fn reset_profiles(&mut self) {}

    /// Frees what has outlived its time to live at `now`. Reads never show such values anyway: this is about memory.
    pub fn forget_expired(&mut self, _now: Timestamp) {}

    /// Everything the engine remembers about profiles, to be serialised.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {}
    }

    /// Replaces all profiles by those of a snapshot.
    ///
    /// Attributes and interventions that are not defined any more are left out.
    pub fn restore(&mut self, _snapshot: Snapshot) {}
}
