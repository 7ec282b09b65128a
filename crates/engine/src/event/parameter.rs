//! The parameters of the tracker protocol and their meaning.

use std::sync::LazyLock;

use signals_wire::tracker_protocol::{FIELDS, Field, OLDER_PARAMETERS, SIZES, STRONGER_PARAMETERS};

use super::atomic_field::AtomicField;
use super::self_describing::Encoding;

/// The meaning of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The value of a field.
    Field(AtomicField),
    /// The type of the event.
    EventType,
    /// The data of a self-describing event.
    Event(Encoding),
    /// The entities that are attached to the event.
    Entities(Encoding),
    /// `{width}x{height}`, and the fields for both.
    Size { width: AtomicField, height: AtomicField },
}

/// A known parameter: a position in the table of all parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameter(u8);

const SPECIAL: &[(&str, Meaning)] = &[
    ("e", Meaning::EventType),
    ("ue_pr", Meaning::Event(Encoding::Plain)),
    ("ue_px", Meaning::Event(Encoding::Base64)),
    ("co", Meaning::Entities(Encoding::Plain)),
    ("cx", Meaning::Entities(Encoding::Base64)),
];

/// In reading order. If several set the same field, the last one counts.
static MEANINGS: LazyLock<Vec<(&str, Meaning)>> = LazyLock::new(|| {
    let sizes = SIZES.iter().filter_map(|&(parameter, width, height)| {
        let (width, height) = (AtomicField::named(width)?, AtomicField::named(height)?);
        Some((parameter, Meaning::Size { width, height }))
    });
    let usual = FIELDS.iter().filter_map(|field| Some((field.parameter, carries(field)?)));
    let other = |list: &'static [(&'static str, &'static str)]| {
        list.iter().filter_map(|(name, _)| Some((*name, carries(Field::named(name)?)?)))
    };
    other(OLDER_PARAMETERS)
        .chain(usual)
        .chain(other(STRONGER_PARAMETERS))
        .chain(SPECIAL.iter().copied())
        .chain(sizes)
        .collect()
});

fn carries(field: &Field) -> Option<Meaning> {
    AtomicField::named(field.name).map(Meaning::Field)
}

/// Sorted by packed name. An event has dozens of parameters, and hashing their names took a tenth of the decoding time.
static BY_NAME: LazyLock<Vec<(u64, Parameter)>> = LazyLock::new(|| {
    let names = MEANINGS.iter().filter_map(|(name, _)| pack(name));
    let mut by_name: Vec<_> = names.zip((0..).map(Parameter)).collect();
    by_name.sort_unstable_by_key(|(name, _)| *name);
    by_name
});

/// Packs a name of up to seven bytes and its length into a number. `None` for longer names, which the protocol does not have.
fn pack(name: &str) -> Option<u64> {
    let mut bytes = [0; size_of::<u64>()];
    let (length, text) = bytes.split_last_mut()?;
    text.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
    *length = name.len() as u8;
    Some(u64::from_be_bytes(bytes))
}

impl Parameter {
    /// The number of parameters.
    pub(super) const COUNT: usize = OLDER_PARAMETERS.len()
        + FIELDS.len()
        + STRONGER_PARAMETERS.len()
        + SPECIAL.len()
        + SIZES.len();

    /// The parameter with this name, if it is known.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = pack(name)?;
        let position = BY_NAME.binary_search_by_key(&name, |(name, _)| *name).ok()?;
        Some(BY_NAME[position].1)
    }

    /// Every parameter with its name and meaning, in the order of their positions.
    pub(super) fn all() -> impl Iterator<Item = (&'static str, Meaning)> {
        MEANINGS.iter().copied()
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_the_tracker_protocol_is_found_by_its_name() {
        assert_eq!(Parameter::all().count(), Parameter::COUNT, "a field is unknown");
        for (position, (name, _)) in Parameter::all().enumerate() {
            assert_eq!(Parameter::named(name).map(Parameter::index), Some(position), "{name}");
        }
    }

    #[test]
    fn what_only_resembles_a_parameter_is_none() {
        for name in ["", "a", "ei", "eid ", "eid\0", "EID", "event_id", "tr_idtr_id"] {
            assert_eq!(Parameter::named(name), None, "{name:?}");
        }
    }
}
