use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use signals_engine::{AttributeGroup, AttributeKey, EventLog, Intervention, LocSegment, Service};

use super::kind::{Id, Kind};
use crate::json::{self, Fault};

/// Fields that only responses have. Clients may send back what they received.
const ANSWERED_ONLY: [&str; 7] = [
    "attribute_group_or_attribute_key_ttl",
    "attribute_key_or_name",
    "blobl_path",
    "feast_name",
    "full_name",
    "has_published_version",
    "stream_source_name",
];

const IS_PUBLISHED: &str = "is_published";

/// A definition as its author wrote it, completed with the fields that were left out.
///
/// Fields that this server does not use, such as those about the warehouse, are kept for clients that do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    id: Id,
    is_published: bool,
    fields: Map<String, Value>,
    /// The published form, if these fields are a draft that will replace it.
    live: Option<Map<String, Value>>,
}

impl Document {
    /// Reads the body of a request. A null field counts as missing.
    ///
    /// # Errors
    /// The first field that is missing or invalid. References are not checked.
    pub(crate) fn read(kind: Kind, mut sent: Map<String, Value>) -> Result<Self, Fault> {
        remove_nulls(&mut sent);
        remove_answered_only(&mut sent);
        if kind.has_drafts() {
            // Such a definition is published only by reference, and its version is always 1.
            sent.remove(IS_PUBLISHED);
            sent.remove("version");
        }
        // In a definitions file, the default is published. In the registry, a new definition is a draft.
        sent.entry(IS_PUBLISHED).or_insert(Value::Bool(false));
        let fields = match kind {
            Kind::AttributeKey => complete::<AttributeKey>(sent)?,
            Kind::AttributeGroup => complete::<AttributeGroup>(sent)?,
            Kind::Service => complete::<Service>(sent)?,
            Kind::Intervention => complete::<Intervention>(sent)?,
            Kind::EventLog => complete::<EventLog>(sent)?,
        };
        check_service(kind, &fields)?;
        Self::from_fields(kind, fields)
            .ok_or_else(|| Fault::of_field(IS_PUBLISHED, "value_error", "must be true or false"))
    }

    /// The document of a definition in a definitions file.
    pub(crate) fn of(kind: Kind, definition: &impl Serialize) -> Option<Self> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(definition) else { return None };
        fields.entry(IS_PUBLISHED).or_insert(Value::Bool(true));
        Self::from_fields(kind, fields)
    }

    /// A document with exactly these fields. `None` if a required one is missing.
    pub(crate) fn from_fields(kind: Kind, fields: Map<String, Value>) -> Option<Self> {
        let name = fields.get("name")?.as_str()?.to_owned();
        let version = match kind.is_versioned() {
            true => Some(fields.get("version")?.as_u64()?),
            false => None,
        };
        let is_published = fields.get(IS_PUBLISHED)?.as_bool()?;
        Some(Self { id: Id { kind, name, version }, is_published, fields, live: None })
    }

    pub(crate) fn id(&self) -> &Id {
        &self.id
    }

    pub(crate) fn is_published(&self) -> bool {
        self.is_published
    }

    /// Every field that the definition can have. Fields that its author left out are null.
    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The name of the attribute key of a group.
    pub(crate) fn attribute_key(&self) -> Option<&str> {
        self.fields.get("attribute_key")?.get("name")?.as_str()
    }

    /// The text in the field `name`.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    /// Whether it or an earlier form of it is published.
    pub(crate) fn has_published_version(&self) -> bool {
        self.is_published || self.live.is_some()
    }

    /// The published form.
    pub(crate) fn published_form(&self) -> Option<Self> {
        match &self.live {
            Some(fields) => Some(Self { fields: fields.clone(), ..self.published(true) }),
            None => self.is_published.then(|| self.clone()),
        }
    }

    /// The forms that the engine and files know: the published one, and then its draft. Most definitions have only one form.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.live.iter().chain([&self.fields])
    }

    /// This definition, replaced by `newer`. If it has drafts, what was published stays published until `newer` is.
    pub(crate) fn revised(&self, newer: Self) -> Self {
        if !self.id.kind.has_drafts() || newer.is_published {
            return newer;
        }
        let live = if self.is_published { Some(&self.fields) } else { self.live.as_ref() };
        let as_live = newer.published(true);
        match live {
            Some(live) if *live == as_live.fields => as_live,
            live => Self { live: live.cloned(), ..newer },
        }
    }

    /// The same definition, published or not. There is no draft afterwards.
    pub(crate) fn published(&self, is_published: bool) -> Self {
        let mut document = self.clone();
        document.live = None;
        document.is_published = is_published;
        document.fields.insert(IS_PUBLISHED.to_owned(), Value::Bool(is_published));
        document
    }

    /// Whether both have the same effect, regardless of publication and descriptions.
    pub(crate) fn defines_the_same_as(&self, other: &Self) -> bool {
        meaning(&self.fields) == meaning(&other.fields)
    }
}

