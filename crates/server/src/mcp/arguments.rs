//! The arguments of the tools. Their descriptions are for agents, so they say what an agent has to know.

use std::collections::BTreeMap;
use std::slice;

use rmcp::schemars::{self, JsonSchema};
use serde::Deserialize;
use signals_engine::LocSegment;

use crate::json::{Fault, Object};

/// How many attribute groups one call can read.
const MAX_GROUPS: usize = 25;

/// How many attributes one call can read.
const MAX_ATTRIBUTES: usize = 100;

/// The maximum length of names and ids, in characters.
const MAX_CHARS: usize = 128;

/// The arguments of a tool that takes none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoArguments {}

/// The arguments of `get_attributes`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetAttributes {
    /// The ids to read, by the name of their attribute key. For example: {"domain_userid": "218e8926-3858-431d-b2ed-66da03a1cbe5"}.
    /// Each group takes the id of its own attribute key. Use only ids that you were given.
    pub(super) identifiers: BTreeMap<String, String>,
    /// The attribute groups to read, at most 25.
    #[schemars(length(min = 1, max = 25))]
    #[schemars(with = "Vec<WantedGroup>")]
    pub(super) attribute_groups: Vec<Object<WantedGroup>>,
}

/// An attribute group to read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedGroup {
    /// The name of the group.
    #[schemars(length(min = 1, max = 128))]
    pub(super) name: String,
    /// The version. By default, the latest published one.
    pub(super) version: Option<u64>,
    /// The attributes to read. By default, all of the group. A call can read at most 100 attributes of all groups.
    #[schemars(length(min = 1, max = 100))]
    pub(super) attributes: Option<Vec<String>>,
}

/// The arguments of `get_agentic_context`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetAgenticContext {
    /// The name of the agentic context.
    #[schemars(length(min = 1, max = 128))]
    pub(super) name: String,
    /// The id of the session: its `domain_sessionid`. Use only an id that you were given.
    #[schemars(length(min = 1, max = 128))]
    pub(super) identifier: String,
    /// `narrative` (the default) is text. `json` has the same events as data.
    pub(super) format: Option<Format>,
}

/// The form of an agentic context.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    #[default]
    Narrative,
    Json,
}

impl GetAttributes {
    /// Checks the limits that do not depend on the groups.
    ///
    /// # Errors
    /// The first argument beyond a limit.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let identifiers = field("identifiers");
        if self.identifiers.is_empty() {
            return Err(too_few(vec![identifiers], "an id"));
        }
        for (key, id) in &self.identifiers {
            check_text(slice::from_ref(&identifiers), key)?;
            check_text(&[identifiers.clone(), field(key)], id)?;
        }
        let groups = field("attribute_groups");
        match self.attribute_groups.len() {
            0 => return Err(too_few(vec![groups], "a group")),
            count if count > MAX_GROUPS => {
                return Err(too_many(vec![groups], MAX_GROUPS, "groups", count));
            }
            _ => {}
        }
        for (index, Object(group)) in self.attribute_groups.iter().enumerate() {
            group.check(&[groups.clone(), LocSegment::Index(index)])?;
        }
        let wanted = self.attribute_groups.iter();
        let named = wanted.filter_map(|Object(group)| group.attributes.as_ref()).map(Vec::len);
        check_attribute_count(named.sum())
    }
}

impl WantedGroup {
    fn check(&self, path: &[LocSegment]) -> Result<(), Fault> {
        let at = |name| [path, &[field(name)]].concat();
        check_text(&at("name"), &self.name)?;
        let Some(attributes) = &self.attributes else { return Ok(()) };
        if attributes.is_empty() {
            return Err(too_few(at("attributes"), "an attribute, or leave this out"));
        }
        for (index, name) in attributes.iter().enumerate() {
            check_text(&[at("attributes"), vec![LocSegment::Index(index)]].concat(), name)?;
        }
        Ok(())
    }
}

impl GetAgenticContext {
    /// Checks the limits.
    ///
    /// # Errors
    /// The first argument beyond a limit.
    pub(super) fn check(&self) -> Result<(), Fault> {
        check_text(&[field("name")], &self.name)?;
        check_text(&[field("identifier")], &self.identifier)
    }
}

/// Checks how many attributes a call reads in all.
///
/// # Errors
/// When there are too many.
pub(super) fn check_attribute_count(count: usize) -> Result<(), Fault> {
    if count > MAX_ATTRIBUTES {
        return Err(too_many(vec![field("attribute_groups")], MAX_ATTRIBUTES, "attributes", count));
    }
    Ok(())
}

