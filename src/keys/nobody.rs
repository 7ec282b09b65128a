//! Ids that belong to nobody.

use alloc::string::String;

/// A UUID (RFC 9562, version 4) that nobody has used before. `random` draws from `0.0..1.0`.
pub fn nobody(random: fn() -> f64) -> String {
    const FORM: &[u8; 36] = b"00000000-0000-4000-a000-000000000000";
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut id = String::new();
    for place in FORM {
        let drawn = DIGITS[(random() * 16.0) as usize % DIGITS.len()];
        id.push(char::from(if *place == b'0' { drawn } else { *place }));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use signals_wire::identifier::{is_canonical_uuid, is_id};

    #[test]
    fn nobody_has_an_id_in_canonical_form() {
        assert!(is_canonical_uuid(&nobody(|| 0.999)));
        assert!(is_id(&nobody(|| 0.0)), "the version sets it apart from the nil UUID");
    }

    #[test]
    fn nobody_is_somebody_else_each_time() {
        assert_ne!(nobody(|| 0.1), nobody(|| 0.2));
    }
}