/// The fields that have an effect, without those that have their default value.
fn meaning(fields: &Map<String, Value>) -> Map<String, Value> {
    let matters = |name: &str, value: &Value| match name {
        "description" | "owner" | "online" | IS_PUBLISHED => false,
        "offline" => *value == Value::Bool(true),
        "index" => value.as_u64() != Some(0),
        _ => !value.is_null(),
    };
    let fields = fields.iter().filter(|(name, value)| matters(name, value));
    fields.map(|(name, value)| (name.clone(), meaning_of_value(value))).collect()
}

fn meaning_of_value(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(meaning(fields)),
        Value::Array(elements) => elements.iter().map(meaning_of_value).collect(),
        value => value.clone(),
    }
}

/// `sent`, completed with the defaults of `T`.
fn complete<T: Serialize + DeserializeOwned>(
    sent: Map<String, Value>,
) -> Result<Map<String, Value>, Fault> {
    let sent = Value::Object(sent);
    let definition: T = json::from_value(&sent)?;
    let unreadable = || Fault::at(Vec::new(), "value_error", "must be an object");
    let known = serde_json::to_value(definition).map_err(|_| unreadable())?;
    match overlay(known, sent, &mut Vec::new())? {
        Value::Object(fields) => Ok(fields),
        _ => Err(unreadable()),
    }
}

/// `known`, overlaid with the fields of `sent` from which it was read.
fn overlay(known: Value, sent: Value, path: &mut Vec<LocSegment>) -> Result<Value, Fault> {
    match (known, sent) {
        (Value::Object(mut known), Value::Object(sent)) => {
            for (name, sent) in sent {
                path.push(LocSegment::Field(name.clone()));
                let value = match known.remove(&name) {
                    Some(known) => overlay(known, sent, path)?,
                    None => sent,
                };
                path.pop();
                known.insert(name, value);
            }
            Ok(Value::Object(known))
        }
        (Value::Array(known), Value::Array(sent)) if known.len() == sent.len() => {
            let elements = known.into_iter().zip(sent).enumerate().map(|(index, (known, sent))| {
                path.push(LocSegment::Index(index));
                let value = overlay(known, sent, path)?;
                path.pop();
                Ok(value)
            });
            elements.collect()
        }
        // Derived deserialisers of structs also accept arrays of the fields' values.
        (Value::Object(_), Value::Array(_)) => {
            Err(Fault::at(path.clone(), "value_error", "must be an object"))
        }
        (_, sent) => Ok(sent),
    }
}

fn remove_nulls(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
    fields.values_mut().for_each(remove_nulls_in);
}

fn remove_nulls_in(value: &mut Value) {
    match value {
        Value::Object(fields) => remove_nulls(fields),
        Value::Array(elements) => elements.iter_mut().for_each(remove_nulls_in),
        _ => {}
    }
}

fn remove_answered_only(fields: &mut Map<String, Value>) {
    fields.retain(|name, _| !ANSWERED_ONLY.contains(&name.as_str()));
    if let Some(Value::Object(key)) = fields.get_mut("attribute_key") {
        remove_answered_only(key);
    }
}

