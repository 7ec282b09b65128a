//! How a connection is, as the page sees it and as tabs tell each other.

/// A state of a connection, by its public name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not subscribed, or nobody to subscribe for yet.
    Idle,
    /// Waiting for a server to accept the stream.
    Connecting,
    /// Receiving.
    Open,
    /// Between two attempts.
    Retrying,
    /// The browser is offline, or the page rests.
    Paused,
    /// The tracker is gone.
    Closed,
}

impl Phase {
    const ALL: [(Phase, &'static str); 6] = [
        (Phase::Idle, "idle"),
        (Phase::Connecting, "connecting"),
        (Phase::Open, "open"),
        (Phase::Retrying, "retrying"),
        (Phase::Paused, "paused"),
        (Phase::Closed, "closed"),
    ];

    /// Its name in the public API.
    pub fn name(self) -> &'static str {
        Phase::ALL[self as usize].1
    }

    fn from_number(number: u32) -> Option<Phase> {
        Phase::ALL.get(number as usize).map(|(phase, _)| *phase)
    }
}

/// Why the latest attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Not accepted within the connection time-out.
    TimedOut,
    /// The connection broke, or could not be made.
    Dropped,
    /// Answered, but not with an event stream.
    Refused {
        /// HTTP status, where it could be learnt.
        status: Option<u16>,
    },
    /// Open, but silent for several keep-alive intervals.
    Silent,
}

impl Problem {
    /// Whether asking again soon is pointless: a status that says "nothing here" or "your fault", but not "later".
    pub fn is_final(self) -> bool {
        match self {
            Problem::Refused { status: Some(status) } => {
                status == 204
                    || ((400..500).contains(&status) && ![408, 425, 429].contains(&status))
            }
            _ => false,
        }
    }

    /// Whether the status of a refusal is known.
    pub fn is_explained(self) -> bool {
        matches!(self, Problem::Refused { status: Some(_) })
    }

    /// HTTP statuses stand for themselves: they have three digits.
    fn to_number(self) -> u32 {
        match self {
            Problem::TimedOut => 1,
            Problem::Dropped => 2,
            Problem::Silent => 3,
            Problem::Refused { status: None } => 4,
            Problem::Refused { status: Some(status) } => status.into(),
        }
    }

    fn from_number(number: u32) -> Option<Problem> {
        match number {
            1 => Some(Problem::TimedOut),
            2 => Some(Problem::Dropped),
            3 => Some(Problem::Silent),
            4 => Some(Problem::Refused { status: None }),
            100..=999 => Some(Problem::Refused { status: Some(number as u16) }),
            _ => None,
        }
    }
}

/// What the page may know about a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The state.
    pub state: Phase,
    /// Failures since the connection was last healthy.
    pub attempt: u32,
    /// Milliseconds until our next attempt.
    pub next_delay_ms: Option<u32>,
    /// Why the latest attempt failed; `None` while open.
    pub last_problem: Option<Problem>,
}

impl Status {
    /// A state about which there is nothing more to say.
    pub fn plain(state: Phase) -> Status {
        Status { state, attempt: 0, next_delay_ms: None, last_problem: None }
    }

    /// The same as numbers, for another tab.
    pub fn to_numbers(self) -> [u32; 4] {
        // A delay of none and one of 0 ms differ by one.
        let delay = self.next_delay_ms.map_or(0, |delay_ms| delay_ms.saturating_add(1));
        let problem = self.last_problem.map_or(0, Problem::to_number);
        [self.state as u32, self.attempt, delay, problem]
    }

    /// Reads what [`Status::to_numbers`] wrote; `None` if it was something else.
    pub fn from_numbers([state, attempt, delay, problem]: [u32; 4]) -> Option<Status> {
        Some(Status {
            state: Phase::from_number(state)?,
            attempt,
            next_delay_ms: delay.checked_sub(1),
            last_problem: Problem::from_number(problem),
        })
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_status() -> impl Strategy<Value = Status> {
        let problem = prop_oneof![
            Just(None),
            Just(Some(Problem::TimedOut)),
            Just(Some(Problem::Dropped)),
            Just(Some(Problem::Silent)),
            Just(Some(Problem::Refused { status: None })),
            (100u16..1_000).prop_map(|status| Some(Problem::Refused { status: Some(status) })),
        ];
        (0u32..6, 0u32..100, proptest::option::of(0u32..40_000), problem).prop_filter_map(
            "a state",
            |(state, attempt, next_delay_ms, last_problem)| {
                let state = Phase::from_number(state)?;
                Some(Status { state, attempt, next_delay_ms, last_problem })
            },
        )
    }

    proptest! {
        #[test]
        fn another_tab_reads_what_this_one_wrote(status in any_status()) {
            prop_assert_eq!(Status::from_numbers(status.to_numbers()), Some(status));
        }

        #[test]
        fn numbers_that_are_no_status_do_no_harm(numbers: [u32; 4]) {
            prop_assert_eq!(Status::from_numbers(numbers).is_some(), numbers[0] < 6);
        }
    }

    #[test]
    fn every_state_has_its_name() {
        for (index, (phase, name)) in Phase::ALL.into_iter().enumerate() {
            assert_eq!((phase as usize, phase.name()), (index, name));
        }
    }
}
