use serde::{Deserialize, Serialize};

/// Everything an engine remembers about profiles. Opaque, but serialisable; names, not indexes, tie it to definitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {}
