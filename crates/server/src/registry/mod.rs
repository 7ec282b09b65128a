//! The registry: what is defined, in which versions, and what of it is published.
//!
//! [`store`] decides what may change and knows neither requests nor the engine. What is here adds the lock and lets a change
//! happen only together with the engine that computes by it.

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
use signals_engine::{AttributeKey, Definitions, Engine};
use thiserror::Error;

pub(crate) use self::document::Document;
pub(crate) use self::kind::{Id, Kind};
pub(crate) use self::refusal::Refusal;
use self::representation::Properties;
pub(crate) use self::representation::Representation;
use self::store::{Change, Store};
use crate::pipeline::Pipeline;

/// What is defined.
#[derive(Debug)]
pub struct Registry {
    /// Held while the engine takes over a change: changes are one after the other, in both alike.
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

/// What is registered as it is saved: kinds and fields, in their order.
pub(crate) type SavedRegistry = Vec<(Kind, Map<String, Value>)>;

/// Why a registry cannot be what it is to be, in words.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Unusable(String);

/// A published service, as far as reading it goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PublishedService {
    /// Names and versions of its attribute groups that are published.
    pub(crate) groups: Vec<(String, u64)>,
    /// Whether it can be read without a token.
    pub(crate) is_public: bool,
}

impl Registry {
    /// A registry of `definitions`, by which the engine computes already.
    pub(crate) fn new(definitions: &Definitions) -> Self {
        Self::of(Store::of(definitions))
    }

    /// A registry of what was saved of another one, with `added` registered onto it, and an engine that computes by it.
    ///
    /// # Errors
    /// What of `added` cannot be there beside what is, or what the engine makes no sense of.
    pub(crate) fn restore(
        saved: SavedRegistry,
        added: &Definitions,
    ) -> Result<(Self, Engine), Unusable> {
        let unusable = |refusal: Refusal| Unusable(refusal.to_string());
        let store = Store::from_saved(saved)
            .ok_or_else(|| Unusable("a definition lacks its name, version or state".to_owned()))?;
        let store = store.with(added).map_err(unusable)?;
        let engine = Engine::new(&store.definitions().map_err(unusable)?)
            .map_err(|error| Unusable(store.explain(&error)))?;
        Ok((Self::of(store), engine))
    }

    fn of(store: Store) -> Self {
        Self { store: Mutex::new(Versioned { store, is_unsaved: true }) }
    }

    /// What is registered, if it changed since the last call, and what `work` gives at the same moment.
    pub(crate) fn take_changes<T>(&self, work: impl FnOnce() -> T) -> (Option<SavedRegistry>, T) {
        let mut store = self.store.lock();
        let saved = mem::take(&mut store.is_unsaved).then(|| store.to_saved());
        (saved, work())
    }

    /// Makes the next [`Registry::take_changes`] tell what is registered.
    pub(crate) fn mark_changed(&self) {
        self.store.lock().is_unsaved = true;
    }

    pub(crate) fn list(&self, kind: Kind, only_published: bool) -> Vec<Representation> {
        let store = self.store.lock();
        let listed = store.of_kind(kind).filter(|it| !only_published || it.is_published());
        listed.map(|it| Representation::of(it, &store, Properties::Columns)).collect()
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
        let shown = document.clone();
        let (store, _) = self.change(pipeline, |store| store.replace(document))?;
        Ok(Representation::of(&shown, &store, Properties::Written))
    }

    pub(crate) fn delete(&self, id: &Id, pipeline: &Pipeline) -> Result<(), Refusal> {
        self.change(pipeline, |store| store.delete(id)).map(|_| ())
    }

    /// Publishes everything in `ids` or takes it back, all or nothing. Gives the interventions that are unpublished with it;
    /// nothing when nothing had to change.
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

    /// Changes registry and engine or, when that cannot be, neither. Gives the registry after the change, and the
    /// interventions that are unpublished with it.
    fn change(
        &self,
        pipeline: &Pipeline,
        work: impl FnOnce(&Store) -> Result<Change, Refusal>,
    ) -> Result<(Store, Vec<Id>), Refusal> {
        let mut store = self.store.lock();
        let change = dependents::follow(&store, work(&store)?)?;
        let definitions = change.store.definitions()?;
        // Much of what is changed means nothing to the engine, which is spared to look at every profile then.
        if definitions != store.definitions()? {
            pipeline.replace_definitions(&definitions).map_err(|error| change.refusal(&error))?;
        }
        tracing::info!("registry changed: {}", change.id);
        for id in &change.also_unpublished {
            tracing::info!("unpublished with it, because it mentions it: {id}");
        }
        *store = Versioned { store: change.store, is_unsaved: true };
        Ok((store.store.clone(), change.also_unpublished))
    }

    /// What somebody registered: for each collection of a definitions file, in the order in which one may refer to another,
    /// its name and the fields of what is in it. Built-in attribute keys are left out unless somebody changed them.
    pub fn registered(&self) -> Vec<(&'static str, Vec<Map<String, Value>>)> {
        let store = self.store.lock();
        let documents =
            |kind| store.registered(kind).map(|document| document.fields().clone()).collect();
        Kind::ALL.into_iter().map(|kind| (kind.collection(), documents(kind))).collect()
    }

    /// The service that applications can read by `name`.
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

    /// Every attribute key that is registered, as the engine takes it.
    pub(crate) fn attribute_keys(&self) -> Result<Vec<AttributeKey>, Refusal> {
        Ok(self.store.lock().definitions()?.attribute_keys)
    }

    /// The attribute key of a published attribute group.
    pub(crate) fn attribute_key_of(&self, name: &str, version: u64) -> Option<String> {
        let id = Id { kind: Kind::AttributeGroup, name: name.to_owned(), version: Some(version) };
        let store = self.store.lock();
        let group = store.get(&id).filter(|group| group.is_published())?;
        group.attribute_key().map(str::to_owned)
    }
}
