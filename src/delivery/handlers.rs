//! The page's handlers, in order of registration.

use alloc::rc::Rc;
use alloc::vec::Vec;

/// Handlers by id. A clone is a cheap snapshot that later changes do not touch, so that handlers may add and remove handlers.
#[derive(Debug)]
pub struct Handlers<H> {
    entries: Rc<Vec<(Rc<str>, Rc<H>)>>,
}

impl<H> Clone for Handlers<H> {
    fn clone(&self) -> Self {
        Handlers { entries: Rc::clone(&self.entries) }
    }
}

impl<H> Default for Handlers<H> {
    fn default() -> Self {
        Handlers { entries: Rc::default() }
    }
}

impl<H> Handlers<H> {
    /// Registers a handler. An id in use keeps its place in the order and gets the new handler.
    pub fn insert(&mut self, id: &str, handler: Rc<H>) {
        let entries = Rc::make_mut(&mut self.entries);
        match entries.iter_mut().find(|(known, _)| **known == *id) {
            Some((_, registered)) => *registered = handler,
            None => entries.push((id.into(), handler)),
        }
    }

    /// Registers all of `others` after those that are here.
    pub fn extend(&mut self, others: &Handlers<H>) {
        for (id, handler) in others.iter() {
            self.insert(id, Rc::clone(handler));
        }
    }

    /// Forgets a handler; an unknown id is ignored.
    pub fn remove(&mut self, id: &str) {
        if self.entries.iter().any(|(known, _)| **known == *id) {
            Rc::make_mut(&mut self.entries).retain(|(known, _)| **known != *id);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Ids and handlers in order.
    pub fn iter(&self) -> impl Iterator<Item = &(Rc<str>, Rc<H>)> {
        self.entries.iter()
    }

    /// Whether exactly this handler is still registered.
    pub fn contains(&self, handler: &Rc<H>) -> bool {
        self.entries.iter().any(|(_, registered)| Rc::ptr_eq(registered, handler))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(handlers: &Handlers<u8>) -> Vec<&str> {
        handlers.iter().map(|(id, _)| &**id).collect()
    }

    fn registered(names: &[&str]) -> Handlers<u8> {
        let mut handlers = Handlers::default();
        for name in names {
            handlers.insert(name, Rc::new(0));
        }
        handlers
    }

    #[test]
    fn order_is_that_of_registration() {
        assert_eq!(ids(&registered(&["b", "a", "1", "__proto__"])), ["b", "a", "1", "__proto__"]);
    }

    #[test]
    fn an_id_in_use_keeps_its_place_and_gets_the_new_handler() {
        let mut handlers = registered(&["a", "b"]);
        handlers.insert("a", Rc::new(7));
        assert_eq!(ids(&handlers), ["a", "b"]);
        assert_eq!(handlers.iter().next().map(|(_, handler)| **handler), Some(7));
    }

    #[test]
    fn unknown_ids_are_not_missed() {
        let mut handlers = registered(&["a"]);
        handlers.remove("constructor");
        assert_eq!(ids(&handlers), ["a"]);
        handlers.remove("a");
        assert!(handlers.is_empty());
    }

    #[test]
    fn a_snapshot_does_not_change_and_tells_what_is_still_registered() {
        let mut handlers = registered(&["a", "b"]);
        let snapshot = handlers.clone();
        handlers.remove("a");
        handlers.insert("b", Rc::new(0));
        assert_eq!(ids(&snapshot), ["a", "b"]);
        for (_, handler) in snapshot.iter() {
            assert!(!handlers.contains(handler));
        }
    }
}
