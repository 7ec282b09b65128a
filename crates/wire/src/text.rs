//! Cleans text in the same way at both ends.

use std::borrow::Cow;

/// Cleans text like Snowplow's enrichment: a tab becomes four spaces, and other control characters are removed.
///
/// ```
/// use signals_wire::text::clean;
/// assert_eq!(clean("a\tb\r\n\u{85}".into()), "a    b");
/// ```
pub fn clean(text: Cow<'_, str>) -> Cow<'_, str> {
    // Most texts have none, and this runs for every text of every event.
    if !may_have_control(text.as_bytes()) || !text.contains(char::is_control) {
        return text;
    }
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => cleaned.push_str("    "),
            control if control.is_control() => {}
            other => cleaned.push(other),
        }
    }
    Cow::Owned(cleaned)
}

/// Cheap, because it checks many bytes at once.
fn may_have_control(bytes: &[u8]) -> bool {
    let is_suspect = |byte: u8| byte < 0x20 || byte == 0x7f || byte == FIRST_BYTE_OF_C1;
    bytes.chunks(32).any(|chunk| chunk.iter().fold(false, |found, byte| found | is_suspect(*byte)))
}

/// The first byte of U+0080 to U+009F in UTF-8, and of some letters.
const FIRST_BYTE_OF_C1: u8 = 0xc2;

/// Applies a borrowing function to a text that may be owned.
pub(crate) fn project<'e>(
    text: Cow<'e, str>,
    read: impl for<'t> FnOnce(&'t str) -> Option<Cow<'t, str>>,
) -> Option<Cow<'e, str>> {
    match text {
        Cow::Borrowed(text) => read(text),
        Cow::Owned(text) => read(&text).map(|part| Cow::Owned(part.into_owned())),
    }
}

/// Repairs common errors in JSON. Control characters in strings, which JSON forbids, are [cleaned](clean). A lone surrogate becomes
/// U+FFFD, as browsers send it outside JSON. `None` if there is nothing to repair.
///
/// ```
/// use signals_wire::text::repair_json;
/// assert_eq!(repair_json(r#"{"a": "\ud83d!"}"#).as_deref(), Some(r#"{"a": "\ufffd!"}"#));
/// assert_eq!(repair_json(r#"{"a": "\ud83d\uded2 \\ud83d"}"#), None);
/// ```
pub fn repair_json(text: &str) -> Option<String> {
    let cleaned = clean(Cow::Borrowed(text));
    let repaired = repair_surrogates(&cleaned);
    match (repaired, cleaned) {
        (Some(repaired), _) => Some(repaired),
        (None, Cow::Owned(cleaned)) => Some(cleaned),
        (None, Cow::Borrowed(_)) => None,
    }
}

/// `\uXXXX` has as many bytes as `\ufffd`.
const ESCAPE_LENGTH: usize = 6;

fn repair_surrogates(json: &str) -> Option<String> {
    let mut repaired: Option<String> = None;
    let mut at = 0;
    while let Some(start) = next_escape(json, at) {
        let (is_lone, length) = match surrogate_at(json, start) {
            Some(Half::High) => match surrogate_at(json, start + ESCAPE_LENGTH) {
                Some(Half::Low) => (false, 2 * ESCAPE_LENGTH),
                _ => (true, ESCAPE_LENGTH),
            },
            Some(Half::Low) => (true, ESCAPE_LENGTH),
            // Also skip an escaped backslash: a `u` after it is only a letter.
            None => (false, 2),
        };
        at = start + length;
        if is_lone {
            repaired.get_or_insert_with(|| json.to_owned()).replace_range(start..at, "\\ufffd");
        }
    }
    repaired
}

/// The next backslash from `from` on, which can be in the middle of a character.
fn next_escape(json: &str, from: usize) -> Option<usize> {
    let found = json.as_bytes().get(from..)?.iter().position(|byte| *byte == b'\\')?;
    Some(from + found)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    High,
    Low,
}

/// The surrogate whose escape begins at `start`.
fn surrogate_at(json: &str, start: usize) -> Option<Half> {
    let escape = json.as_bytes().get(start..start + ESCAPE_LENGTH)?;
    let [b'\\', b'u', b'd' | b'D', kind, a, b] = escape else { return None };
    if !(a.is_ascii_hexdigit() && b.is_ascii_hexdigit()) {
        return None;
    }
    match kind {
        b'8' | b'9' | b'a' | b'b' | b'A' | b'B' => Some(Half::High),
        b'c'..=b'f' | b'C'..=b'F' => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_share_a_byte_with_control_characters_stay() {
        assert_eq!(clean("£ 5 °".into()), "£ 5 °");
        assert_eq!(clean("£\u{9f}5\u{7f}\0".into()), "£5");
    }

    #[test]
    fn halves_of_surrogate_pairs_are_replaced_wherever_they_stand() {
        for (json, expected) in [
            (r#""\ud83d""#, Some(r#""\ufffd""#)),
            (r#""\uDE00\uD83D""#, Some(r#""\ufffd\ufffd""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\ud83d\n\ude00""#, Some(r#""\ufffd\n\ufffd""#)),
            (r#""\ud83d\ude00""#, None),
            (r#""\\ud83d""#, None),
            (r#""\ud83""#, None),
            (r#""ü\"#, None),
            (r#""\ü\ud83d"#, Some(r#""\ü\ufffd"#)),
        ] {
            assert_eq!(repair_json(json).as_deref(), expected, "{json}");
        }
    }
}
