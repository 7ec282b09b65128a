//! Ids that nobody uses.

use signals_wire::identifier::is_canonical_uuid;

/// A random id that a server accepts or refuses for the same reasons as `id`: a UUID for a UUID, other text for other text. `random`
/// returns numbers in `0.0..1.0`.
pub(crate) fn stranger_like(id: &str, random: impl Fn() -> f64) -> String {
    // RFC 9562, version 4.
    const FORM: &str = "00000000-0000-4000-a000-000000000000";
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let draw = || DIGITS[(random() * 16.0) as usize % DIGITS.len()];
    let prefix = if is_canonical_uuid(id) { "" } else { "nobody-" };
    prefix
        .chars()
        .chain(FORM.chars().map(|place| if place == '0' { draw() } else { place }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use signals_wire::identifier::is_id;

    const USER: &str = "218e8926-3858-431d-b2ed-66da03a1cbe5";

    #[test]
    fn a_stranger_has_a_uuid_where_the_user_has_one() {
        assert!(is_canonical_uuid(&stranger_like(USER, || 0.999)));
        assert!(!is_canonical_uuid(&stranger_like("ada", || 0.999)));
    }

    #[test]
    fn a_stranger_is_somebody() {
        assert!(is_id(&stranger_like(USER, || 0.0)), "the version sets it apart from the nil UUID");
    }

    #[test]
    fn a_stranger_is_somebody_else_each_time() {
        assert_ne!(stranger_like(USER, || 0.1), stranger_like(USER, || 0.2));
        assert_ne!(stranger_like("ada", || 0.1), stranger_like("ada", || 0.2));
    }
}
