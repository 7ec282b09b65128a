//! The registry: the definitions, their versions, and which of them are published.
//!
//! [`store`] decides what may change, without requests or the engine. This module adds the lock, and changes the store only together
//! with the engine.

mod dependents;
mod document;
mod kind;
mod refusal;
mod representation;
mod store;

use std::mem;
use std::ops::Deref;

use parking_lot::Mutex;
use serde_json::{Map, Value};
use signals_engine::{AttributeGroup, AttributeKey, Definitions, Engine};
use thiserror::Error;

pub(crate) use self::document::Document;
pub(crate) use self::kind::{Id, Kind};
pub(crate) use self::refusal::Refusal;
use self::representation::Properties;
pub(crate) use self::representation::Representation;
use self::store::{Change, Store};
use crate::pipeline::Pipeline;

/// The definitions.
#[derive(Debug)]
pub struct Registry {
    /// Held while the engine adopts a change, so that changes have the same order in both.
    store: Mutex<Versioned>,
}

#[derive(Debug)]
struct Versioned {
    store: Store,
    /// Whether it changed since it was last saved.
    is_unsaved: bool,
}

impl Deref for Versioned {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// The definitions in the data file: kinds and fields, in order.
pub(crate) type SavedRegistry = Vec<(Kind, Map<String, Value>)>;

/// Why a registry cannot be restored, as text.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Unusable(String);

/// The parts of a published service that matter for reading it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PublishedService {
    /// Names and versions of its attribute groups that are published.
    pub(crate) groups: Vec<(String, u64)>,
    /// Whether it can be read without a token.
    pub(crate) is_public: bool,
}

/// A published agentic context in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedEventLog {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
}

impl Registry {
    /// A registry of `definitions`, which the engine uses already.
    pub(crate) fn new(definitions: &Definitions) -> Self {
        Self::of(Store::of(definitions))
    }

    /// Restores a saved registry, registers `added`, and returns it with an engine for the result.
    ///
    /// # Errors
    /// The definition in `added` that conflicts with the saved ones, or that is invalid.
    pub(crate) fn restore(
        saved: SavedRegistry,
        added: &Definitions,
    ) -> Result<(Self, Engine), Unusable> {
        let unusable = |refusal: Refusal| Unusable(refusal.to_string());
        let store = Store::from_saved(saved)
            .ok_or_else(|| Unusable("a definition has no name, version or state".to_owned()))?;
        let store = store.with(added).map_err(unusable)?;
        let engine = Engine::new(&store.definitions().map_err(unusable)?)
            .map_err(|error| Unusable(store.explain(&error)))?;
        Ok((Self::of(store), engine))
    }

    fn of(store: Store) -> Self {
        Self { store: Mutex::new(Versioned { store, is_unsaved: true }) }
    }

    /// The definitions, if they changed since the last call, and the result of `work` at the same moment.
    pub(crate) fn take_changes<T>(&self, work: impl FnOnce() -> T) -> (Option<SavedRegistry>, T) {
        let mut store = self.store.lock();
        let saved = mem::take(&mut store.is_unsaved).then(|| store.to_saved());
        (saved, work())
    }

    /// Makes the next [`Registry::take_changes`] return the definitions.
    pub(crate) fn mark_changed(&self) {
        self.store.lock().is_unsaved = true;
    }

    pub(crate) fn list(&self, kind: Kind, only_published: bool) -> Vec<Representation> {
        let store = self.store.lock();
        let listed = store.of_kind(kind).filter_map(|document| match only_published {
            true => document.published_form(),
            false => Some(document.clone()),
        });
        listed.map(|it| Representation::of(&it, &store, Properties::Columns)).collect()
    }

    pub(crate) fn get(&self, id: &Id) -> Result<Representation, Refusal> {
        let store = self.store.lock();
        let found = store.get(id).ok_or_else(|| Refusal::Unknown(id.clone()))?;
        Ok(Representation::of(found, &store, Properties::Columns))
    }

    pub(crate) fn create(
        &self,
        document: Document,
        pipeline: &Pipeline,
    ) -> Result<Representation, Refusal> {
        let shown = document.clone();
        let (store, _) = self.change(pipeline, |store| store.create(document))?;
        Ok(Representation::of(&shown, &store, Properties::Written))
    }

    pub(crate) fn replace(
        &self,
        document: Document,
        pipeline: &Pipeline,
    ) -> Result<Representation, Refusal> {
        let id = document.id().clone();
        let (store, _) = self.change(pipeline, |store| store.replace(document))?;
        let shown = store.get(&id).ok_or(Refusal::Unknown(id))?;
        Ok(Representation::of(shown, &store, Properties::Written))
    }