fn check_service(kind: Kind, fields: &Map<String, Value>) -> Result<(), Fault> {
    const FIELD: &str = "attribute_groups";
    let is_empty = fields.get(FIELD).and_then(Value::as_array).is_none_or(Vec::is_empty);
    if kind == Kind::Service && is_empty {
        let msg = "a service needs at least one attribute group";
        return Err(Fault::of_field(FIELD, "too_short", msg));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: Kind, sent: Value) -> Result<Document, Fault> {
        let Value::Object(sent) = sent else { panic!("not an object") };
        Document::read(kind, sent)
    }

    fn group(adapt: impl FnOnce(&mut Value)) -> Value {
        let mut group = json!({
            "name": "visits",
            "attribute_key": {"name": "domain_userid"},
            "attributes": [{"name": "n", "type": "int32", "events": [], "aggregation": "counter"}],
        });
        adapt(&mut group);
        group
    }

    fn loc(refused: Result<Document, Fault>) -> Value {
        json!(refused.unwrap_err().path)
    }

    #[test]
    fn what_is_left_out_is_filled_in() {
        let document = read(Kind::AttributeGroup, group(|_| {})).unwrap();
        assert_eq!(document.id().version, Some(1));
        assert!(!document.is_published());
        assert_eq!(document.fields()["ttl"], Value::Null);
        assert_eq!(document.fields()["attributes"][0]["period"], Value::Null);
    }

    #[test]
    fn fields_that_mean_nothing_here_are_kept() {
        let sent = group(|group| {
            group["online"] = json!(true);
            group["attribute_key"]["external_column"] = json!("user");
        });
        let document = read(Kind::AttributeGroup, sent).unwrap();
        assert_eq!(document.fields()["online"], true);
        assert_eq!(document.fields()["attribute_key"]["external_column"], "user");
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        let sent = group(|group| {
            group["version"] = Value::Null;
            group["attributes"][0]["criteria"] = Value::Null;
        });
        assert_eq!(read(Kind::AttributeGroup, sent), read(Kind::AttributeGroup, group(|_| {})));
    }

    #[test]
    fn notes_for_people_do_not_change_a_definition_but_anything_else_does() {
        let same = |adapt: fn(&mut Value)| {
            let plain = read(Kind::AttributeGroup, group(|_| {})).unwrap();
            plain.defines_the_same_as(&read(Kind::AttributeGroup, group(adapt)).unwrap())
        };
        assert!(same(|group| group["is_published"] = json!(true)));
        assert!(same(|group| group["owner"] = json!("owner@example.com")));
        assert!(same(|group| group["attributes"][0]["description"] = json!("How many")));
        assert!(same(|group| group["attribute_key"]["is_published"] = json!(false)));
        assert!(same(|group| group["offline"] = json!(false)));
        assert!(!same(|group| group["offline"] = json!(true)));
        assert!(!same(|group| group["ttl"] = json!("P1D")));
        assert!(!same(|group| group["attributes"][0]["default_value"] = json!(0)));
        assert!(!same(|group| group["attributes"][0]["events"] = json!([{"name": "x"}])));
    }

    #[test]
    fn an_array_does_not_pass_for_an_object_inside_either() {
        let sent = group(|group| group["attribute_key"] = json!(["domain_userid"]));
        assert_eq!(loc(read(Kind::AttributeGroup, sent)), json!(["attribute_key"]));
    }

    #[test]
    fn a_field_of_the_wrong_form_is_named() {
        let sent = group(|group| group["attributes"][0]["type"] = json!(7));
        assert_eq!(loc(read(Kind::AttributeGroup, sent)), json!(["attributes", 0, "type"]));
        let sent = json!({"name": "page", "is_published": "yes"});
        assert_eq!(loc(read(Kind::AttributeKey, sent)), json!(["is_published"]));
    }

    #[test]
    fn a_service_offers_something() {
        let sent = json!({"name": "empty", "attribute_groups": []});
        assert_eq!(loc(read(Kind::Service, sent)), json!(["attribute_groups"]));
    }
}
