//! What both ends make of text, before anything else reads it.

use std::borrow::Cow;

/// Text as Snowplow's enrichment keeps it: four spaces for a tab, and no other control character.
///
/// ```
/// use signals_wire::text::clean;
/// assert_eq!(clean("a\tb\r\n\u{85}".into()), "a    b");
/// ```
pub fn clean(text: Cow<'_, str>) -> Cow<'_, str> {
    // Most texts have none, and this sees every text of every event.
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

/// Looks at many bytes at once, which is what makes this cheap.
fn may_have_control(bytes: &[u8]) -> bool {
    let is_suspect = |byte: u8| byte < 0x20 || byte == 0x7f || byte == FIRST_BYTE_OF_C1;
    bytes.chunks(32).any(|chunk| chunk.iter().fold(false, |found, byte| found | is_suspect(*byte)))
}

/// U+0080 to U+009F begin with it in UTF-8, and some letters do.
const FIRST_BYTE_OF_C1: u8 = 0xc2;

/// Applies what borrows from a text to one that may be owned.
pub(crate) fn project<'e>(
    text: Cow<'e, str>,
    read: impl for<'t> FnOnce(&'t str) -> Option<Cow<'t, str>>,
) -> Option<Cow<'e, str>> {
    match text {
        Cow::Borrowed(text) => read(text),
        Cow::Owned(text) => read(&text).map(|part| Cow::Owned(part.into_owned())),
    }
}

/// Repairs JSON that its sender wrote carelessly: control characters inside strings, which JSON forbids, are
/// [cleaned](clean), and half of a surrogate pair becomes U+FFFD, as browsers send it outside JSON. `None` when there is neither.
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
            // Also over an escaped backslash, after which a `u` is only a letter.
            None => (false, 2),
        };
        at = start + length;
        if is_lone {
            repaired.get_or_insert_with(|| json.to_owned()).replace_range(start..at, "\\ufffd");
        }
    }
    repaired
}

/// Where the next backslash is, from a byte on that may be in the middle of a character.
fn next_escape(json: &str, from: usize) -> Option<usize> {
    let found = json.as_bytes().get(from..)?.iter().position(|byte| *byte == b'\\')?;
    Some(from + found)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    High,
    Low,
}

/// The half of a surrogate pair whose escape begins at `start`.
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
