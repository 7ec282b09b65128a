//! Every frame becomes either a valid intervention or an error with a reason.
//!
//! Set `PROPTEST_CASES` at compile time to change the number of cases. The cases are the same in every run.

use super::*;
use wasm_bindgen_test::wasm_bindgen_test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn cases() -> u32 {
    option_env!("PROPTEST_CASES").and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

/// A pseudorandom number generator (xorshift).
struct Arbitrary(u64);

impl Arbitrary {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }

    /// Random pieces of interventions and JSON, sometimes with arbitrary UTF-16.
    fn data(&mut self) -> String {
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
            0 => text.push(char::from_u32(self.below(0x11_0000) as u32).unwrap_or('\u{fffd}')),
            1 => text = text.chars().take(self.below(text.len() + 1)).collect(),
            _ => {}
        }
        text
    }
}

#[wasm_bindgen_test]
fn data_of_any_kind_is_an_intervention_or_refused_for_what_it_is() {
    let mut arbitrary = Arbitrary(0x9e37_79b9_7f4a_7c15);
    let mut decoded = 0;
    for _ in 0..cases() {
        let data = arbitrary.data();
        match (Intervention::parse(&data.as_str().into()), js_sys::JSON::parse(&data)) {
            (Ok(intervention), Ok(_)) => {
                decoded += 1;
                let name = Reflect::get(intervention.js(), &"name".into());
                assert!(name.is_ok_and(|name| name.is_string()), "{data:?}");
                let attributes = Reflect::get(intervention.js(), &"attributes".into());
                assert_eq!(attributes.as_ref(), Ok(intervention.attributes()), "{data:?}");
                assert!(!intervention.attributes().is_null_or_undefined(), "{data:?}");
                assert_ne!(intervention.id(), Some(""), "{data:?}");
            }
            (Err(Malformed::NotJson), Err(_)) => {}
            (Err(Malformed::NotAnObject), Ok(json)) => {
                assert!(!json.is_object() || Array::is_array(&json), "{data:?}");
            }
            (Err(Malformed::NoName), Ok(json)) => {
                let name = Reflect::get(&json, &"name".into());
                assert!(name.is_ok_and(|name| !name.is_string()), "{data:?}");
            }
            (outcome, _) => panic!("{data:?}: {:?}", outcome.err()),
        }
    }
    assert!(decoded > 0, "some of what was made up is an intervention");
}

#[wasm_bindgen_test]
fn a_field_of_a_wrong_type_costs_nothing_but_itself() {
    for field in ["intervention_id", "version", "target_attribute_key"] {
        for value in ["null", "7.5", "[]", "{}", "\"text\"", "true"] {
            let data =
                format!(r#"{{"name":"discount","{field}":{value},"attributes":{{"views":4}}}}"#);
            let intervention = Intervention::parse(&data.as_str().into());
            assert!(intervention.is_ok_and(|it| it.name() == "discount"), "{data}");
        }
    }
}
