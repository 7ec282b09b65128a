use std::collections::HashSet;

use serde_json::{Map, Value};
use signals_engine::{AttributeReading, GroupReading};

use super::request::QualifiedName;
use crate::http::error::{Problem, Step};

/// The values that were read for the ids of one attribute key.
#[derive(Debug)]
pub(super) struct KeyReadings {
    pub(super) key: String,
    pub(super) ids: Vec<String>,
    /// For each id, every published group of the key.
    pub(super) rows: Vec<Vec<GroupReading>>,
}

/// The response: one column for each attribute key and each attribute, with one value per id.
#[derive(Debug)]
pub(super) struct Columns {
    readings: Vec<KeyReadings>,
    full_names: bool,
    columns: Map<String, Value>,
    added: HashSet<QualifiedName>,
}

impl Columns {
    pub(super) fn new(readings: Vec<KeyReadings>, full_names: bool) -> Self {
        let ids = |of: &KeyReadings| (of.key.clone(), Value::from(of.ids.clone()));
        let columns = readings.iter().map(ids).collect();
        Self { readings, full_names, columns, added: HashSet::new() }
    }

    /// Whether the request has ids of this attribute key.
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.readings.iter().any(|readings| readings.key == key)
    }

    /// Adds every attribute of a group. Returns whether the group belongs to one of the keys.
    ///
    /// # Errors
    /// When two attributes would have the same name.
    pub(super) fn add_group(&mut self, group: &str, version: u64) -> Result<bool, Problem> {
        let Some(names) = self.attribute_names(group, version) else { return Ok(false) };
        for attribute in names {
            self.add_attribute(&QualifiedName { group: group.to_owned(), version, attribute })?;
        }
        Ok(true)
    }

    /// Adds one attribute, unless it is there already. Returns whether one of the keys has this attribute.
    ///
    /// # Errors
    /// When another attribute has the same name.
    pub(super) fn add_attribute(&mut self, name: &QualifiedName) -> Result<bool, Problem> {
        if self.added.contains(name) {
            return Ok(true);
        }
        let Some(values) = self.values(name) else { return Ok(false) };
        let shown = match self.full_names {
            true => name.to_string(),
            false => name.attribute.clone(),
        };
        if self.columns.contains_key(&shown) {
            let msg = format!("there are several `{shown}`. Set `full_attribute_names`");
            return Err(Problem::in_body([Step::from("full_attribute_names")], "value_error", msg));
        }
        self.columns.insert(shown, values);
        self.added.insert(name.clone());
        Ok(true)
    }

    pub(super) fn into_map(self) -> Map<String, Value> {
        self.columns
    }

    fn attribute_names(&self, group: &str, version: u64) -> Option<Vec<String>> {
        let first_rows = self.readings.iter().filter_map(|readings| readings.rows.first());
        let reading = first_rows.filter_map(|row| find_group(row, group, version)).next()?;
        Some(reading.attributes.iter().map(|attribute| attribute.name.clone()).collect())
    }

    fn values(&self, name: &QualifiedName) -> Option<Value> {
        self.readings.iter().find_map(|readings| {
            let rows = readings.rows.iter();
            rows.map(|row| Some(find_attribute(row, name)?.value.clone())).collect()
        })
    }
}

fn find_group<'r>(row: &'r [GroupReading], name: &str, version: u64) -> Option<&'r GroupReading> {
    row.iter().find(|group| group.name == name && group.version == version)
}

fn find_attribute<'r>(
    row: &'r [GroupReading],
    name: &QualifiedName,
) -> Option<&'r AttributeReading> {
    let group = find_group(row, &name.group, name.version)?;
    group.attributes.iter().find(|attribute| attribute.name == name.attribute)
}