    pub(crate) fn delete(&self, id: &Id, pipeline: &Pipeline) -> Result<(), Refusal> {
        self.change(pipeline, |store| store.delete(id)).map(|_| ())
    }

    /// Publishes or unpublishes everything in `ids`, all or nothing. Returns the interventions that are also unpublished, or
    /// `None` if nothing had to change.
    pub(crate) fn publish(
        &self,
        ids: &[Id],
        publish: bool,
        pipeline: &Pipeline,
    ) -> Result<Option<Vec<Id>>, Refusal> {
        let Some(first) = ids.first() else { return Ok(None) };
        let mut has_changed = false;
        let (_, also_unpublished) = self.change(pipeline, |store| {
            let change = store.publish(first, ids, publish)?;
            has_changed = change.store != *store;
            Ok(change)
        })?;
        Ok(has_changed.then_some(also_unpublished))
    }

    /// Changes both the registry and the engine or, if that fails, neither. Returns the registry after the change, and the
    /// interventions that were unpublished with it.
    fn change(
        &self,
        pipeline: &Pipeline,
        work: impl FnOnce(&Store) -> Result<Change, Refusal>,
    ) -> Result<(Store, Vec<Id>), Refusal> {
        let mut store = self.store.lock();
        let change = dependents::follow(&store, work(&store)?)?;
        let definitions = change.store.definitions()?;
        // Many changes do not affect the engine. Then it need not go through all profiles.
        if definitions != store.definitions()? {
            pipeline.replace_definitions(&definitions).map_err(|error| change.refusal(&error))?;
        }
        tracing::info!("registry changed: {}", change.id);
        for id in &change.also_unpublished {
            tracing::info!(
                "also unpublished, because it refers to a group that is no longer published: {id}"
            );
        }
        *store = Versioned { store: change.store, is_unsaved: true };
        Ok((store.store.clone(), change.also_unpublished))
    }

    /// The registered definitions: for each collection of a definitions file, its name and the fields of its definitions. A
    /// collection can refer only to those before it. Built-in attribute keys are included only if they were changed.
    pub fn registered(&self) -> Vec<(&'static str, Vec<Map<String, Value>>)> {
        let store = self.store.lock();
        let documents = |kind| store.registered(kind).flat_map(Document::forms).cloned().collect();
        Kind::ALL.into_iter().map(|kind| (kind.collection(), documents(kind))).collect()
    }

    /// The published service `name`.
    pub(crate) fn published_service(&self, name: &str) -> Option<PublishedService> {
        let store = self.store.lock();
        let service = store.latest_published(Kind::Service, name)?;
        let references = service.fields().get("attribute_groups")?.as_array()?;
        let groups = references.iter().filter_map(|reference| {
            let name = reference.get("name")?.as_str()?.to_owned();
            let group = match reference.get("version").and_then(Value::as_u64) {
                None => store.latest_published(Kind::AttributeGroup, &name)?,
                version => {
                    let id = Id { kind: Kind::AttributeGroup, name: name.clone(), version };
                    store.get(&id).filter(|group| group.is_published())?
                }
            };
            Some((name, group.id().version?))
        });
        let is_public = service.text("access_mode") == Some("public");
        Some(PublishedService { groups: groups.collect(), is_public })
    }

    /// Every registered attribute key, in the engine's form.
    pub(crate) fn attribute_keys(&self) -> Result<Vec<AttributeKey>, Refusal> {
        Ok(self.store.lock().definitions()?.attribute_keys)
    }

    /// The published attribute groups.
    pub(crate) fn published_groups(&self) -> Result<Vec<AttributeGroup>, Refusal> {
        let mut groups = self.store.lock().definitions()?.attribute_groups;
        groups.retain(|group| group.is_published);
        Ok(groups)
    }

    /// The published agentic contexts. Their drafts are not among them.
    pub fn published_event_logs(&self) -> Vec<PublishedEventLog> {
        let store = self.store.lock();
        let published = store.of_kind(Kind::EventLog).filter_map(Document::published_form);
        let shown = published.map(|log| PublishedEventLog {
            name: log.id().name.clone(),
            description: log.text("description").map(str::to_owned),
        });
        shown.collect()
    }

    /// The attribute key of a published attribute group.
    pub(crate) fn attribute_key_of(&self, name: &str, version: u64) -> Option<String> {
        let id = Id { kind: Kind::AttributeGroup, name: name.to_owned(), version: Some(version) };
        let store = self.store.lock();
        let group = store.get(&id).filter(|group| group.is_published())?;
        group.attribute_key().map(str::to_owned)
    }
}
