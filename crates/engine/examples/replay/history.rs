use serde_json::json;
use signals_engine::Timestamp;

use crate::support::everything::{Step, all_kinds_of_definitions, happening, readings};
use crate::support::{Run, START};

const EVENTS: usize = 1_500;

/// Prints the outcome of every event and, at intervals, every attribute. Each is one line of JSON.
pub(crate) fn replay() -> String {
    let mut random = Random(0x5eed_1e55_ca11_ab1e);
    let mut run = Run::new(all_kinds_of_definitions());
    let mut now = START;
    let mut lines = Vec::new();
    for number in 0..EVENTS {
        now += random.below(15_000) as i64;
        let step = Step {
            user: random.below(3) as usize,
            session: random.below(2) as usize,
            is_a: random.below(2) == 0,
            // More than 100 distinct values, to reach the limits, and halves, to test rounding.
            tenths: random.below(3_000) as i64 - 1_000,
            waited: random.below(40_000) as u32,
        };
        for triggered in run.process(&happening(step, now)).triggered {
            let attributes = triggered.attributes_by_name();
            lines.push(json!([
                triggered.intervention_id,
                triggered.name,
                attributes,
                triggered.targets
            ]));
        }
        if number % 50 == 0 {
            lines.push(readings(&run.engine, Timestamp::from_millis(now)));
        }
    }
    lines.push(serde_json::to_value(run.engine.snapshot()).unwrap());
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// SplitMix64: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
