use std::collections::VecDeque;

use signals_engine::Event;
use signals_wire::TargetAttributeKey;

/// The latest good events of everybody.
#[derive(Debug, Default)]
pub(super) struct RecentEvents {
    events: VecDeque<Event>,
}

impl RecentEvents {
    const CAPACITY: usize = 1_000;

    pub(super) fn push(&mut self, event: Event) {
        if self.events.len() == Self::CAPACITY {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// Those of `owner`, oldest first.
    pub(super) fn of(&self, owner: &TargetAttributeKey) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.atomic(&owner.name) == owner.id.as_str())
    }
}
