//! Agentic contexts: compiled definitions, and the recent events that they keep of each session.

mod buffer;
mod limits;
mod reading;
mod selection;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use super::key::{KeyIndex, Keys, unknown_key};
use crate::definitions::{DefinitionError, EventLog, Loc};
use crate::event::Event;
pub(super) use buffer::{Buffer, Kept, RecentEvents};
use limits::Limits;
pub use reading::{ContextReading, RecentEvent};
use selection::Selection;

/// The only attribute key of contexts.
const ATTRIBUTE_KEY: &str = "domain_sessionid";

/// Position of a published context in [`Contexts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ContextIndex(pub(super) u32);

/// A compiled context that is published.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) id: ContextId,
    pub(super) key: KeyIndex,
    prompt: Option<String>,
    limits: Limits,
    selections: Vec<Selection>,
}

/// Identifies a context whose events are kept. If its selections or limits change, it is another context.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct ContextId {
    name: String,
    /// A hash of the selections and limits.
    keeps: u64,
}

/// All published contexts, with an index so that an event costs nothing if none selects it.
#[derive(Debug, Clone, Default)]
pub(super) struct Contexts {
    contexts: Vec<Context>,
    /// For each event name in a selection, all selections that may match, in definition order.
    by_event_name: HashMap<String, Vec<(ContextIndex, u32)>>,
    /// The selections that may match events with any other name.
    of_any_name: Vec<(ContextIndex, u32)>,
}

impl Contexts {
    pub(super) fn compile(
        definitions: &[EventLog],
        keys: &Keys,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        let mut names = HashSet::new();
        let mut contexts = Vec::new();
        for (index, definition) in definitions.iter().enumerate() {
            let loc = loc.index(index);
            let context = Context::compile(definition, keys, &loc)?;
            if !names.insert((&definition.name, definition.is_published)) {
                let message = format!("event log `{}` is defined twice", definition.name);
                return Err(loc.field("name").error(message));
            }
            if definition.is_published {
                contexts.push(context);
            }
        }
        Ok(Self::indexed(contexts))
    }

    fn indexed(contexts: Vec<Context>) -> Self {
        let selections = || {
            (0..).map(ContextIndex).zip(&contexts).flat_map(|(index, context)| {
                (0..).zip(&context.selections).map(move |(number, it)| ((index, number), it))
            })
        };
        let may_match = |name: Option<&str>| {
            selections()
                .filter(|(_, it)| it.event_name().is_none() || it.event_name() == name)
                .map(|(place, _)| place)
                .collect()
        };
        let names: HashSet<&str> = selections().filter_map(|(_, it)| it.event_name()).collect();
        let by_event_name =
            names.into_iter().map(|name| (name.to_owned(), may_match(Some(name)))).collect();
        let of_any_name = may_match(None);
        Self { by_event_name, of_any_name, contexts }
    }

    pub(super) fn get(&self, index: ContextIndex) -> &Context {
        &self.contexts[index.0 as usize]
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &ContextId> {
        self.contexts.iter().map(|context| &context.id)
    }

    pub(super) fn named(&self, name: &str) -> Option<ContextIndex> {
        (0..)
            .map(ContextIndex)
            .zip(&self.contexts)
            .find(|(_, it)| it.id.name == name)
            .map(|it| it.0)
    }

    /// The contexts that keep `event`, with what they keep of it.
    pub(super) fn keeping(&self, event: &Event) -> impl Iterator<Item = (ContextIndex, Kept)> {
        let places = match self.contexts.is_empty() {
            true => &[][..],
            false => self.by_event_name.get(event.schema().name()).unwrap_or(&self.of_any_name),
        };
        let of_context = places.chunk_by(|(one, _), (other, _)| one == other);
        of_context.filter_map(|places| {
            let &[(index, _), ..] = places else { return None };
            let context = self.get(index);
            // The first selection that matches counts.
            let mut selections =
                places.iter().map(|&(_, number)| (number, &context.selections[number as usize]));
            let (number, selection) = selections.find(|(_, it)| it.matches(event))?;
            let kept = Kept::new(event, number, selection);
            kept.is_recent(context.limits, event.collector_tstamp()).then_some((index, kept))
        })
    }
}

impl Context {
    fn compile(definition: &EventLog, keys: &Keys, loc: &Loc<'_>) -> Result<Self, DefinitionError> {
        let limits = Limits::compile(definition, loc)?;
        let key = compile_key(definition, keys, &loc.field("attribute_key"))?;
        let selections_loc = loc.field("events");
        let selections =
            definition.events.iter().enumerate().map(|(index, selection)| {
                Selection::compile(selection, &selections_loc.index(index))
            });
        Ok(Self {
            id: ContextId::of(definition),
            key,
            prompt: definition.prompt.clone(),
            limits,
            selections: selections.collect::<Result<_, _>>()?,
        })
    }
}

impl ContextId {
    fn of(definition: &EventLog) -> Self {
        let EventLog { name, max_events, max_age_seconds, events, .. } = definition;
        // These types have no value that cannot be serialised.
        let keeps = serde_json::to_vec(&(max_events, max_age_seconds, events)).unwrap_or_default();
        Self { name: name.clone(), keeps: XxHash64::oneshot(0, &keeps) }
    }
}

fn compile_key(
    definition: &EventLog,
    keys: &Keys,
    loc: &Loc<'_>,
) -> Result<KeyIndex, DefinitionError> {
    let name = &definition.attribute_key.name;
    let loc = loc.field("name");
    if name != ATTRIBUTE_KEY {
        let message = format!("must be `{ATTRIBUTE_KEY}`, not `{}`", name.escape_debug());
        return Err(loc.error(message));
    }
    keys.named(name).ok_or_else(|| unknown_key(name, &loc))
}
