//! Whatever a frame holds: it is an instance that handlers can rely on, or refused for a reason.
//!
//! `PROPTEST_CASES`, when this is compiled, says how many are tried. They are the same ones every time.

use js_sys::{Array, JsString};
use signals_interventions::delivery::decode::{Malformed, decode};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

fn cases() -> u32 {
    option_env!("PROPTEST_CASES").and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

/// Numbers of which each follows from the one before (xorshift).
struct Arbitrary(u64);

impl Arbitrary {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }

    /// Pieces of instances and of JSON, whole or in any order, sometimes with a piece of any UTF-16.
    fn data(&mut self) -> JsValue {
        const PIECES: [&str; 16] = [
            "{",
            "}",
            "\"name\":",
            "\"a\"",
            ",",
            "\"attributes\":",
            "null",
            "[",
            "]",
            "1e999",
            "\"\\ud800\"",
            "\"__proto__\":",
            "\"intervention_id\":",
            "\"version\":",
            " ",
            "true",
        ];
        const VALUES: [&str; 10] = [
            "null",
            "5",
            "\"\"",
            "\"a\"",
            "[]",
            "{}",
            "{\"name\":\"b\"}",
            "[1]",
            "\"\\ud800\"",
            "-0",
        ];
        let mut text = String::new();
        if self.below(2) == 0 {
            let names =
                ["name", "attributes", "intervention_id", "version", "__proto__", "toString"];
            let fields: Vec<String> = (0..self.below(5))
                .map(|_| format!("\"{}\":{}", names[self.below(6)], VALUES[self.below(10)]))
                .collect();
            text = format!("{{{}}}", fields.join(","));
        } else {
            for _ in 0..self.below(8) {
                text.push_str(PIECES[self.below(PIECES.len())]);
            }
        }
        match self.below(8) {
            0 => {
                let unit = JsString::from_char_code1(self.below(65_536) as u32);
                JsString::from(text).concat(&unit).into()
            }
            1 => text.chars().take(self.below(text.len() + 1)).collect::<String>().into(),
            _ => text.into(),
        }
    }
}

#[wasm_bindgen_test]
fn data_of_any_kind_is_an_instance_or_refused_for_what_it_is() {
    let mut arbitrary = Arbitrary(0x9e37_79b9_7f4a_7c15);
    let mut decoded = 0;
    for _ in 0..cases() {
        let data = arbitrary.data();
        let parsed = signals_interventions::browser::json::parse_json(&data);
        match (decode(&data), parsed) {
            (Ok(instance), Ok(_)) => {
                decoded += 1;
                assert!(
                    js_sys::Reflect::get(&instance, &"name".into()).unwrap().is_string(),
                    "{data:?}"
                );
                assert!(!instance.attributes().is_null_or_undefined(), "{data:?}");
                assert_ne!(instance.id().as_deref(), Some(""), "{data:?}");
            }
            (Err(Malformed::NotJson), Err(_)) => {}
            (Err(Malformed::NotAnObject), Ok(json)) => {
                assert!(!json.is_object() || Array::is_array(&json), "{data:?}");
            }
            (Err(Malformed::NoName), Ok(json)) => {
                let name = js_sys::Reflect::get(&json, &"name".into()).unwrap();
                assert!(json.is_object() && !name.is_string(), "{data:?}");
            }
            (outcome, _) => panic!("{data:?}: {:?}", outcome.err()),
        }
    }
    assert!(decoded > 0, "some of what was made up is an instance");
}
