//! The definitions and how they may change. Pure: every change returns a new store.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use signals_engine::{DefinitionError, Definitions, LocSegment};
use signals_wire::identifier::{
    BUILT_IN_ATTRIBUTE_KEYS, CLIENT_SESSION_SESSION_ID, CLIENT_SESSION_USER_ID,
};

use super::document::Document;
use super::kind::{Id, Kind};
use super::refusal::Refusal;
use crate::json::{self, Fault};

/// All definitions, in the order of registration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Store {
    documents: Vec<Arc<Document>>,
}

/// The registry after a change.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) store: Store,
    /// The definition that the client changed.
    pub(super) id: Id,
    /// Interventions that are also unpublished.
    pub(super) also_unpublished: Vec<Id>,
}

impl Store {
    /// The built-in attribute keys and `definitions`, which can extend those.
    pub(super) fn of(definitions: &Definitions) -> Self {
        let built_in = BUILT_IN_ATTRIBUTE_KEYS
            .into_iter()
            .filter(|name| definitions.attribute_keys.iter().all(|key| key.name != *name))
            .filter_map(built_in);
        let mut store = Self { documents: built_in.map(Arc::new).collect() };
        for document in documents_of(definitions) {
            store.add(document);
        }
        store
    }

    /// Restores a saved store from the kinds and fields of its documents. `None` if they are invalid.
    pub(super) fn from_saved(saved: Vec<(Kind, Map<String, Value>)>) -> Option<Self> {
        let mut store = Self { documents: Vec::new() };
        for (kind, fields) in saved {
            store.add(Document::from_fields(kind, fields)?);
        }
        // An earlier version of this program may have had fewer of them.
        for key in BUILT_IN_ATTRIBUTE_KEYS.into_iter().filter_map(built_in) {
            if store.position(key.id()).is_none() {
                store.documents.push(Arc::new(key));
            }
        }
        Some(store)
    }

    /// Adds a document, or a form of one that is already there: first the published form, and then its draft.
    fn add(&mut self, document: Document) {
        match self.position(document.id()).filter(|_| document.id().kind.has_drafts()) {
            Some(position) => {
                self.documents[position] = Arc::new(self.documents[position].revised(document));
            }
            None => self.documents.push(Arc::new(document)),
        }
    }

    /// The kinds and fields of all documents, in order.
    pub(super) fn to_saved(&self) -> Vec<(Kind, Map<String, Value>)> {
        let forms = |document: &Arc<Document>| {
            let kind = document.id().kind;
            document.forms().map(|fields| (kind, fields.clone())).collect::<Vec<_>>()
        };
        self.documents.iter().flat_map(forms).collect()
    }

    /// This store with `definitions` added, as if a client had sent them one after the other.
    pub(super) fn with(&self, definitions: &Definitions) -> Result<Self, Refusal> {
        let mut store = self.clone();
        for document in documents_of(definitions) {
            match store.position(document.id()) {
                Some(position) => store.put(position, document)?,
                None => store.documents.push(Arc::new(document)),
            }
        }
        Ok(store)
    }

    /// Describes an error that the engine found in the definitions, and names the document.
    pub(super) fn explain(&self, error: &DefinitionError) -> String {
        let Some((id, rest)) = self.place(&error.loc) else { return error.to_string() };
        let error = DefinitionError { loc: rest.to_vec(), position: None, ..error.clone() };
        format!("{id}: {error}")
    }

    /// All definitions in the form that the engine compiles.
    ///
    /// # Errors
    /// None for documents that were read as their kind.
    pub(super) fn definitions(&self) -> Result<Definitions, Refusal> {
        let collections: Map<String, Value> = Kind::ALL
            .into_iter()
            .map(|kind| {
                let forms = self.of_kind(kind).flat_map(Document::forms).cloned();
                (kind.collection().to_owned(), forms.collect())
            })
            .collect();
        Ok(json::from_value(&Value::Object(collections))?)
    }

