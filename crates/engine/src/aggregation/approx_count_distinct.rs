use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use twox_hash::XxHash64;

use super::{Aggregate, Input, Observation, Output};
use crate::Timestamp;

/// `approx_count_distinct`: the number of different values. Values with the same text, such as 1 and `"1"`, count as the same.
///
/// Exact for small numbers, by keeping a hash of each value. When that would take more memory than HyperLogLog, it switches to
/// HyperLogLog with 16,384 registers and a typical error of 0.8%. The hash (XXH64) and the arithmetic (basic operations and
/// square roots, which IEEE 754 defines to the last bit) give the same count on every platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum ApproxCountDistinct {
    Exact(BTreeSet<u64>),
    Approximate(HyperLogLog),
}

/// How many hashes fit into the memory of the registers.
const MAX_EXACT: usize = HyperLogLog::REGISTERS / size_of::<u64>();

impl Default for ApproxCountDistinct {
    fn default() -> Self {
        ApproxCountDistinct::Exact(BTreeSet::new())
    }
}

impl Aggregate for ApproxCountDistinct {
    const INPUT: Input = Input::Value;
    const OUTPUT: Output = Output::Number;

    fn observe(&mut self, observation: &Observation<'_>) {
        let Some(text) = observation.value.to_text() else { return };
        let hash = XxHash64::oneshot(0, text.as_bytes());
        match self {
            ApproxCountDistinct::Exact(hashes) => {
                hashes.insert(hash);
                if hashes.len() > MAX_EXACT {
                    *self = ApproxCountDistinct::Approximate(hashes.iter().copied().collect());
                }
            }
            ApproxCountDistinct::Approximate(registers) => registers.insert(hash),
        }
    }

    fn value(&self, _now: Timestamp) -> Value {
        match self {
            ApproxCountDistinct::Exact(hashes) => hashes.len().into(),
            ApproxCountDistinct::Approximate(registers) => registers.estimate().into(),
        }
    }
}

/// Estimates the number of different hashes.
///
/// Uses the estimator of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6,
/// which is unbiased over the whole range and needs no tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct HyperLogLog {
    registers: Vec<u8>,
}

impl HyperLogLog {
    /// Bits of a hash that choose its register.
    const INDEX_BITS: u32 = 14;
    const REGISTERS: usize = 1 << Self::INDEX_BITS;
    /// Bits of a hash that are left for its rank.
    const RANK_BITS: u32 = u64::BITS - Self::INDEX_BITS;

    fn insert(&mut self, hash: u64) {
        let index = (hash >> Self::RANK_BITS) as usize;
        let rest = hash << Self::INDEX_BITS;
        let rank = rest.leading_zeros().min(Self::RANK_BITS) as u8 + 1;
        // A damaged snapshot may have fewer registers.
        if let Some(register) = self.registers.get_mut(index) {
            *register = rank.max(*register);
        }
    }

    fn estimate(&self) -> u64 {
        let mut counts = [0_u32; Self::RANK_BITS as usize + 2];
        for register in &self.registers {
            if let Some(count) = counts.get_mut(usize::from(*register)) {
                *count += 1;
            }
        }
        let m = Self::REGISTERS as f64;
        let [empty, between @ .., full] = counts.map(f64::from);
        let mut denominator = m * tau(1.0 - full / m);
        for count in between.iter().rev() {
            denominator = 0.5 * (denominator + count);
        }
        denominator += m * sigma(empty / m);
        const ALPHA: f64 = 0.5 / std::f64::consts::LN_2;
        (ALPHA * m * m / denominator).round() as u64
    }
}

impl FromIterator<u64> for HyperLogLog {
    fn from_iter<I: IntoIterator<Item = u64>>(hashes: I) -> Self {
        let mut sketch = Self { registers: vec![0; Self::REGISTERS] };
        hashes.into_iter().for_each(|hash| sketch.insert(hash));
        sketch
    }
}

