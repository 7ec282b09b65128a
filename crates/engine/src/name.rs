//! What names and ids may be made of.

/// The longest name that registry clients can make.
const MAX_NAME_LENGTH: usize = 128;

/// Whether `text` holds a character that could forge fields of a stream or lines of a log.
pub(crate) fn has_control_character(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// Says what is wrong with the name of a definition: registry clients allow ASCII letters, digits, `_` and `-`.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("empty name".to_owned());
    }
    if name.len() > MAX_NAME_LENGTH {
        return Err(format!("longer than {MAX_NAME_LENGTH} characters"));
    }
    match name.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '_' || *c == '-')) {
        Some(c) if c.is_control() => Err(format!("control character {} in name", c.escape_debug())),
        Some(c) => Err(format!("{c:?} in name; letters, digits, `_` and `-` are allowed")),
        None => Ok(()),
    }
}
