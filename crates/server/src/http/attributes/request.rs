use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use signals_wire::identifier::is_canonical_uuid;
use utoipa::ToSchema;

use crate::http::error::{Problem, Step};

/// Which attributes to read, for which ids.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AttributesRequest {
    /// Ids by attribute key. With several keys, ids at the same position belong together.
    attribute_keys: BTreeMap<String, Vec<String>>,
    /// Read all attributes of this service.
    service: Option<String>,
    /// Read these attributes, each `{group}_v{version}:{attribute}`.
    attributes: Option<Vec<String>>,
    /// Whether the response uses these full names too.
    full_attribute_names: Option<bool>,
}

/// A valid request.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) entities: Entities,
    pub(super) selection: Selection,
    pub(super) full_names: bool,
}

/// Ids by attribute key, the same number for each key.
#[derive(Debug)]
pub(super) struct Entities(pub(super) BTreeMap<String, Vec<String>>);

#[derive(Debug)]
pub(super) enum Selection {
    Service(String),
    Attributes(Vec<QualifiedName>),
}

/// `{group}_v{version}:{attribute}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct QualifiedName {
    pub(super) group: String,
    pub(super) version: u64,
    pub(super) attribute: String,
}

const ATTRIBUTE_KEYS: &str = "attribute_keys";

/// How many ids one request may name.
const MAX_IDS: usize = 1_000;

impl AttributesRequest {
    /// # Errors
    /// The first invalid field.
    pub(super) fn check(self) -> Result<Query, Problem> {
        let Self { attribute_keys, service, attributes, full_attribute_names } = self;
        check_ids(&attribute_keys)?;
        let selection = match (service, attributes) {
            (Some(service), None) => Selection::Service(service),
            (None, Some(names)) => Selection::Attributes(parse_names(&names)?),
            (Some(_), Some(_)) => {
                let msg = "pass either `service` or `attributes`, not both";
                return Err(Problem::in_body([], "value_error", msg));
            }
            (None, None) => {
                return Err(Problem::in_body([], "missing", "pass `service` or `attributes`"));
            }
        };
        let entities = Entities(attribute_keys);
        Ok(Query { entities, selection, full_names: full_attribute_names.unwrap_or_default() })
    }
}

impl Entities {
    /// Checks that they can be read without a token: one id that nobody can guess.
    ///
    /// # Errors
    /// When there are several ids, or the only one is not a UUID.
    pub(super) fn check_public(&self) -> Result<(), Problem> {
        let mut ids = self.0.iter().flat_map(|(key, ids)| ids.iter().map(move |id| (key, id)));
        match (ids.next(), ids.next()) {
            (Some((_, id)), None) if is_canonical_uuid(id) => Ok(()),
            (Some((key, _)), None) => {
                let path = [Step::from(ATTRIBUTE_KEYS), Step::from(key.as_str()), Step::Index(0)];
                let msg = "must be a canonical UUID, because the request has no token";
                Err(Problem::in_body(path, "uuid_parsing", msg))
            }
            _ => {
                let msg = "pass only one id, because the request has no token";
                Err(Problem::in_body([Step::from(ATTRIBUTE_KEYS)], "too_long", msg))
            }
        }
    }
}

fn check_ids(ids_by_key: &BTreeMap<String, Vec<String>>) -> Result<(), Problem> {
    let problem = |path: &[Step], kind, msg: &str| {
        let path = [Step::from(ATTRIBUTE_KEYS)].into_iter().chain(path.iter().cloned());
        Err(Problem::in_body(path, kind, msg))
    };
    let Some(rows) = ids_by_key.values().next().map(Vec::len) else {
        return problem(&[], "too_short", "pass at least one attribute key with its ids");
    };
    if ids_by_key.values().map(Vec::len).sum::<usize>() > MAX_IDS {
        return problem(&[], "too_long", &format!("at most {MAX_IDS} ids"));
    }
    for (key, ids) in ids_by_key {
        let key = Step::from(key.as_str());
        if ids.is_empty() {
            return problem(&[key], "too_short", "pass at least one id");
        }
        if ids.len() != rows {
            return problem(
                &[key],
                "value_error",
                "every attribute key must have the same number of ids",
            );
        }
        for (index, id) in ids.iter().enumerate() {
            let path = [key.clone(), Step::Index(index)];
            if id.is_empty() {
                return problem(&path, "empty_id", "an id cannot be empty");
            }
            if id.chars().any(char::is_control) {
                return problem(&path, "control_character", "an id cannot have control characters");
            }
        }
    }
    Ok(())
}

fn parse_names(names: &[String]) -> Result<Vec<QualifiedName>, Problem> {
    let path =
        |index: Option<usize>| [Step::from("attributes")].into_iter().chain(index.map(Step::Index));
    if names.is_empty() {
        return Err(Problem::in_body(path(None), "too_short", "pass at least one attribute"));
    }
    let parse = |(index, name): (usize, &String)| {
        QualifiedName::parse(name).ok_or_else(|| {
            let msg = "must have the form {group}_v{version}:{attribute}";
            Problem::in_body(path(Some(index)), "value_error", msg)
        })
    };
    names.iter().enumerate().map(parse).collect()
}

impl QualifiedName {
    fn parse(text: &str) -> Option<Self> {
        let (group, attribute) = text.split_once(':')?;
        let (group, version) = group.rsplit_once("_v")?;
        Some(Self {
            group: group.to_owned(),
            version: version.parse().ok()?,
            attribute: attribute.to_owned(),
        })
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, version, attribute } = self;
        write!(formatter, "{}_v{version}:{}", group.escape_debug(), attribute.escape_debug())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qualified_name_has_group_version_and_attribute() {
        let name = QualifiedName::parse("ecom_v2_attributes_v10:views").unwrap();
        assert_eq!(
            (name.group.as_str(), name.version, name.attribute.as_str()),
            ("ecom_v2_attributes", 10, "views")
        );
        assert_eq!(name.to_string(), "ecom_v2_attributes_v10:views");
    }

    #[test]
    fn names_without_group_version_or_attribute_are_refused() {
        for text in ["", "views", "ecom:views", "ecom_v:views", "ecom_vx:views", "ecom_v1"] {
            assert_eq!(QualifiedName::parse(text), None, "{text}");
        }
    }
}