    /// All definitions of one kind, in the order of registration.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Document> {
        self.documents.iter().map(Arc::as_ref).filter(move |document| document.id().kind == kind)
    }

    /// The registered definitions, without built-in attribute keys that were not extended.
    pub(super) fn registered(&self, kind: Kind) -> impl Iterator<Item = &Document> {
        self.of_kind(kind).filter(|document| {
            !is_built_in(document.id()) || built_in(&document.id().name).as_ref() != Some(document)
        })
    }

    /// The definition `id`. Without a version, the latest one.
    pub(super) fn get(&self, id: &Id) -> Option<&Document> {
        self.versions(id.kind, &id.name)
            .filter(|document| id.version.is_none() || document.id().version == id.version)
            .max_by_key(|document| document.id().version)
    }

    /// The latest published version of `name`.
    pub(super) fn latest_published(&self, kind: Kind, name: &str) -> Option<&Document> {
        self.versions(kind, name)
            .filter(|document| document.is_published())
            .max_by_key(|document| document.id().version)
    }

    fn versions(&self, kind: Kind, name: &str) -> impl Iterator<Item = &Document> {
        self.of_kind(kind).filter(move |document| document.id().name == name)
    }

    /// Registers a new definition.
    pub(super) fn create(&self, document: Document) -> Result<Change, Refusal> {
        if self.position(document.id()).is_some() {
            return Err(Refusal::Exists(document.id().clone()));
        }
        let mut store = self.clone();
        let id = document.id().clone();
        store.documents.push(Arc::new(document));
        Ok(Change { store, id, also_unpublished: Vec::new() })
    }

    /// Replaces the definition with the same id. A published version cannot change, but it can be unpublished. The draft of a
    /// published definition leaves that as it is.
    pub(super) fn replace(&self, document: Document) -> Result<Change, Refusal> {
        let id = document.id().clone();
        let position = self.position(&id).ok_or_else(|| Refusal::Unknown(id.clone()))?;
        let mut store = self.clone();
        store.put(position, document)?;
        Ok(Change { store, id, also_unpublished: Vec::new() })
    }

    fn put(&mut self, position: usize, document: Document) -> Result<(), Refusal> {
        let id = document.id();
        let current = &self.documents[position];
        let is_fixed = id.kind.is_versioned() && current.is_published();
        if is_fixed && !current.defines_the_same_as(&document) {
            return Err(Refusal::Immutable(id.clone()));
        }
        if is_built_in(id)
            && !keeps_its_source(&document)
            && !current.defines_the_same_as(&document)
        {
            return Err(Refusal::BuiltIn(id.clone()));
        }
        self.documents[position] = Arc::new(current.revised(document));
        Ok(())
    }

    /// Removes an unpublished definition.
    pub(super) fn delete(&self, id: &Id) -> Result<Change, Refusal> {
        let position = self.position(id).ok_or_else(|| Refusal::Unknown(id.clone()))?;
        if is_built_in(id) {
            return Err(Refusal::BuiltIn(id.clone()));
        }
        if self.documents[position].has_published_version() {
            return Err(Refusal::Published(id.clone()));
        }
        let mut store = self.clone();
        store.documents.remove(position);
        Ok(Change { store, id: id.clone(), also_unpublished: Vec::new() })
    }

    /// Publishes or unpublishes everything in `ids`. The change names the first one.
    pub(super) fn publish(
        &self,
        first: &Id,
        ids: &[Id],
        is_published: bool,
    ) -> Result<Change, Refusal> {
        let mut store = self.clone();
        for id in ids {
            store.set_published(id, is_published)?;
        }
        Ok(Change { store, id: first.clone(), also_unpublished: Vec::new() })
    }

    pub(super) fn set_published(&mut self, id: &Id, is_published: bool) -> Result<(), Refusal> {
        let position = self.position(id).ok_or_else(|| Refusal::Unknown(id.clone()))?;
        self.documents[position] = Arc::new(self.documents[position].published(is_published));
        Ok(())
    }

    fn position(&self, id: &Id) -> Option<usize> {
        self.documents.iter().position(|document| document.id() == id)
    }

    /// The document at a location in [`Store::definitions`], and the rest of the location.
    fn place<'l>(&self, loc: &'l [LocSegment]) -> Option<(&Id, &'l [LocSegment])> {
        let [LocSegment::Field(collection), LocSegment::Index(index), rest @ ..] = loc else {
            return None;
        };
        let kind = Kind::of_collection(collection)?;
        let mut forms = self.of_kind(kind).flat_map(|it| it.forms().map(move |_| it.id()));
        Some((forms.nth(*index)?, rest))
    }
}

