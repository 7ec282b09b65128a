//! The recent events of one session. Pure: time is an argument.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::limits::Limits;
use super::reading::{ContextReading, RecentEvent};
use super::selection::{DERIVED_TSTAMP, Selection};
use super::{Context, ContextIndex};
use crate::Timestamp;
use crate::event::Event;

/// What a context keeps of one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::runtime) struct Kept {
    /// When it happened, or when it arrived if its own time is later. Such an event would never be too old.
    at: Timestamp,
    /// The position of the selection that matched.
    selection: u32,
    /// The values of that selection's properties, in order. An unset property is null.
    values: Box<[Value]>,
}

/// The recent events of one session for one context, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::runtime) struct Buffer {
    /// When the earliest of its events happened, also if that is no longer kept.
    started_at: Timestamp,
    events: VecDeque<Kept>,
}

/// The recent events of one profile, for each context that keeps any. Takes the memory of one pointer if none does, because there
/// are many profiles.
#[derive(Debug, Clone, Default)]
pub(in crate::runtime) struct RecentEvents(Option<Box<Buffers>>);

#[derive(Debug, Clone, Default)]
struct Buffers {
    /// Sorted by context.
    by_context: Vec<(ContextIndex, Buffer)>,
}

impl Kept {
    pub(super) fn new(event: &Event, number: u32, selection: &Selection) -> Self {
        let at = event.derived_tstamp().min(event.collector_tstamp());
        Self { at, selection: number, values: selection.read(event) }
    }

    pub(super) fn is_recent(&self, limits: Limits, now: Timestamp) -> bool {
        now.millis_since(self.at) < limits.max_age_ms
    }

    fn read(&self, context: &Context) -> Option<RecentEvent> {
        let selection = context.selections.get(self.selection as usize)?;
        let mut properties = Map::new();
        properties.insert(DERIVED_TSTAMP.to_owned(), self.at.to_string().into());
        for (name, value) in selection.names().zip(&self.values) {
            if !value.is_null() {
                properties.insert(name.to_owned(), value.clone());
            }
        }
        Some(RecentEvent { at: self.at, properties })
    }
}

impl Buffer {
    fn starting_with(event: Kept) -> Self {
        Self { started_at: event.at, events: [event].into() }
    }

    fn add(&mut self, event: Kept, limits: Limits) {
        self.started_at = self.started_at.min(event.at);
        let place = self.events.partition_point(|earlier| earlier.at <= event.at);
        self.events.insert(place, event);
        while self.events.len() > limits.max_events {
            self.events.pop_front();
        }
    }

    /// Frees what is too old at `now`. Returns whether there was any.
    fn forget_expired(&mut self, limits: Limits, now: Timestamp) -> bool {
        let first = self.events.partition_point(|event| !event.is_recent(limits, now));
        self.events.drain(..first);
        first > 0
    }

    /// Whether its events are of the form that `context` keeps. Events in a damaged file may not be.
    pub(in crate::runtime) fn fits(&self, context: &Context) -> bool {
        self.events.len() <= context.limits.max_events
            && self.events.iter().all(|event| {
                let selection = context.selections.get(event.selection as usize);
                selection.is_some_and(|it| it.names().len() == event.values.len())
            })
    }
}

impl Context {
    /// What `buffer` has at `now`.
    pub(in crate::runtime) fn read(
        &self,
        buffer: Option<&Buffer>,
        now: Timestamp,
    ) -> ContextReading {
        let recent = buffer.into_iter().flat_map(|buffer| &buffer.events);
        let recent = recent.filter(|event| event.is_recent(self.limits, now));
        let events: Vec<RecentEvent> = recent.filter_map(|event| event.read(self)).collect();
        ContextReading {
            name: self.id.name.clone(),
            prompt: self.prompt.clone(),
            max_events: self.limits.max_events as u64,
            max_age_seconds: self.limits.max_age_ms as u64 / 1_000,
            started_at: buffer.filter(|_| !events.is_empty()).map(|buffer| buffer.started_at),
            events,
        }
    }
}

impl RecentEvents {
    /// From saved buffers, in any order.
    pub(in crate::runtime) fn from_parts(
        buffers: impl Iterator<Item = (ContextIndex, Buffer)>,
    ) -> Self {
        let mut by_context: Vec<_> = buffers.collect();
        by_context.sort_by_key(|(index, _)| *index);
        Self::of(by_context)
    }

    fn of(by_context: Vec<(ContextIndex, Buffer)>) -> Self {
        Self((!by_context.is_empty()).then(|| Box::new(Buffers { by_context })))
    }

    pub(in crate::runtime) fn add(
        &mut self,
        index: ContextIndex,
        context: &Context,
        event: Kept,
        now: Timestamp,
    ) {
        let buffers = &mut self.0.get_or_insert_default().by_context;
        match buffers.binary_search_by_key(&index, |(index, _)| *index) {
            Ok(position) => {
                let buffer = &mut buffers[position].1;
                buffer.forget_expired(context.limits, now);
                if buffer.events.is_empty() {
                    *buffer = Buffer::starting_with(event);
                } else {
                    buffer.add(event, context.limits);
                }
            }
            Err(position) => buffers.insert(position, (index, Buffer::starting_with(event))),
        }
    }

    pub(in crate::runtime) fn get(&self, index: ContextIndex) -> Option<&Buffer> {
        let buffers = &self.0.as_ref()?.by_context;
        let position = buffers.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        Some(&buffers[position].1)
    }

    pub(in crate::runtime) fn iter(&self) -> impl Iterator<Item = (ContextIndex, &Buffer)> {
        let buffers = self.0.iter().flat_map(|buffers| &buffers.by_context);
        buffers.map(|(index, buffer)| (*index, buffer))
    }

    /// For how many contexts there are events.
    pub(in crate::runtime) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |buffers| buffers.by_context.len())
    }

    /// Frees what is too old at `now`. Returns whether there was any.
    pub(in crate::runtime) fn forget_expired<'c>(
        &mut self,
        context: impl Fn(ContextIndex) -> &'c Context,
        now: Timestamp,
    ) -> bool {
        let Some(buffers) = &mut self.0 else { return false };
        let mut has_changed = false;
        buffers.by_context.retain_mut(|(index, buffer)| {
            has_changed |= buffer.forget_expired(context(*index).limits, now);
            !buffer.events.is_empty()
        });
        if buffers.by_context.is_empty() {
            self.0 = None;
        }
        has_changed
    }
}
