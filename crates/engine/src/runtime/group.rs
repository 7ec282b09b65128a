use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::attribute::{Attribute, AttributeIndex, GroupContext};
use super::condition::ResolveAttribute;
use super::key::{KeyIndex, Keys, compile_ttl};
use crate::definitions::{AttributeGroup, DefinitionError, GroupReference, Loc};
use crate::name::check_name;

/// Position of an attribute group in [`Groups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct GroupIndex(u32);

/// A compiled attribute group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) version: u64,
    pub(super) key: KeyIndex,
    pub(super) is_published: bool,
    attributes: Range<u32>,
}

impl Group {
    /// Its attributes, in definition order.
    pub(super) fn attributes(&self) -> impl Iterator<Item = AttributeIndex> + use<> {
        self.attributes.clone().map(AttributeIndex)
    }
}

/// All attribute groups, published or not, and their attributes.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
    attributes: Vec<Attribute>,
    versions: HashMap<String, Vec<GroupIndex>>,
}

impl Groups {
    pub(super) fn compile(
        definitions: &[AttributeGroup],
        keys: &mut Keys,
        loc: &Loc<'_>,
    ) -> Result<Self, DefinitionError> {
        let mut groups = Groups::default();
        for (index, definition) in definitions.iter().enumerate() {
            groups.add(definition, keys, &loc.index(index))?;
        }
        for versions in groups.versions.values_mut() {
            // Latest published version first: a name without a version means that one.
            versions.sort_by_key(|index| {
                let group = &groups.groups[index.0 as usize];
                std::cmp::Reverse((group.is_published, group.version))
            });
        }
        Ok(groups)
    }

    fn add(
        &mut self,
        definition: &AttributeGroup,
        keys: &mut Keys,
        loc: &Loc<'_>,
    ) -> Result<(), DefinitionError> {
        check_name(&definition.name).map_err(|reason| loc.field("name").error(reason))?;
        if self.version(&definition.name, definition.version).is_some() {
            let AttributeGroup { name, version, .. } = definition;
            return Err(loc
                .field("name")
                .error(format!("version {version} of `{name}` is defined twice")));
        }
        let key_index =
            keys.resolve_embedded(&definition.attribute_key, &loc.field("attribute_key"))?;
        let context = GroupContext {
            name: &definition.name,
            is_published: definition.is_published,
            ttl_ms: compile_ttl(definition.ttl.as_deref(), loc)?,
            key_index,
            key: keys.get(key_index),
        };
        let first = self.attributes.len() as u32;
        let mut names = HashSet::new();
        let mut claim = |name, loc: &Loc<'_>| match names.insert(name) {
            true => Ok(()),
            false => Err(loc.field("name").error(format!("attribute `{name}` is defined twice"))),
        };
        let attributes_loc = loc.field("attributes");
        for (index, attribute) in definition.attributes.iter().enumerate() {
            let loc = attributes_loc.index(index);
            self.attributes.push(Attribute::compile(attribute, &context, &loc)?);
            claim(&attribute.name, &loc)?;
        }
        let fields_loc = loc.field("fields");
        for (index, field) in definition.fields.iter().enumerate() {
            let loc = fields_loc.index(index);
            self.attributes.push(Attribute::of_field(field, &context, &loc)?);
            claim(&field.name, &loc)?;
        }
        let group_index = GroupIndex(self.groups.len() as u32);
        self.versions.entry(definition.name.clone()).or_default().push(group_index);
        self.groups.push(Group {
            name: definition.name.clone(),
            version: definition.version,
            key: key_index,
            is_published: definition.is_published,
            attributes: first..self.attributes.len() as u32,
        });
        Ok(())
    }

    pub(super) fn get(&self, index: GroupIndex) -> &Group {
        &self.groups[index.0 as usize]
    }

    pub(super) fn attribute(&self, index: AttributeIndex) -> &Attribute {
        &self.attributes[index.get()]
    }

    /// Every group with its attributes, in definition order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter()
    }

    /// Every attribute of every group.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (AttributeIndex, &Attribute)> {
        (0..).map(AttributeIndex).zip(&self.attributes)
    }

    pub(super) fn group_of(&self, attribute: AttributeIndex) -> GroupIndex {
        let after = self.groups.partition_point(|group| group.attributes.start <= attribute.0);
        GroupIndex(after.saturating_sub(1) as u32)
    }

    /// The group of a reference: its version or, without one, the latest published version.
    pub(super) fn find(&self, reference: &GroupReference) -> Option<GroupIndex> {
        match reference.version {
            Some(version) => self.version(&reference.name, version),
            None => self.versions.get(&reference.name)?.first().copied(),
        }
    }

    /// Like [`find`](Self::find), for a reference in definitions.
    pub(super) fn resolve_reference(
        &self,
        reference: &GroupReference,
        loc: &Loc<'_>,
    ) -> Result<GroupIndex, DefinitionError> {
        self.find(reference).ok_or_else(|| {
            let name = reference.name.escape_debug();
            match reference.version {
                Some(version) => {
                    loc.error(format!("unknown attribute group `{name}` version {version}"))
                }
                None => loc.field("name").error(format!("unknown attribute group `{name}`")),
            }
        })
    }

    /// The attribute that `group_v1:attribute` names.
    pub(super) fn find_qualified(&self, qualified_name: &str) -> Option<AttributeIndex> {
        let (group, attribute) = qualified_name.split_once(':')?;
        let (group, version) = group.rsplit_once("_v")?;
        // `parse` alone would accept a sign.
        let version = version.bytes().all(|byte| byte.is_ascii_digit()).then_some(version)?;
        let group = self.get(self.version(group, version.parse().ok()?)?);
        group.attributes().find(|index| self.attribute(*index).name == attribute)
    }

    fn version(&self, name: &str, version: u64) -> Option<GroupIndex> {
        let versions = self.versions.get(name)?;
        versions.iter().copied().find(|index| self.get(*index).version == version)
    }
}

impl ResolveAttribute for Groups {
    /// The latest published version that has the attribute. If only unpublished versions have it, the name is still valid: when
    /// a group is unpublished, rules that use it stay valid and read null.
    fn resolve(&self, full_name: &str) -> Result<AttributeIndex, String> {
        let shown = full_name.escape_debug();
        let (group, attribute) = full_name
            .split_once(':')
            .ok_or_else(|| format!("`{shown}` must have the form `group:attribute`"))?;
        let versions = self
            .versions
            .get(group)
            .ok_or_else(|| format!("`{shown}`: unknown attribute group"))?;
        versions
            .iter()
            .flat_map(|index| self.get(*index).attributes())
            .find(|index| self.attribute(*index).name == attribute)
            .ok_or_else(|| format!("`{shown}`: no version of the group has this attribute"))
    }
}
