//! The limits of a definition, and those that it sets.

use crate::definitions::{DefinitionError, EventLog, Loc};
use crate::name::check_name;

/// How many characters of text a definition may have. Registry clients have the same limits.
const MAX_DESCRIPTION: usize = 1_024;
const MAX_OWNER: usize = 255;
const MAX_PROMPT: usize = 3_800;

const MAX_EVENTS: u64 = 100;
const MAX_AGE_SECONDS: u64 = 3_600;
const MAX_SELECTIONS: usize = 20;
const MAX_PROPERTIES: usize = 50;

/// How many events of a session a context keeps, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) max_events: usize,
    pub(super) max_age_ms: i64,
}

impl Limits {
    /// Checks every limit of the definition at `loc`.
    pub(super) fn compile(definition: &EventLog, loc: &Loc<'_>) -> Result<Self, DefinitionError> {
        let EventLog { name, description, owner, prompt, events, .. } = definition;
        check_name(name).map_err(|reason| loc.field("name").error(reason))?;
        check_text(description.as_deref(), MAX_DESCRIPTION, &loc.field("description"))?;
        check_text(owner.as_deref(), MAX_OWNER, &loc.field("owner"))?;
        check_text(prompt.as_deref(), MAX_PROMPT, &loc.field("prompt"))?;
        check_count(events.len(), MAX_SELECTIONS, &loc.field("events"))?;
        let events_loc = loc.field("events");
        for (index, selection) in events.iter().enumerate() {
            let loc = events_loc.index(index);
            check_count(selection.properties.len(), MAX_PROPERTIES, &loc.field("properties"))?;
        }
        let max_events = definition.max_events;
        check_range(max_events, MAX_EVENTS, &loc.field("max_events"))?;
        let max_age_seconds = definition.max_age_seconds;
        check_range(max_age_seconds, MAX_AGE_SECONDS, &loc.field("max_age_seconds"))?;
        Ok(Self { max_events: max_events as usize, max_age_ms: max_age_seconds as i64 * 1_000 })
    }
}

fn check_text(text: Option<&str>, limit: usize, loc: &Loc<'_>) -> Result<(), DefinitionError> {
    let text = text.unwrap_or_default();
    if text.chars().count() > limit {
        return Err(loc.error(format!("longer than {limit} characters")));
    }
    if text.contains('\0') {
        return Err(loc.error("control character \\0"));
    }
    Ok(())
}

fn check_count(count: usize, limit: usize, loc: &Loc<'_>) -> Result<(), DefinitionError> {
    match (1..=limit).contains(&count) {
        true => Ok(()),
        false => Err(loc.error(format!("needs 1 to {limit}, not {count}"))),
    }
}

fn check_range(number: u64, limit: u64, loc: &Loc<'_>) -> Result<(), DefinitionError> {
    match (1..=limit).contains(&number) {
        true => Ok(()),
        false => Err(loc.error(format!("must be 1 to {limit}, not {number}"))),
    }
}
