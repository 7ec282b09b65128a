//! The delay before the next attempt.

/// The longest first delay, in milliseconds. It doubles with every further failure.
pub(crate) const FIRST_CEILING_MS: u32 = 1_000;

/// The longest delay of any attempt, in milliseconds.
pub(crate) const MAX_DELAY_MS: u32 = 30_000;

/// Exponential back-off with full jitter: a random delay between zero and the maximum of this attempt, so that the pages of a shop do not
/// all reconnect at once when its server restarts.
///
/// `attempt` is the number of failures so far, from 1. `random` is uniform in `0.0..1.0`.
pub(crate) fn delay_ms(attempt: u32, random: f64) -> u32 {
    (f64::from(ceiling_ms(attempt)) * random) as u32
}

fn ceiling_ms(attempt: u32) -> u32 {
    let doublings = attempt.saturating_sub(1).min(MAX_DELAY_MS.ilog2());
    FIRST_CEILING_MS.saturating_mul(1 << doublings).min(MAX_DELAY_MS)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ceilings_double_from_one_second_to_thirty() {
        let ceilings: Vec<u32> = (1..=8).map(ceiling_ms).collect();
        assert_eq!(ceilings, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn jitter_spans_the_whole_range_below_the_ceiling() {
        assert_eq!(delay_ms(3, 0.0), 0);
        assert_eq!(delay_ms(3, 0.5), 2_000);
        assert_eq!(delay_ms(3, 0.999), 3_996);
    }

    proptest! {
        #[test]
        fn no_attempt_waits_longer_than_the_maximum(attempt: u32, random in 0.0..1.0) {
            prop_assert!(delay_ms(attempt, random) < MAX_DELAY_MS);
        }
    }
}
