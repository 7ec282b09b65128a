//! Attributes and interventions as pure functions of events.
//!
//! ```text
//! tracker payload ──▶ Event ──▶ Engine::process ──▶ Outcome { triggered, … }
//!                                   ▲
//!                    Definitions ───┘ (attribute keys, groups, services, interventions, event logs)
//! ```
//!
//! The crate does no I/O, and uses neither a clock nor random numbers: the caller passes the time and creates ids. The same
//! events in the same order give the same result on every platform, including wasm32.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod aggregation;
mod amount;
mod datum;
mod definitions;
mod duration;
mod event;
mod event_filter;
mod name;
#[cfg(feature = "openapi")]
mod openapi;
mod predicate;
mod property;
mod runtime;
mod time_unit;
mod timestamp;
mod value_type;

pub use definitions::{
    AttributeDefinition, AttributeGroup, AttributeKey, AttributeKeyReference, Criteria,
    DefinitionError, Definitions, EventCriteria, EventCriterion, EventLog, EventLogEvent,
    EventLogProperty, EventLogPropertyKind, EventSelection, EventSelector, Field, GroupReference,
    Intervention, LocSegment, Position, Property, PropertyKind, Service,
};
pub use duration::parse_duration_ms;
pub use event::{Arrival, BadEvent, Event, Payload, SchemaUri, SelfDescribing};
pub use runtime::{
    AsksFor, AttributeInfo, AttributeReading, ContextReading, CriteriaReading, Engine,
    GroupReading, Outcome, ProfileChanges, RecentEvent, RuleReading, SavedProfile, Snapshot,
    Triggered, TriggeredAttribute, Warning,
};
pub use timestamp::Timestamp;