/// x + Σ x^(2^k) · 2^(k-1) for k from 1, where x is the share of empty registers.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut sum, mut weight) = (x, 1.0);
    loop {
        x *= x;
        let next = sum + x * weight;
        if next == sum {
            return sum;
        }
        sum = next;
        weight += weight;
    }
}

/// (1 - x - Σ (1 - x^(2^-k))² · 2^-k) / 3 for k from 1, where 1 - x is the share of full registers.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut sum, mut weight) = (1.0 - x, 1.0);
    loop {
        x = x.sqrt();
        weight *= 0.5;
        let next = sum - (1.0 - x) * (1.0 - x) * weight;
        if next == sum {
            return sum / 3.0;
        }
        sum = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datum::Datum;
    use serde_json::json;

    fn counter(values: impl IntoIterator<Item = Value>) -> ApproxCountDistinct {
        let mut state = ApproxCountDistinct::default();
        let at = Timestamp::from_millis(0);
        for value in values {
            state.observe(&Observation { at, value: Datum::from(&value) });
        }
        state
    }

    fn count(values: impl IntoIterator<Item = Value>) -> u64 {
        counter(values).value(Timestamp::from_millis(0)).as_u64().unwrap()
    }

    #[test]
    fn values_that_read_alike_count_once_and_others_each() {
        for (values, expected) in [
            (json!(["a", "b", "a"]), 2),
            (json!(["", " "]), 2),
            (json!(["é", "e\u{301}", "E"]), 3),
            (json!([1, 1.0, "1"]), 1),
            (json!([true, "true", false]), 2),
            (json!([[1, 2], [2, 1], {"a": 1, "b": 2}, {"b": 2, "a": 1}]), 3),
            (json!([null]), 0),
        ] {
            assert_eq!(count(values.as_array().unwrap().clone()), expected, "{values}");
        }
    }

    #[test]
    fn small_numbers_are_exact() {
        for expected in [1, 10, 100, 1_000, MAX_EXACT] {
            let twice = (0..expected).chain(0..expected);
            assert_eq!(count(twice.map(Value::from)), expected as u64);
        }
    }

    #[test]
    fn large_numbers_are_off_by_about_one_percent() {
        let mut errors = Vec::new();
        for (run, expected) in
            [2_049_u32, 5_000, 20_000, 40_000, 80_000, 200_000].iter().enumerate()
        {
            let values = (0..*expected).map(|n| json!(format!("{run}/{n}")));
            let error = count(values) as f64 / f64::from(*expected) - 1.0;
            assert!(error.abs() < 0.03, "{expected}: {error}");
            errors.push(error);
        }
        let mean_square =
            errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64;
        assert!(mean_square.sqrt() < 0.012, "{errors:?}");
    }

    #[test]
    fn the_count_is_the_same_on_every_platform_and_in_every_version() {
        let values = (0..50_000).map(|n| json!(format!("product-{n}")));
        assert_eq!(count(values), 49_472);
        assert_eq!(
            XxHash64::oneshot(0, b""),
            0xef46_db37_51d8_e999,
            "from the definition of XXH64"
        );
    }

    #[test]
    fn a_saved_sketch_goes_on_counting_where_it_was() {
        let mut uninterrupted = counter((0..3_000).map(Value::from));
        let saved = serde_json::to_string(&uninterrupted).unwrap();
        let mut restored: ApproxCountDistinct = serde_json::from_str(&saved).unwrap();
        assert_eq!(restored, uninterrupted);
        for value in (3_000..4_000).map(Datum::Integer) {
            let observation = Observation { at: Timestamp::from_millis(0), value };
            uninterrupted.observe(&observation);
            restored.observe(&observation);
        }
        assert_eq!(restored, uninterrupted);
    }

    #[test]
    fn the_estimate_of_a_sketch_at_its_limits_is_finite_or_zero() {
        let empty: HyperLogLog = std::iter::empty().collect();
        assert_eq!(empty.estimate(), 0);
        let full = HyperLogLog { registers: vec![51; HyperLogLog::REGISTERS] };
        assert_eq!(full.estimate(), u64::MAX);
    }
}