fn check_text(path: &[LocSegment], text: &str) -> Result<(), Fault> {
    let count = text.chars().count();
    if count == 0 {
        return Err(Fault::at(path.to_vec(), "too_short", "must not be empty"));
    }
    if count > MAX_CHARS {
        return Err(too_many(path.to_vec(), MAX_CHARS, "characters", count));
    }
    Ok(())
}

fn too_few(path: Vec<LocSegment>, what: &str) -> Fault {
    Fault::at(path, "too_short", format!("pass at least {what}"))
}

fn too_many(path: Vec<LocSegment>, limit: usize, what: &str, count: usize) -> Fault {
    Fault::at(path, "too_long", format!("at most {limit} {what}, but there are {count}"))
}

fn field(name: &str) -> LocSegment {
    LocSegment::Field(name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::json;

    fn refusal(arguments: Value) -> Option<String> {
        let checked = json::from_value::<GetAttributes>(&arguments).and_then(|it| it.check());
        checked.err().map(|fault| fault.to_string())
    }

    fn reading(identifiers: Value, groups: Value) -> Value {
        json!({"identifiers": identifiers, "attribute_groups": groups})
    }

    #[test]
    fn what_is_at_a_limit_is_read() {
        let longest = "ä".repeat(128);
        let groups = vec![json!({"name": longest, "attributes": [longest]}); 25];
        assert_eq!(refusal(reading(json!({(&longest): longest}), json!(groups))), None);
    }

    #[test]
    fn what_is_beyond_a_limit_is_refused_with_the_argument_and_the_limit() {
        let long = "a".repeat(129);
        let (id, group) = (json!({"user_id": "ada"}), json!([{"name": "views"}]));
        let cases = [
            (reading(json!({}), group.clone()), "identifiers: pass at least an id"),
            (reading(id.clone(), json!([])), "attribute_groups: pass at least a group"),
            (
                reading(json!({"user_id": ""}), group.clone()),
                "identifiers.user_id: must not be empty",
            ),
            (
                reading(json!({"user_id": long}), group.clone()),
                "identifiers.user_id: at most 128 characters, but there are 129",
            ),
            (
                reading(json!({(&long): "ada"}), group.clone()),
                "identifiers: at most 128 characters, but there are 129",
            ),
            (
                reading(id.clone(), json!(vec![&group[0]; 26])),
                "attribute_groups: at most 25 groups, but there are 26",
            ),
            (
                reading(id.clone(), json!([{"name": long}])),
                "attribute_groups.0.name: at most 128 characters, but there are 129",
            ),
            (
                reading(id.clone(), json!([{"name": "views", "attributes": ["n", long]}])),
                "attribute_groups.0.attributes.1: at most 128 characters, but there are 129",
            ),
            (
                reading(id.clone(), json!([{"name": "nobody", "attributes": vec!["n"; 101]}])),
                "attribute_groups: at most 100 attributes, but there are 101",
            ),
            (
                reading(id.clone(), json!([{"name": "views", "attributes": []}])),
                "attribute_groups.0.attributes: pass at least an attribute, or leave this out",
            ),
        ];
        for (arguments, message) in cases {
            assert_eq!(refusal(arguments.clone()).as_deref(), Some(message), "{arguments}");
        }
    }

    #[test]
    fn a_call_reads_at_most_100_attributes() {
        assert_eq!(check_attribute_count(100), Ok(()));
        let fault = check_attribute_count(101).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "attribute_groups: at most 100 attributes, but there are 101"
        );
    }

    #[test]
    fn missing_wrong_and_unknown_arguments_are_named() {
        let group = json!([{"name": "views"}]);
        for (arguments, start) in [
            (json!({"attribute_groups": group}), "identifiers: missing"),
            (reading(json!({"user_id": 7}), group.clone()), "identifiers.user_id: invalid type"),
            (reading(json!({"user_id": "a"}), json!([7])), "attribute_groups.0: invalid type"),
            (
                reading(json!({"user_id": "a"}), json!([["views", null, null]])),
                "attribute_groups.0: invalid type",
            ),
            (json!({"identifers": {}}), "identifers: unknown field"),
        ] {
            let message = refusal(arguments).unwrap();
            assert!(message.starts_with(start), "{message}");
        }
    }
}
