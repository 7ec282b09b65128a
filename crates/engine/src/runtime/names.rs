//! The names of attributes, interventions and agentic contexts. Saved state refers to definitions by name, because indexes change with the
//! definitions.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::contexts::{ContextId, Contexts};
use super::group::Groups;
use super::rule::Rule;

/// An attribute of a version of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct AttributeName {
    group: String,
    version: u64,
    attribute: String,
}

/// Name and version.
pub(super) type InterventionName = (String, u64);

/// The names of all definitions, by index.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) attributes: Vec<Arc<AttributeName>>,
    pub(super) interventions: Vec<Arc<InterventionName>>,
    pub(super) contexts: Vec<Arc<ContextId>>,
}

impl Names {
    pub(super) fn of(groups: &Groups, rules: &[Rule], contexts: &Contexts) -> Self {
        let attributes = groups.iter().flat_map(|group| {
            group.attributes().map(|index| {
                Arc::new(AttributeName {
                    group: group.name.clone(),
                    version: group.version,
                    attribute: groups.attribute(index).name.clone(),
                })
            })
        });
        let interventions = rules.iter().map(|rule| Arc::new((rule.name.clone(), rule.version)));
        Self {
            attributes: attributes.collect(),
            interventions: interventions.collect(),
            contexts: contexts.ids().cloned().map(Arc::new).collect(),
        }
    }
}
