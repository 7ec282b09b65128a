//! Decides which failures of an outage deserve a warning.

use super::status::{Phase, Problem, Status};
use std::cell::Cell;

/// The last failure that was reported since the connection was open.
///
/// Attempts in between appear only in the debug log. A tab that receives from another tab does not warn, because the other tab does.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    warned_of: Cell<Option<Problem>>,
}

impl Outage {
    /// Records the present status. Returns true for a failure that deserves a warning: the first one of an outage, and later ones when the
    /// reason of a refusal becomes known or changes.
    pub(crate) fn note(&self, status: Status, connects_itself: bool) -> bool {
        if status.state == Phase::Open {
            self.warned_of.set(None);
        }
        let worth_saying =
            status.attempt == 1 || status.last_problem.is_some_and(Problem::is_explained);
        status.state == Phase::Retrying
            && connects_itself
            && worth_saying
            && self.warned_of.replace(status.last_problem) != status.last_problem
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    const UNEXPLAINED: Problem = Problem::Refused(None);
    const NOT_FOUND: Problem = Problem::Refused(Some(404));
    const UNAVAILABLE: Problem = Problem::Refused(Some(503));
    const OPEN: Status =
        Status { state: Phase::Open, attempt: 0, next_delay_ms: None, last_problem: None };

    fn failed(attempt: u32, problem: Problem) -> Status {
        Status {
            state: Phase::Retrying,
            attempt,
            next_delay_ms: Some(30_000),
            last_problem: Some(problem),
        }
    }

    /// Whether each of these statuses causes a warning.
    fn warned_of<const N: usize>(statuses: [Status; N]) -> [bool; N] {
        let outage = Outage::default();
        statuses.map(|status| outage.note(status, true))
    }

    #[test]
    fn an_outage_is_warned_of_once() {
        let dropped = |attempt| failed(attempt, Problem::Dropped);
        assert_eq!(warned_of([dropped(1), dropped(2), dropped(3)]), [true, false, false]);
    }

    #[test]
    fn the_next_outage_is_warned_of_again() {
        let dropped = failed(1, Problem::Dropped);
        assert_eq!(warned_of([dropped, OPEN, dropped]), [true, false, true]);
    }

    #[test]
    fn a_refusal_is_warned_of_again_when_its_status_becomes_known_and_no_more() {
        let [first, known, second, known_again] =
            [(1, UNEXPLAINED), (1, NOT_FOUND), (2, UNEXPLAINED), (2, NOT_FOUND)]
                .map(|(attempt, problem)| failed(attempt, problem));
        assert_eq!(warned_of([first, known, second, known_again]), [true, true, false, false]);
    }

    #[test]
    fn another_reason_is_warned_of() {
        let statuses = [failed(1, NOT_FOUND), failed(2, UNAVAILABLE)];
        assert_eq!(warned_of(statuses), [true, true]);
    }

    #[test]
    fn what_another_tab_connects_is_left_to_it() {
        assert!(!Outage::default().note(failed(1, Problem::Dropped), false));
    }

    #[test]
    fn a_state_without_a_failure_is_no_news() {
        let [connecting, paused] =
            [Phase::Connecting, Phase::Paused].map(|state| Status { state, attempt: 1, ..OPEN });
        assert_eq!(warned_of([OPEN, connecting, paused]), [false; 3]);
    }
}
