//! Limits the work of one task when most of its cost shows only afterwards.

/// Longest acceptable task, in milliseconds: one frame at 60 frames per second.
const LIMIT_MS: f64 = 16.0;

/// Interventions to track in the first task.
const FIRST: u32 = 4;

/// Maximum interventions to track in one task. More would hardly reduce the cost of each.
const MAX: u32 = 32;

/// The number of interventions to track in one task. It grows by one after a short task and halves after a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    interventions: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { interventions: FIRST }
    }
}

impl Pace {
    /// The number for the next task, at least 1.
    pub(crate) fn interventions(self) -> u32 {
        self.interventions
    }

    /// The pace after a task of this duration, including all its after-effects.
    pub(crate) fn after_slice_of(self, took_ms: f64) -> Pace {
        let interventions = if took_ms > LIMIT_MS {
            self.interventions / 2
        } else if took_ms < LIMIT_MS / 2.0 {
            self.interventions + 1
        } else {
            self.interventions
        };
        Pace { interventions: interventions.clamp(1, MAX) }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The pace after `tasks` tasks, when each intervention costs `cost_ms`.
    fn settled(cost_ms: f64, tasks: u32) -> Pace {
        (0..tasks).fold(Pace::default(), |pace, _| {
            pace.after_slice_of(cost_ms * f64::from(pace.interventions()))
        })
    }

    #[test]
    fn a_cheap_tracker_gets_many_interventions_in_a_task() {
        assert_eq!(settled(0.01, 100).interventions(), MAX);
    }

    #[test]
    fn a_dear_tracker_gets_one_intervention_in_a_task_however_long_that_takes() {
        assert_eq!(settled(500.0, 100).interventions(), 1);
    }

    #[test]
    fn a_task_that_was_too_long_halves_the_next() {
        assert_eq!(Pace { interventions: 9 }.after_slice_of(100.0).interventions(), 4);
    }

    #[test]
    fn a_task_of_a_good_length_is_repeated() {
        assert_eq!(Pace { interventions: 9 }.after_slice_of(12.0).interventions(), 9);
    }

    proptest! {
        #[test]
        fn tasks_come_below_the_limit_wherever_one_intervention_does(cost_ms in 0.001..LIMIT_MS) {
            let pace = settled(cost_ms, 200);
            prop_assert!(cost_ms * f64::from(pace.interventions()) <= LIMIT_MS);
        }
    }
}
