//! The rules for names and ids.

/// The longest name that registry clients allow.
const MAX_NAME_LENGTH: usize = 128;

/// Checks the name of a definition. Registry clients allow only ASCII letters, digits and `_`, and cannot read a list in which
/// one name has other characters.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    check("name", name, "letters, digits and `_`", |c| c == '_')
}

/// Checks the name in the schema of an event or entity, which can also contain hyphens.
pub(crate) fn check_schema_name(name: &str) -> Result<(), String> {
    check("name", name, "letters, digits, `_` and `-`", |c| matches!(c, '_' | '-'))
}

/// Checks the vendor of an event, which can also contain dots.
pub(crate) fn check_vendor(vendor: &str) -> Result<(), String> {
    check("vendor", vendor, "letters, digits, `_`, `-` and `.`", |c| matches!(c, '_' | '-' | '.'))
}

fn check(
    what: &str,
    text: &str,
    allowed: &str,
    is_allowed_mark: fn(char) -> bool,
) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("empty {what}"));
    }
    if text.len() > MAX_NAME_LENGTH {
        return Err(format!("longer than {MAX_NAME_LENGTH} characters"));
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || is_allowed_mark(*c))) {
        Some(c) if c.is_control() => {
            Err(format!("control character {} in {what}", c.escape_debug()))
        }
        Some(c) => Err(format!("{c:?} in {what}. Use only {allowed}")),
        None => Ok(()),
    }
}
