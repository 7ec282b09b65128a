//! Which instances have arrived before.

use std::collections::VecDeque;

/// Ids remembered. The oldest is forgotten first.
pub const MAX_REMEMBERED: usize = 1_000;

/// The ids of the instances that arrived last.
///
/// A thousand hashes are searched in a microsecond, and a queue of them is a fraction of the code of a hash set: this code is
/// downloaded by every visitor.
#[derive(Debug, Default)]
pub struct SeenIds {
    oldest_first: VecDeque<(u32, Box<str>)>,
}

impl SeenIds {
    /// Remembers `id`; false if it was known.
    pub fn insert(&mut self, id: &str) -> bool {
        let hash = fnv1a(id);
        if self.oldest_first.iter().any(|(known_hash, known)| *known_hash == hash && **known == *id)
        {
            return false;
        }
        if self.oldest_first.len() == MAX_REMEMBERED {
            self.oldest_first.pop_front();
        }
        self.oldest_first.push_back((hash, id.into()));
        true
    }

    /// All ids as text, one per line, but those for which `leave_out` holds and those that would not fit on a line.
    pub fn to_text(&self, leave_out: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        for (_, id) in &self.oldest_first {
            if !leave_out(id) && !id.bytes().any(|byte| byte.is_ascii_control()) {
                text.push_str(id);
                text.push('\n');
            }
        }
        text
    }

    /// Reads what [`SeenIds::to_text`] wrote.
    pub fn from_text(text: &str) -> SeenIds {
        let mut seen = SeenIds::default();
        for id in text.split('\n').filter(|line| !line.is_empty()) {
            seen.insert(id);
        }
        seen
    }
}

/// The FNV-1a hash. A collision costs a comparison and nothing else.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
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
        assert_eq!(seen.oldest_first.len(), MAX_REMEMBERED);
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
}
