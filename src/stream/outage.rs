//! Which failures of an outage are worth a warning.

use super::status::{Phase, Problem, Status};
use std::cell::Cell;

/// What was warned of since the connection was last open.
///
/// The attempts in between are for those who debug, and so is what another tab connects for this one: it warns itself.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    warned_of: Cell<Option<Problem>>,
}

impl Outage {
    /// Notes how the connection is. True if that is a failure to warn of: the first one of an outage, and again when the reason
    /// of a refusal becomes known or changes.
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

    /// Which of the failures are warned of.
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
