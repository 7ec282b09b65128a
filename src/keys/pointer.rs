//! Where to find an id in a tracked event.

use alloc::borrow::ToOwned;
use alloc::string::String;
use signals_wire::tracker_protocol::RENAMED_FIELDS;

/// A JSON Pointer (RFC 6901) on a tracker-protocol payload, resolved to the names that trackers use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pointer {
    /// A field of the payload itself, by its tracker-protocol name.
    Field(String),
}

/// Why a pointer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidPointer {
    /// It is empty and so means the whole payload, which is no id.
    WholePayload,
    /// It leads into a field, which is text.
    TooDeep,
}

impl InvalidPointer {
    /// The reason, to be shown after the pointer.
    pub fn reason(self) -> &'static str {
        match self {
            InvalidPointer::WholePayload => "is empty and would mean the whole event",
            InvalidPointer::TooDeep => {
                "leads into a field; only fields of the event itself can be ids"
            }
        }
    }
}

impl Pointer {
    /// Reads a pointer. A bare name means that field; enriched names mean the field that they are made of.
    ///
    /// # Errors
    ///
    /// [`InvalidPointer`], to be shown after the pointer.
    pub fn parse(text: &str) -> Result<Pointer, InvalidPointer> {
        let name = text.strip_prefix('/').unwrap_or(text);
        if text.is_empty() {
            return Err(InvalidPointer::WholePayload);
        }
        if name.contains('/') {
            return Err(InvalidPointer::TooDeep);
        }
        let name = unescape(name);
        let field = RENAMED_FIELDS
            .iter()
            .find(|(_, enriched)| *enriched == name)
            .map_or(name, |(wire, _)| (*wire).to_owned());
        Ok(Pointer::Field(field))
    }
}

/// Undoes `~1` and `~0`. A tilde before anything else stands for itself.
fn unescape(segment: &str) -> String {
    let mut name = String::with_capacity(segment.len());
    let mut rest = segment.chars();
    while let Some(character) = rest.next() {
        let (unescaped, consumed) = match (character, rest.clone().next()) {
            ('~', Some('1')) => ('/', true),
            ('~', Some('0')) => ('~', true),
            (other, _) => (other, false),
        };
        name.push(unescaped);
        if consumed {
            rest.next();
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> Result<Pointer, InvalidPointer> {
        Ok(Pointer::Field(name.to_owned()))
    }

    #[test]
    fn a_pointer_and_a_bare_name_mean_the_same_field() {
        assert_eq!(Pointer::parse("/duid"), field("duid"));
        assert_eq!(Pointer::parse("duid"), field("duid"));
    }

    #[test]
    fn enriched_names_mean_the_field_that_they_are_made_of() {
        assert_eq!(Pointer::parse("/domain_userid"), field("duid"));
        assert_eq!(Pointer::parse("user_id"), field("uid"));
    }

    #[test]
    fn escapes_are_undone_tilde_last() {
        assert_eq!(Pointer::parse("/a~1b"), field("a/b"));
        assert_eq!(Pointer::parse("/a~01b"), field("a~1b"));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        assert_eq!(Pointer::parse(""), Err(InvalidPointer::WholePayload));
        assert_eq!(Pointer::parse("/a/b"), Err(InvalidPointer::TooDeep));
    }
}
