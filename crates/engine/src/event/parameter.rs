//! The parameters of the tracker protocol, and what each is for.

use std::sync::LazyLock;

use signals_wire::tracker_protocol::RENAMED_FIELDS;

use super::atomic_field::AtomicField;
use super::self_describing::Encoding;

/// What a parameter brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The value of a field. Ids travel on into streams, logs and keys.
    Field { field: AtomicField, is_id: bool },
    /// The type of the event.
    EventType,
    /// The data of a self-describing event.
    Event(Encoding),
    /// The entities that are attached to the event.
    Entities(Encoding),
    /// `{width}x{height}`, and the fields that they fill.
    Size { width: AtomicField, height: AtomicField },
}

/// A parameter that means something here: a position in the table of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameter(u8);

/// Parameters that identify somebody or something.
const IDS: &[&str] = &["eid", "duid", "sid", "nuid", "uid"];

const SPECIAL: &[(&str, Meaning)] = &[
    ("e", Meaning::EventType),
    ("ue_pr", Meaning::Event(Encoding::Plain)),
    ("ue_px", Meaning::Event(Encoding::Base64)),
    ("co", Meaning::Entities(Encoding::Plain)),
    ("cx", Meaning::Entities(Encoding::Base64)),
    ("res", size("dvce_screenwidth", "dvce_screenheight")),
    ("vp", size("br_viewwidth", "br_viewheight")),
    ("ds", size("doc_width", "doc_height")),
];

const fn size(width: &str, height: &str) -> Meaning {
    Meaning::Size { width: AtomicField::known(width), height: AtomicField::known(height) }
}

static MEANINGS: LazyLock<Vec<(&str, Meaning)>> = LazyLock::new(|| {
    let renamed = RENAMED_FIELDS.iter().filter_map(|&(parameter, name)| {
        let field = AtomicField::named(name)?;
        Some((parameter, Meaning::Field { field, is_id: IDS.contains(&parameter) }))
    });
    renamed.chain(SPECIAL.iter().copied()).collect()
});

/// By packed name, in its order. An event has dozens of parameters: hashing each name took a tenth of decoding it.
static BY_NAME: LazyLock<Vec<(u64, Parameter)>> = LazyLock::new(|| {
    let names = MEANINGS.iter().filter_map(|(name, _)| pack(name));
    let mut by_name: Vec<_> = names.zip((0..).map(Parameter)).collect();
    by_name.sort_unstable_by_key(|(name, _)| *name);
    by_name
});

/// A name of up to seven bytes and its length as a number; `None` for longer names, which the protocol does not have.
fn pack(name: &str) -> Option<u64> {
    let mut bytes = [0; size_of::<u64>()];
    let (length, text) = bytes.split_last_mut()?;
    text.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
    *length = name.len() as u8;
    Some(u64::from_be_bytes(bytes))
}

impl Parameter {
    /// How many there are.
    pub(super) const COUNT: usize = RENAMED_FIELDS.len() + SPECIAL.len();

    /// The parameter of that name, if it means anything.
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
