//! Attribute groups: which are published, and their values. Pure, except that values are read through an argument.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use signals_engine::{AttributeGroup, GroupReading};
use signals_wire::TargetAttributeKey;

use super::arguments::{GetAttributes, WantedGroup, check_attribute_count};
use crate::json::{Fault, Object};

/// What `list_attribute_groups` answers.
#[derive(Debug, Serialize)]
pub(super) struct PublishedGroups<'a> {
    attribute_groups: Vec<GroupDescription<'a>>,
}

#[derive(Debug, Serialize)]
struct GroupDescription<'a> {
    name: &'a str,
    version: u64,
    attribute_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    attributes: Vec<AttributeDescription<'a>>,
}

#[derive(Debug, Serialize)]
struct AttributeDescription<'a> {
    name: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

impl<'a> PublishedGroups<'a> {
    pub(super) fn new(groups: &'a [AttributeGroup]) -> Self {
        Self { attribute_groups: groups.iter().map(GroupDescription::new).collect() }
    }
}

impl<'a> GroupDescription<'a> {
    fn new(group: &'a AttributeGroup) -> Self {
        let computed = group.attributes.iter().map(|attribute| AttributeDescription {
            name: &attribute.name,
            r#type: &attribute.value_type,
            description: attribute.description.as_deref(),
        });
        let columns = group.fields.iter().map(|field| AttributeDescription {
            name: &field.name,
            r#type: &field.value_type,
            description: field.description.as_deref(),
        });
        Self {
            name: &group.name,
            version: group.version,
            attribute_key: &group.attribute_key.name,
            description: group.description.as_deref(),
            attributes: computed.chain(columns).collect(),
        }
    }
}

/// What `get_attributes` answers: one entry for each group in the call, in order.
#[derive(Debug, Serialize)]
pub(super) struct ReadGroups {
    attribute_groups: Vec<ReadGroup>,
}

/// One group in a call.
#[derive(Debug, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum ReadGroup {
    /// The values. Null means that the attribute was never calculated for this id.
    Read {
        name: String,
        version: u64,
        attribute_key: String,
        identifier: String,
        attributes: Map<String, Value>,
    },
    /// The call has no id for the group, so nothing was read.
    Unread { name: String, version: u64, attribute_key: String, reason: String },
    /// No group of this name and version is published, or it has no such attribute.
    Error { name: String, error: String, available: Vec<String> },
}

/// Reads attributes. `read` returns every group of a profile.
///
/// # Errors
/// The argument that is beyond a limit. Nothing is read then.
pub(super) fn get_attributes(
    arguments: GetAttributes,
    published: &[AttributeGroup],
    read: impl Fn(&TargetAttributeKey) -> Vec<GroupReading>,
) -> Result<ReadGroups, Fault> {
    arguments.check()?;
    let GetAttributes { identifiers, attribute_groups } = arguments;
    let found: Vec<Result<Found<'_>, ReadGroup>> =
        attribute_groups.into_iter().map(|Object(wanted)| find(wanted, published)).collect();
    check_attribute_count(found.iter().flatten().map(|found| found.attributes.len()).sum())?;
    // A call can have any number of ids, but only those that a group needs are read.
    let is_needed =
        |key: &str| found.iter().flatten().any(|found| found.group.attribute_key.name == key);
    let needed = identifiers.into_iter().filter(|(key, _)| is_needed(key));
    let owners = needed.map(|(name, id)| TargetAttributeKey { name, id });
    let profiles: BTreeMap<String, (String, Vec<GroupReading>)> = owners
        .map(|owner| {
            let groups = read(&owner);
            (owner.name, (owner.id, groups))
        })
        .collect();
    let entry = |found: Result<Found<'_>, ReadGroup>| {
        found.map_or_else(|error| error, |found| found.read(&profiles))
    };
    Ok(ReadGroups { attribute_groups: found.into_iter().map(entry).collect() })
}

/// A published group, and the attributes of it to read.
struct Found<'a> {
    group: &'a AttributeGroup,
    attributes: Vec<String>,
}

fn find(wanted: WantedGroup, published: &[AttributeGroup]) -> Result<Found<'_>, ReadGroup> {
    let WantedGroup { name, version, attributes } = wanted;
    let has_version = |group: &&AttributeGroup| version.is_none_or(|it| it == group.version);
    let of_name = published.iter().filter(|group| group.name == name);
    let Some(group) = of_name.filter(has_version).max_by_key(|group| group.version) else {
        let error = match version {
            Some(version) => format!("version {version} of this group is not published"),
            None => "no group of this name is published".to_owned(),
        };
        let available = published.iter().map(|it| format!("{}, version {}", it.name, it.version));
        return Err(ReadGroup::Error { name, error, available: available.collect() });
    };
    let available = || attribute_names(group).map(str::to_owned).collect::<Vec<_>>();
    let Some(attributes) = attributes else { return Ok(Found { group, attributes: available() }) };
    match attributes.iter().find(|wanted| attribute_names(group).all(|it| it != *wanted)) {
        Some(unknown) => {
            let error = format!("the group has no attribute `{}`", unknown.escape_debug());
            Err(ReadGroup::Error { name, error, available: available() })
        }
        None => Ok(Found { group, attributes }),
    }
}

fn attribute_names(group: &AttributeGroup) -> impl Iterator<Item = &str> {
    let computed = group.attributes.iter().map(|attribute| attribute.name.as_str());
    computed.chain(group.fields.iter().map(|field| field.name.as_str()))
}

impl Found<'_> {
    fn read(self, profiles: &BTreeMap<String, (String, Vec<GroupReading>)>) -> ReadGroup {
        let Self { group, attributes } = self;
        let (name, version) = (group.name.clone(), group.version);
        let attribute_key = group.attribute_key.name.clone();
        let Some((identifier, readings)) = profiles.get(&attribute_key) else {
            let reason = format!("`identifiers` has no `{attribute_key}`");
            return ReadGroup::Unread { name, version, attribute_key, reason };
        };
        let reading = readings.iter().find(|it| it.name == name && it.version == version);
        let value = |attribute: &str| {
            let mut values = reading.into_iter().flat_map(|reading| &reading.attributes);
            let found = values.find(|it| it.name == attribute).filter(|it| it.is_set);
            found.map_or(Value::Null, |it| it.value.clone())
        };
        let attributes = attributes.into_iter().map(|attribute| {
            let value = value(&attribute);
            (attribute, value)
        });
        ReadGroup::Read {
            name,
            version,
            attribute_key,
            identifier: identifier.clone(),
            attributes: attributes.collect(),
        }
    }
}
