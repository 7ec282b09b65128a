//! Remembers recent interventions, and which functions were called for them.

use std::collections::VecDeque;
use std::rc::Rc;

/// The number of ids to remember. A new id replaces the oldest.
pub(crate) const MAX_REMEMBERED: usize = 1_000;

/// The ids of the most recent interventions.
#[derive(Debug, Default)]
pub(crate) struct SeenIds {
    ids: RecentIds<()>,
}

impl SeenIds {
    /// Remembers `id`. Returns false if it was known.
    pub(crate) fn insert(&mut self, id: &str) -> bool {
        let known = self.ids.find(id).is_some();
        if !known {
            self.ids.push(id, ());
        }
        !known
    }

    /// All ids, one per line. Skips ids that match `leave_out` and ids with control characters.
    pub(crate) fn to_text(&self, leave_out: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        for id in &self.ids.oldest_first {
            if !leave_out(id) && !id.bytes().any(|byte| byte.is_ascii_control()) {
                text.push_str(id);
                text.push('\n');
            }
        }
        text
    }

    /// Reads the result of [`SeenIds::to_text`].
    pub(crate) fn from_text(text: &str) -> SeenIds {
        let mut seen = SeenIds::default();
        for id in text.split('\n').filter(|line| !line.is_empty()) {
            seen.insert(id);
        }
        seen
    }
}

/// Which functions were called for which interventions. Several trackers of a page may receive the same intervention, but each function is
/// called once for it.
#[derive(Debug)]
pub(crate) struct Calls<F> {
    called: RecentIds<Vec<F>>,
}

impl<F> Default for Calls<F> {
    fn default() -> Self {
        Calls { called: RecentIds::default() }
    }
}

impl<F: PartialEq + Clone> Calls<F> {
    /// Remembers a call of `function` for the intervention `id`. Returns false if it was called before.
    pub(crate) fn insert(&mut self, id: &str, function: &F) -> bool {
        match self.called.find(id) {
            Some(functions) if functions.contains(function) => return false,
            Some(functions) => functions.push(function.clone()),
            None => self.called.push(id, Vec::from([function.clone()])),
        }
        true
    }
}

/// A value for each of the most recent ids.
#[derive(Debug)]
struct RecentIds<T> {
    oldest_first: VecDeque<Rc<str>>,
    /// Sorted by id, so that a search among 1,000 takes ten steps. A hash map would add 2.5 KB to the download.
    by_id: Vec<(Rc<str>, T)>,
}

impl<T> Default for RecentIds<T> {
    fn default() -> Self {
        RecentIds { oldest_first: VecDeque::new(), by_id: Vec::new() }
    }
}

impl<T> RecentIds<T> {
    /// The index of `id`, or the index at which to insert it.
    fn place(&self, id: &str) -> Result<usize, usize> {
        self.by_id.binary_search_by(|(known, _)| (**known).cmp(id))
    }

    fn find(&mut self, id: &str) -> Option<&mut T> {
        let place = self.place(id).ok()?;
        self.by_id.get_mut(place).map(|(_, about)| about)
    }

    /// Remembers an id that is not known yet.
    fn push(&mut self, id: &str, about: T) {
        if self.oldest_first.len() == MAX_REMEMBERED
            && let Some(oldest) = self.oldest_first.pop_front()
            && let Ok(place) = self.place(&oldest)
        {
            self.by_id.remove(place);
        }
        let id: Rc<str> = id.into();
        self.oldest_first.push_back(Rc::clone(&id));
        if let Err(place) = self.place(&id) {
            self.by_id.insert(place, (id, about));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once() {
        let mut seen = SeenIds::default();
        assert!(seen.insert("a"));
        assert!(seen.insert("b"));
        assert!(!seen.insert("a"));
    }

    #[test]
    fn a_thousand_ids_are_remembered_and_the_oldest_goes_first() {
        let mut seen = SeenIds::default();
        for index in 0..=MAX_REMEMBERED {
            assert!(seen.insert(&index.to_string()));
        }
        assert!(!seen.insert("1"), "the second oldest is still known");
        assert!(seen.insert("0"), "the oldest was forgotten");
        assert_eq!(seen.ids.oldest_first.len(), MAX_REMEMBERED);
    }

    #[test]
    fn text_brings_back_what_was_not_left_out() {
        let mut seen = SeenIds::default();
        for id in ["a", "waiting", "b\nc", "__proto__"] {
            seen.insert(id);
        }
        let mut restored = SeenIds::from_text(&seen.to_text(|id| id == "waiting"));
        assert!(!restored.insert("a"));
        assert!(!restored.insert("__proto__"));
        assert!(restored.insert("waiting"));
        assert!(restored.insert("b\nc"));
    }

    #[test]
    fn a_function_is_called_once_for_an_instance_and_another_one_all_the_same() {
        let mut calls = Calls::default();
        assert!(calls.insert("a", &"banner"));
        assert!(!calls.insert("a", &"banner"));
        assert!(calls.insert("a", &"log"));
        assert!(calls.insert("b", &"banner"));
    }
}