impl Change {
    /// Turns an error that the engine found after the change into a refusal that names the definition.
    pub(super) fn refusal(&self, error: &DefinitionError) -> Refusal {
        match self.store.place(&error.loc) {
            Some((by, rest)) if *by != self.id => {
                let reason =
                    DefinitionError { loc: rest.to_vec(), position: None, ..error.clone() };
                let (id, by) = (self.id.clone(), by.clone());
                Refusal::Needed { id, by, reason: reason.to_string() }
            }
            place => {
                let rest = place.map_or(&error.loc[..], |(_, rest)| rest);
                let kind = if error.is_missing { "missing" } else { "value_error" };
                Fault::at(rest.to_vec(), kind, error.message.as_str()).into()
            }
        }
    }
}

fn documents_of(definitions: &Definitions) -> impl Iterator<Item = Document> {
    let Definitions { attribute_keys, attribute_groups, services, interventions, event_logs } =
        definitions;
    let keys = attribute_keys.iter().filter_map(|key| Document::of(Kind::AttributeKey, key));
    let groups =
        attribute_groups.iter().filter_map(|group| Document::of(Kind::AttributeGroup, group));
    let services = services.iter().filter_map(|service| Document::of(Kind::Service, service));
    let rules = interventions.iter().filter_map(|rule| Document::of(Kind::Intervention, rule));
    // What is published comes before its draft.
    let (live, drafts): (Vec<_>, Vec<_>) = event_logs.iter().partition(|log| log.is_published);
    let logs = live.into_iter().chain(drafts);
    let logs = logs.filter_map(|log| Document::of(Kind::EventLog, log));
    keys.chain(groups).chain(services).chain(rules).chain(logs)
}

fn is_built_in(id: &Id) -> bool {
    id.kind == Kind::AttributeKey && BUILT_IN_ATTRIBUTE_KEYS.contains(&id.name.as_str())
}

fn built_in(name: &str) -> Option<Document> {
    let of_client_session = |path: &str| {
        json!({
            "name": name, "is_published": true,
            "property": {
                "type": "entity", "vendor": "com.snowplowanalytics.snowplow", "name": "client_session",
                "major_version": 1, "path": path,
            },
        })
    };
    let fields = match name {
        CLIENT_SESSION_USER_ID => of_client_session("userId"),
        CLIENT_SESSION_SESSION_ID => of_client_session("sessionId"),
        _ => json!({ "name": name, "key": name, "is_published": true }),
    };
    Document::read(Kind::AttributeKey, fields.as_object()?.clone()).ok()
}

/// Whether ids still come from the field with the key's name.
fn keeps_its_source(key: &Document) -> bool {
    let name = key.id().name.as_str();
    let own_field = json!({ "type": "atomic", "name": name });
    let built_in = built_in(name);
    let own = built_in.as_ref().and_then(|key| key.fields().get("property")).unwrap_or(&own_field);
    let property = key.fields().get("property").unwrap_or(&Value::Null);
    (property.is_null() || property == own) && key.text("key").is_none_or(|field| field == name)
}
