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

impl<Text> Default for RecentFrames<Text> {
    fn default() -> Self {
        RecentFrames { before: None, frames: VecDeque::new() }
    }
}

impl<Text: PartialEq + Clone> RecentFrames<Text> {
    /// Sets the last event id before the first frame. `None` if no frame arrived before.
    pub(crate) fn begin_after(&mut self, last_event_id: Option<Text>) {
        self.before = last_event_id;
    }

    /// Adds a frame. Drops the oldest one if necessary.
    pub(crate) fn push(&mut self, frame: Frame<Text>) {
        if self.frames.len() == MAX_FRAMES {
            self.before = self.frames.pop_front().map(|oldest| oldest.last_event_id);
        }
        self.frames.push_back(frame);
    }

    /// The interventions after this position, oldest first. `None` if the position is unknown. A tab without a position has missed nothing.
    pub(crate) fn after(&self, position: Option<&Text>) -> Option<Vec<Frame<Text>>> {
        let Some(position) = position else {
            return Some(Vec::new());
        };
        let index = self.frames.iter().rposition(|frame| frame.last_event_id == *position);
        let first = match index {
            Some(index) => index + 1,
            None if self.before.as_ref() == Some(position) => 0,
            None => return None,
        };
        let later = self.frames.iter().skip(first);
        Some(later.filter(|frame| frame.kind == FrameKind::Message).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: FrameKind, last_event_id: &str) -> Frame<String> {
        let data = format!("data of {last_event_id}");
        Frame { kind, last_event_id: last_event_id.to_owned(), data }
    }

    fn recent() -> RecentFrames<String> {
        let mut recent = RecentFrames::default();
        recent.begin_after(Some("1".to_owned()));
        recent.push(frame(FrameKind::Message, "2"));
        recent.push(frame(FrameKind::Hello, "3"));
        recent.push(frame(FrameKind::Message, "4"));
        recent
    }

    fn ids_after(position: Option<&str>) -> Option<Vec<String>> {
        let frames = recent().after(position.map(str::to_owned).as_ref())?;
        Some(frames.into_iter().map(|frame| frame.last_event_id).collect())
    }

    #[test]
    fn a_tab_that_joins_gets_the_interventions_that_it_missed() {
        assert_eq!(ids_after(Some("1")), Some(vec!["2".to_owned(), "4".to_owned()]));
        assert_eq!(ids_after(Some("2")), Some(vec!["4".to_owned()]));
        assert_eq!(ids_after(Some("3")), Some(vec!["4".to_owned()]));
        assert_eq!(ids_after(Some("4")), Some(vec![]));
    }

    #[test]
    fn a_tab_without_a_position_has_missed_nothing() {
        assert_eq!(ids_after(None), Some(vec![]));
    }

    #[test]
    fn a_position_that_is_not_known_is_not_guessed() {
        assert_eq!(ids_after(Some("0")), None);
    }

    #[test]
    fn the_oldest_frame_makes_room_and_is_still_a_position() {
        let mut recent = RecentFrames::default();
        for index in 0..=MAX_FRAMES {
            recent.push(frame(FrameKind::Message, &index.to_string()));
        }
        assert_eq!(
            recent.after(Some(&"0".to_owned())).map(|frames| frames.len()),
            Some(MAX_FRAMES)
        );
        recent.push(frame(FrameKind::Message, "last"));
        assert!(recent.after(Some(&"0".to_owned())).is_none());
    }
}
