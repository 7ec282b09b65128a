//! How much to do in one task when most of what it costs only shows afterwards.

/// Milliseconds that a task may take: a frame of a smooth page.
const LIMIT_MS: f64 = 16.0;

/// Instances to track in the first task.
const FIRST: u32 = 4;

/// Instances to track in one task at most: beyond, a further one shares no cost that matters.
const MAX: u32 = 32;

/// The number of interventions to track in one task. It grows slowly while tasks are short and halves when one was too long.
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
    /// How many to track in the next task, at least one.
    pub(crate) fn interventions(self) -> u32 {
        self.interventions
    }

    /// The pace after a task that took so many milliseconds, all its consequences included.
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

    /// The pace after `tasks` of a tracker that takes so many milliseconds for each intervention.
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
