use std::borrow::Cow;

use signals_wire::TargetAttributeKey;
use signals_wire::identifier::{
    BUILT_IN_ATTRIBUTE_KEYS, CLIENT_SESSION_SESSION_ID, CLIENT_SESSION_USER_ID, id,
};

use crate::definitions::{AttributeKey, DefinitionError, Loc};
use crate::duration::{DEFAULT_TTL_MS, parse_duration_ms};
use crate::event::Event;
use crate::name::check_name;
use crate::property::PropertyReader;

/// Position of an attribute key in [`Keys`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct KeyIndex(pub(super) u32);

impl KeyIndex {
    pub(super) fn get(self) -> usize {
        self.0 as usize
    }
}

/// A compiled attribute key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) ttl_ms: i64,
    /// The location of the id in events. `None` if no event contains it.
    source: Option<PropertyReader>,
}

/// All attribute keys, the built-in ones first.
#[derive(Debug, Clone)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    pub(super) fn compile(
        definitions: &[AttributeKey],
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        let built_in = BUILT_IN_ATTRIBUTE_KEYS.iter().filter_map(|name| {
            let source = source_of(name)?;
            Some(Key { name: (*name).to_owned(), ttl_ms: DEFAULT_TTL_MS, source: Some(source) })
        });
        let mut keys = Self(built_in.collect());
        for (index, definition) in definitions.iter().enumerate() {
            let loc = loc.index(index);
            if definitions[..index].iter().any(|earlier| earlier.name == definition.name) {
                return Err(loc
                    .field("name")
                    .error(format!("attribute key `{}` is defined twice", definition.name)));
            }
            let key = compile_key(definition, &loc)?;
            match keys.named(&definition.name) {
                Some(KeyIndex(built_in)) => keys.0[built_in as usize] = key,
                None => keys.0.push(key),
            }
        }
        Ok(keys)
    }

    /// The key that an attribute group embeds: an existing key by its name, or a new definition.
    pub(super) fn resolve_embedded(
        &mut self,
        definition: &AttributeKey,
        loc: &Loc<'_>,
    ) -> Result<KeyIndex, DefinitionError> {
        if let Some(known) = self.named(&definition.name) {
            return Ok(known);
        }
        let AttributeKey { property, key, external_column, .. } = definition;
        if property.is_none() && key.is_none() && external_column.is_none() {
            return Err(unknown_key(&definition.name, &loc.field("name")));
        }
        self.0.push(compile_key(definition, loc)?);
        Ok(KeyIndex(self.0.len() as u32 - 1))
    }

    pub(super) fn named(&self, name: &str) -> Option<KeyIndex> {
        self.0.iter().position(|key| key.name == name).map(|index| KeyIndex(index as u32))
    }

    pub(super) fn get(&self, index: KeyIndex) -> &Key {
        &self.0[index.get()]
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

pub(super) fn unknown_key(name: &str, loc: &Loc<'_>) -> DefinitionError {
    loc.error(format!("unknown attribute key `{}`", name.escape_debug()))
}

fn compile_key(definition: &AttributeKey, loc: &Loc<'_>) -> Result<Key, DefinitionError> {
    check_name(&definition.name).map_err(|reason| loc.field("name").error(reason))?;
    let source = match (&definition.property, &definition.key) {
        (Some(property), _) => Some(PropertyReader::compile_id(property, &loc.field("property"))?),
        (None, Some(field)) => Some(PropertyReader::atomic(field).ok_or_else(|| {
            loc.field("key").error(format!("`{}` is not an atomic field", field.escape_debug()))
        })?),
        (None, None) => source_of(&definition.name),
    };
    if source.is_none() && definition.external_column.is_none() {
        return Err(loc
            .field("property")
            .missing_with("set where an event contains the id of this key"));
    }
    let ttl_ms = compile_ttl(definition.ttl.as_deref(), loc)?.unwrap_or(DEFAULT_TTL_MS);
    Ok(Key { name: definition.name.clone(), ttl_ms, source })
}

/// The location of the id of a key that has only a name.
fn source_of(name: &str) -> Option<PropertyReader> {
    let of_client_session =
        |path| PropertyReader::entity("com.snowplowanalytics.snowplow", "client_session", path);
    match name {
        CLIENT_SESSION_USER_ID => of_client_session("userId"),
        CLIENT_SESSION_SESSION_ID => of_client_session("sessionId"),
        name => PropertyReader::atomic(name),
    }
}

/// The field `ttl` of the definition at `loc` in milliseconds, if it is set.
pub(super) fn compile_ttl(
    ttl: Option<&str>,
    loc: &Loc<'_>,
) -> Result<Option<i64>, DefinitionError> {
    ttl.map(|text| parse_duration_ms(text).map_err(|reason| loc.field("ttl").error(reason)))
        .transpose()
}

/// The ids of one event, by attribute key.
pub(super) struct Ids<'e>(Vec<Option<Cow<'e, str>>>);

impl<'e> Ids<'e> {
    pub(super) fn of(event: &'e Event, keys: &Keys) -> Self {
        let id_of = |key: &Key| id(key.source.as_ref()?.read_id(event)?);
        Self(keys.0.iter().map(id_of).collect())
    }

    /// The ids of the existing keys in `owners`. The last one of each key counts.
    pub(super) fn named(owners: &'e [TargetAttributeKey], keys: &Keys) -> Self {
        let mut ids = vec![None; keys.len()];
        for owner in owners {
            if let Some(key) = keys.named(&owner.name) {
                ids[key.get()] = Some(Cow::Borrowed(owner.id.as_str()));
            }
        }
        Self(ids)
    }

    /// Every key for which the event has an id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (KeyIndex, &str)> {
        (0..).map(KeyIndex).zip(&self.0).filter_map(|(key, id)| Some((key, id.as_deref()?)))
    }

    pub(super) fn get(&self, key: KeyIndex) -> Option<&str> {
        self.0[key.get()].as_deref()
    }
}
