//! Keeps recent frames for tabs that join.

use super::{Frame, FrameKind};
use std::collections::VecDeque;

/// The number of frames to keep, as many as the server keeps for each target.
const MAX_FRAMES: usize = 100;

/// The latest frames, oldest first, and the last event id before them.
#[derive(Debug)]
pub(crate) struct RecentFrames<Text> {
    before: Option<Text>,
    frames: VecDeque<Frame<Text>>,
}

impl<Text: PartialEq + Clone> RecentFrames<Text> {
    /// `last_event_id` is that before the first frame. `None` if no frame arrived before.
    pub(crate) fn begin_after(last_event_id: Option<Text>) -> Self {
        RecentFrames { before: last_event_id, frames: VecDeque::new() }
    }

    /// Adds a frame. Drops the oldest one if necessary.
    pub(crate) fn push(&mut self, frame: Frame<Text>) {
        if self.frames.len() == MAX_FRAMES {
            self.before = self.frames.pop_front().map(|oldest| oldest.last_event_id);
        }
        self.frames.push_back(frame);
    }

    /// The interventions that a tab has missed, oldest first: those after its position. `None` if the position is unknown. If it has no
    /// position, those that arrived at `since` or later.
    pub(crate) fn missed(&self, position: Option<&Text>, since: f64) -> Option<Vec<Frame<Text>>> {
        let first = match position {
            Some(position) => self.index_after(position)?,
            None => {
                self.frames.iter().rposition(|frame| frame.at < since).map_or(0, |last| last + 1)
            }
        };
        let later = self.frames.iter().skip(first);
        Some(later.filter(|frame| frame.kind == FrameKind::Message).cloned().collect())
    }

    fn index_after(&self, position: &Text) -> Option<usize> {
        let index = self.frames.iter().rposition(|frame| frame.last_event_id == *position);
        match index {
            Some(index) => Some(index + 1),
            None if self.before.as_ref() == Some(position) => Some(0),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: FrameKind, last_event_id: &str, at: f64) -> Frame<String> {
        let data = format!("data of {last_event_id}");
        Frame { kind, last_event_id: last_event_id.to_owned(), data, at }
    }

    fn recent() -> RecentFrames<String> {
        let mut recent = RecentFrames::begin_after(Some("1".to_owned()));
        recent.push(frame(FrameKind::Message, "2", 2_000.0));
        recent.push(frame(FrameKind::Hello, "3", 3_000.0));
        recent.push(frame(FrameKind::Message, "4", 4_000.0));
        recent
    }

    fn ids(missed: Option<Vec<Frame<String>>>) -> Option<Vec<String>> {
        missed.map(|frames| frames.into_iter().map(|frame| frame.last_event_id).collect())
    }

    fn ids_after(position: &str) -> Option<Vec<String>> {
        ids(recent().missed(Some(&position.to_owned()), 0.0))
    }

    fn ids_since(since: f64) -> Option<Vec<String>> {
        ids(recent().missed(None, since))
    }

    #[test]
    fn a_tab_that_joins_gets_the_interventions_that_it_missed() {
        assert_eq!(ids_after("1"), Some(vec!["2".to_owned(), "4".to_owned()]));
        assert_eq!(ids_after("2"), Some(vec!["4".to_owned()]));
        assert_eq!(ids_after("3"), Some(vec!["4".to_owned()]));
        assert_eq!(ids_after("4"), Some(vec![]));
    }

    #[test]
    fn a_tab_without_a_position_gets_what_arrived_since_it_wanted_the_stream() {
        assert_eq!(ids_since(1_999.0), Some(vec!["2".to_owned(), "4".to_owned()]));
        assert_eq!(ids_since(2_001.0), Some(vec!["4".to_owned()]));
        assert_eq!(ids_since(4_000.0), Some(vec!["4".to_owned()]));
        assert_eq!(ids_since(4_001.0), Some(vec![]));
    }

    #[test]
    fn a_position_that_is_not_known_is_not_guessed() {
        assert_eq!(ids_after("0"), None);
    }

    #[test]
    fn the_oldest_frame_makes_room_and_is_still_a_position() {
        let mut recent = RecentFrames::begin_after(None);
        for index in 0..=MAX_FRAMES {
            recent.push(frame(FrameKind::Message, &index.to_string(), 0.0));
        }
        let oldest = "0".to_owned();
        assert_eq!(recent.missed(Some(&oldest), 0.0).map(|missed| missed.len()), Some(MAX_FRAMES));
        recent.push(frame(FrameKind::Message, "last", 0.0));
        assert!(recent.missed(Some(&oldest), 0.0).is_none());
    }
}
