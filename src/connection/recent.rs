//! What arrived lately, for tabs that join.

use alloc::vec::Vec;

/// Frames kept: as many as the server keeps for each of its targets.
pub const MAX_FRAMES: usize = 100;

/// The latest frames by their event ids. A frame without data only moved the position.
#[derive(Debug)]
pub struct Recent<T> {
    frames: Vec<(T, Option<T>)>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Recent { frames: Vec::new() }
    }
}

impl<T: PartialEq> Recent<T> {
    /// Keeps a frame.
    pub fn push(&mut self, event_id: T, data: Option<T>) {
        if self.frames.len() == MAX_FRAMES {
            self.frames.remove(0);
        }
        self.frames.push((event_id, data));
    }

    /// The frames after the one with this id, as event id and data, oldest first; `None` if that one is not known.
    pub fn since(&self, event_id: &T) -> Option<impl Iterator<Item = (&T, &T)>> {
        let index = self.frames.iter().rposition(|(known, _)| known == event_id)?;
        let later = self.frames[index + 1..].iter();
        Some(later.filter_map(|(event_id, data)| Some((event_id, data.as_ref()?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent() -> Recent<&'static str> {
        let mut recent = Recent::default();
        recent.push("1", None);
        recent.push("2", Some("a"));
        recent.push("3", Some("b"));
        recent
    }

    fn since(event_id: &'static str) -> Option<Vec<&'static str>> {
        recent().since(&event_id).map(|frames| frames.map(|(_, data)| *data).collect())
    }

    #[test]
    fn a_tab_that_joins_gets_what_it_missed() {
        assert_eq!(since("1"), Some(Vec::from(["a", "b"])));
        assert_eq!(since("2"), Some(Vec::from(["b"])));
        assert_eq!(since("3"), Some(Vec::new()));
    }

    #[test]
    fn a_position_that_is_not_known_is_not_guessed() {
        assert_eq!(since("0"), None);
    }

    #[test]
    fn the_oldest_frame_makes_room() {
        let mut recent = Recent::default();
        for index in 0..=MAX_FRAMES {
            recent.push(index, Some(index));
        }
        assert!(recent.since(&0).is_none());
        assert_eq!(recent.since(&1).map(Iterator::count), Some(MAX_FRAMES - 1));
    }
}
