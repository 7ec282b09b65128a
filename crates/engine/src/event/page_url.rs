//! Fields that are derived from the page's and the referrer's URL.

use std::sync::LazyLock;

use signals_wire::ids::{FROM_URLS, FromUrl};

use super::atomic_field::AtomicField;

/// The source of a derived field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Derivation {
    /// The field with the URL.
    pub(super) source: AtomicField,
    pub(super) part: FromUrl,
}

/// How the field is derived. `None` for fields that events contain.
pub(super) fn derivation(field: AtomicField) -> Option<Derivation> {
    static DERIVATIONS: LazyLock<[Option<Derivation>; AtomicField::COUNT]> = LazyLock::new(|| {
        let mut derivations = [None; AtomicField::COUNT];
        for (name, parameter, part) in FROM_URLS.iter().copied() {
            let source = if parameter == "refr" { PAGE_REFERRER } else { PAGE_URL };
            // One of the names is not a field.
            if let Some(field) = AtomicField::named(name) {
                derivations[field.index()] = Some(Derivation { source, part });
            }
        }
        derivations
    });
    DERIVATIONS[field.index()]
}

const PAGE_URL: AtomicField = AtomicField::known("page_url");
const PAGE_REFERRER: AtomicField = AtomicField::known("page_referrer");
