use std::sync::Arc;

use signals_wire::TargetAttributeKey;
use signals_wire::identifier::{UUID_ATTRIBUTE_KEYS, is_unguessable};

use crate::http::error::{ApiError, Problem};
use crate::pipeline::Pipeline;

/// How many ids one request may name.
const MAX_IDS: usize = 100;

/// The rules for the ids in a query.
pub(in crate::http) struct TargetRules {
    pipeline: Arc<Pipeline>,
    strict_ids: bool,
}

impl TargetRules {
    /// With `strict_ids`, all ids must be canonical UUIDs, also those of custom attribute keys.
    pub(in crate::http) fn new(pipeline: Arc<Pipeline>, strict_ids: bool) -> Self {
        Self { pipeline, strict_ids }
    }

    /// The targets in the `{attribute key}={id}` pairs of a query, each once.
    ///
    /// # Errors
    /// 422 with every invalid parameter.
    pub(super) fn targets<S: AsRef<str>>(
        &self,
        ids: Vec<(S, S)>,
    ) -> Result<Vec<TargetAttributeKey>, ApiError> {
        if ids.is_empty() {
            let example = "pass at least one id, for example ?domain_userid=…";
            return Err(Problem::of_query("missing", example).into());
        }
        if ids.len() > MAX_IDS {
            let msg = format_args!("at most {MAX_IDS} ids, not {}", ids.len());
            return Err(Problem::of_query("too_long", msg).into());
        }
        let ids: Vec<(&str, &str)> =
            ids.iter().map(|(name, id)| (name.as_ref(), id.as_ref())).collect();
        let problems: Vec<Problem> =
            ids.iter().filter_map(|(name, id)| self.check(name, id).err()).collect();
        if !problems.is_empty() {
            return Err(ApiError::Invalid(problems));
        }
        // They are few, so a linear search is cheaper than a table.
        let is_new = |(at, pair): &(usize, &(&str, &str))| !ids[..*at].contains(pair);
        let distinct = ids.iter().enumerate().filter(is_new);
        let target = |(_, (name, id)): (usize, &(&str, &str))| TargetAttributeKey {
            name: (*name).into(),
            id: (*id).into(),
        };
        Ok(distinct.map(target).collect())
    }

    fn check(&self, name: &str, id: &str) -> Result<(), Problem> {
        let problem = |kind, msg| Err(Problem::in_query(name, kind, msg));
        if !self.pipeline.has_attribute_key(name) {
            return problem("unknown_attribute_key", "not an attribute key");
        }
        if id.is_empty() {
            return problem("empty_id", "an id cannot be empty");
        }
        if id.chars().any(char::is_control) {
            // A line break in an id could forge fields of the stream.
            return problem("control_character", "an id cannot have control characters");
        }
        // Anyone who knows an id can read its stream, so ids must not be guessable.
        let must_be_uuid = self.strict_ids || UUID_ATTRIBUTE_KEYS.contains(&name);
        if must_be_uuid && !is_unguessable(name, id) {
            return problem("uuid_parsing", "must be a UUID in canonical form");
        }
        Ok(())
    }
}
