use std::fmt;

/// The kinds of definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    AttributeKey,
    AttributeGroup,
    Service,
    Intervention,
    EventLog,
}

/// The id of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// `None` for kinds without versions.
    pub(crate) version: Option<u64>,
}

impl Kind {
    /// In the order of reference: a kind refers only to those before it.
    pub(crate) const ALL: [Self; 5] = [
        Self::AttributeKey,
        Self::AttributeGroup,
        Self::Service,
        Self::Intervention,
        Self::EventLog,
    ];

    /// The name of the collection, in paths and in definitions files.
    pub(crate) fn collection(self) -> &'static str {
        match self {
            Self::AttributeKey => "attribute_keys",
            Self::AttributeGroup => "attribute_groups",
            Self::Service => "services",
            Self::Intervention => "interventions",
            Self::EventLog => "event_logs",
        }
    }

    /// The kind of a collection's name.
    pub(crate) fn of_collection(collection: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.collection() == collection)
    }

    /// Whether a published definition stays as it is while its author edits a draft. Publishing the draft replaces it.
    pub(crate) fn has_drafts(self) -> bool {
        self == Self::EventLog
    }

    /// Whether there can be several versions. A version does not change while it is published.
    pub(crate) fn is_versioned(self) -> bool {
        matches!(self, Self::AttributeGroup | Self::Intervention)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AttributeKey => "attribute key",
            Self::AttributeGroup => "attribute group",
            Self::Service => "service",
            Self::Intervention => "intervention",
            Self::EventLog => "event log",
        })
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`", self.kind, self.name.escape_debug())?;
        match self.version {
            Some(version) => write!(formatter, " version {version}"),
            None => Ok(()),
        }
    }
}
