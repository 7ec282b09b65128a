//! What happens when an attribute group is unpublished: a published service that contains it prevents this, and interventions that
//! use it are unpublished too.

use serde_json::Value;

use super::document::Document;
use super::kind::{Id, Kind};
use super::refusal::Refusal;
use super::store::{Change, Store};

/// Completes `change`: unpublishes the interventions that need a group that was published `before`, and returns them.
///
/// # Errors
/// See [`of_unpublished`].
pub(super) fn follow(before: &Store, mut change: Change) -> Result<Change, Refusal> {
    change.also_unpublished = of_unpublished(before, &change.store)?;
    for id in &change.also_unpublished {
        change.store.set_published(id, false)?;
    }
    Ok(change)
}

/// The interventions that must be unpublished in `after`, because they use a group that is published in `before`, but not in
/// `after`.
///
/// # Errors
/// When a published service contains such a group.
fn of_unpublished(before: &Store, after: &Store) -> Result<Vec<Id>, Refusal> {
    let is_gone = |group: &&Document| {
        group.is_published() && !after.get(group.id()).is_some_and(Document::is_published)
    };
    let gone: Vec<&Document> = before.of_kind(Kind::AttributeGroup).filter(is_gone).collect();
    for group in &gone {
        if let Some(service) = published(after, Kind::Service).find(|service| {
            references(service, "attribute_groups").any(|it| needs(after, it, group))
        }) {
            let (group, by) = (group.id().clone(), service.id().clone());
            return Err(Refusal::Contained { group, by });
        }
    }
    let mentions = |rule: &&Document| {
        gone.iter().any(|group| {
            references(rule, "payload_attribute_groups").any(|it| needs(after, it, group))
                || attributes(rule).into_iter().any(|name| needs_attribute(after, name, group))
        })
    };
    let interventions = published(after, Kind::Intervention).filter(mentions);
    Ok(interventions.map(|rule| rule.id().clone()).collect())
}

fn published(store: &Store, kind: Kind) -> impl Iterator<Item = &Document> {
    store.of_kind(kind).filter(|document| document.is_published())
}

/// The references to groups in a list of `document`.
fn references<'d>(document: &'d Document, list: &str) -> impl Iterator<Item = &'d Value> {
    document.fields().get(list).and_then(Value::as_array).into_iter().flatten()
}

/// Whether `reference` needs `group`: it has its version or, without a version, no other published version exists.
fn needs(after: &Store, reference: &Value, group: &Document) -> bool {
    let version = reference.get("version").and_then(Value::as_u64);
    reference.get("name").and_then(Value::as_str) == Some(&group.id().name)
        && match version {
            Some(_) => version == group.id().version,
            None => after.latest_published(Kind::AttributeGroup, &group.id().name).is_none(),
        }
}

/// Whether `attribute`, written `group:attribute`, belongs to `group` and no published version has it.
fn needs_attribute(after: &Store, attribute: &str, group: &Document) -> bool {
    let Some((name, attribute)) = attribute.split_once(':') else { return false };
    name == group.id().name
        && !published(after, Kind::AttributeGroup)
            .any(|other| other.id().name == name && has_attribute(other, attribute))
}

fn has_attribute(group: &Document, name: &str) -> bool {
    ["attributes", "fields"]
        .into_iter()
        .flat_map(|list| references(group, list))
        .any(|attribute| attribute.get("name").and_then(Value::as_str) == Some(name))
}

/// The attributes in an intervention's criteria.
fn attributes(rule: &Document) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open: Vec<&Value> = rule.fields().get("criteria").into_iter().collect();
    while let Some(criteria) = open.pop() {
        found.extend(criteria.get("attribute").and_then(Value::as_str));
        let lists =
            ["all", "any", "none"].into_iter().filter_map(|list| criteria.get(list)?.as_array());
        open.extend(lists.flatten());
    }
    found
}
