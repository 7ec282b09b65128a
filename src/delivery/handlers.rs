//! The page's handlers: which interventions each one wants, and the order of the calls.

use super::intervention::Intervention;
use crate::web::Preserved;
use js_sys::{Array, Function, Reflect, RegExp, Symbol};
use serde::Deserialize;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A function of the page, and the interventions that it wants.
#[derive(Debug)]
pub(crate) struct Handler {
    wanted: Wanted,
    handle: Function,
}

#[derive(Debug)]
enum Wanted {
    Everything,
    Names(Vec<String>),
    Pattern(RegExp),
    Predicate(Function),
}

/// A handler in the form `{match, handle}`.
#[derive(Deserialize)]
struct MatchingHandler {
    #[serde(default, rename = "match")]
    wanted: Preserved,
    #[serde(default)]
    handle: Preserved,
}

impl Handler {
    /// Reads a function, or `{match, handle}`.
    ///
    /// # Errors
    ///
    /// Returns what is wrong. The message shows it after the name of the field that contained `value`.
    pub(crate) fn read(value: JsValue) -> Result<Handler, &'static str> {
        let value = match value.dyn_into::<Function>() {
            Ok(handle) => return Ok(Handler { wanted: Wanted::Everything, handle }),
            Err(value) => value,
        };
        let matching: MatchingHandler = serde_wasm_bindgen::from_value(value)
            .map_err(|_| " must be a function or an object { match, handle }")?;
        let handle = matching.handle.0.dyn_into().map_err(|_| ".handle must be a function")?;
        Ok(Handler { wanted: Wanted::read(matching.wanted.0)?, handle })
    }

    /// Whether this handler wants the intervention.
    ///
    /// # Errors
    ///
    /// Returns what a predicate or a pattern of the page throws.
    pub(crate) fn wants(&self, intervention: &Intervention) -> Result<bool, JsValue> {
        match &self.wanted {
            Wanted::Everything => Ok(true),
            Wanted::Names(names) => Ok(names.iter().any(|name| name == intervention.name())),
            Wanted::Pattern(pattern) => matches(pattern, intervention.name()),
            Wanted::Predicate(predicate) => {
                Ok(predicate.call1(&JsValue::UNDEFINED, intervention.js())?.is_truthy())
            }
        }
    }

    /// The function, which identifies the handler.
    pub(crate) fn function(&self) -> &Function {
        &self.handle
    }

    /// Calls the handler. `tracker` is undefined on pages without a tracker.
    ///
    /// # Errors
    ///
    /// Returns what the handler throws.
    pub(crate) fn handle(
        &self,
        intervention: &Intervention,
        tracker: &JsValue,
    ) -> Result<JsValue, JsValue> {
        self.handle.call2(&JsValue::UNDEFINED, intervention.js(), tracker)
    }
}

impl Wanted {
    fn read(value: JsValue) -> Result<Wanted, &'static str> {
        const EXPECTED: &str =
            ".match must be a name, a list of names, a regular expression or a function";
        if let Some(name) = value.as_string() {
            return Ok(Wanted::Names(vec![name]));
        }
        if let Some(names) = value.dyn_ref::<Array>() {
            let names: Option<_> = names.iter().map(|name| name.as_string()).collect();
            return names.map(Wanted::Names).ok_or(EXPECTED);
        }
        if let Some(predicate) = value.dyn_ref::<Function>() {
            return Ok(Wanted::Predicate(predicate.clone()));
        }
        value.dyn_into().map(Wanted::Pattern).map_err(|_| EXPECTED)
    }
}

/// Whether `pattern` matches anywhere in `name`. Like `String.prototype.search`, this ignores where the last match of a pattern with the
/// flag `g` or `y` ended.
///
/// # Errors
///
/// Returns what a frozen pattern with such a flag, or a custom pattern, throws.
fn matches(pattern: &RegExp, name: &str) -> Result<bool, JsValue> {
    let search: Function = Reflect::get(pattern, &Symbol::search())?.dyn_into()?;
    let index = search.call1(pattern, &name.into())?;
    Ok(index.as_f64().is_some_and(|index| index >= 0.0))
}

/// Handlers by id. A clone is a cheap snapshot, so that handlers may add and remove handlers while they are called.
#[derive(Debug)]
pub(crate) struct Handlers<H> {
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
    /// Registers a handler. If the id exists, the new handler takes its place in the order.
    pub(crate) fn insert(&mut self, id: &str, handler: Rc<H>) {
        let entries = Rc::make_mut(&mut self.entries);
        match entries.iter_mut().find(|(known, _)| **known == *id) {
            Some((_, registered)) => *registered = handler,
            None => entries.push((id.into(), handler)),
        }
    }

    /// Registers all of `others` after the existing handlers.
    pub(crate) fn extend(&mut self, others: &Handlers<H>) {
        for (id, handler) in others.iter() {
            self.insert(id, Rc::clone(handler));
        }
    }

    /// Removes a handler. Ignores an unknown id.
    pub(crate) fn remove(&mut self, id: &str) {
        if self.entries.iter().any(|(known, _)| **known == *id) {
            Rc::make_mut(&mut self.entries).retain(|(known, _)| **known != *id);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Ids and handlers, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Rc<str>, Rc<H>)> {
        self.entries.iter()
    }

    /// Whether this handler is still registered.
    pub(crate) fn contains(&self, handler: &Rc<H>) -> bool {
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

    #[test]
    fn a_matching_handler_has_the_fields_of_the_types_of_the_page() {
        let fields = crate::typescript::read::<MatchingHandler>();
        assert_eq!(fields, crate::typescript::interface("MatchingHandler"));
    }
}
