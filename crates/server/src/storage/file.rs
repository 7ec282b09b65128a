use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use redb::{
    Builder, Database, Key, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition,
    TableError, Value as RedbValue, WriteTransaction,
};
use serde::Serialize;
use serde_json::{Map, Value};
use signals_engine::{ProfileChanges, SavedProfile, Timestamp};
use signals_wire::TargetAttributeKey;

use super::error::{DataFileError, Reason};
use super::{Changes, Saved};
use crate::forwarding::{ForwardingChanges, Message, SavedMessage};
use crate::hub::{Epoch, HubChanges, Position, SavedHub, SavedInstance};
use crate::pipeline::{
    Partition, PipelineChanges, ReadPosition, SavedSeenEvents, SeenEventsChanges,
};
use crate::registry::{Kind, SavedRegistry};

/// The version of the file's format.
const FORMAT: u128 = 1;

/// Single numbers by name.
const NUMBERS: TableDefinition<'_, &str, u128> = TableDefinition::new("numbers");
/// The definitions in order: their collection, and their fields as JSON.
const REGISTRY: TableDefinition<'_, u64, (&str, &str)> = TableDefinition::new("registry");
/// Profiles as CBOR, by attribute key and id.
const PROFILES: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("profiles");
/// Hashes of event ids by their numbers.
const SEEN: TableDefinition<'_, u64, u64> = TableDefinition::new("seen");
/// Instances that can be replayed, by position, attribute key and id: when they were published, and their frames.
const INSTANCES: TableDefinition<'_, (u64, &str, &str), (i64, &[u8])> =
    TableDefinition::new("instances");
/// Since when an instance waits for a stream, by position.
const WAITING: TableDefinition<'_, u64, i64> = TableDefinition::new("waiting");

/// Messages that wait for a receiver, by its name and their number: id, id of the target, when they were triggered, and body.
const FORWARDING: TableDefinition<'_, (&str, u64), MessageColumns<'_>> =
    TableDefinition::new("forwarding");
type MessageColumns<'a> = (&'a str, &'a str, i64, &'a [u8]);

/// The next line to read from a partition, by topic and number: the record's offset, and the line in the record.
const READ: TableDefinition<'_, (&str, u32), (u64, u64)> = TableDefinition::new("read");

/// Names in [`NUMBERS`].
mod number {
    pub(super) const FORMAT: &str = "format";
    pub(super) const EPOCH: &str = "epoch";
    pub(super) const LATEST: &str = "latest";
    pub(super) const SEEN_KEY: &str = "seen_key";
    pub(super) const SEEN_FIRST: &str = "seen_first";
    pub(super) const CLOCK_AHEAD_MS: &str = "clock_ahead_ms";
}

/// The size of the file's cache in bytes. Small, because everything is read only once, at the start.
const CACHE_BYTES: usize = 16 << 20;

/// An open data file. No other process can open it.
#[derive(Debug)]
pub(crate) struct DataFile {
    path: PathBuf,
    database: Database,
}

impl DataFile {
    /// Opens or creates the file at `path`, and checks its integrity. After a crash, it has the state of the last write.
    pub(crate) fn open(path: &Path) -> Result<Self, DataFileError> {
        let database = Builder::new()
            .set_cache_size(CACHE_BYTES)
            // Everything is read anyway. Without this, a damaged file could look like a good one.
            .set_check_integrity_on_open(true)
            .create(path)
            .map_err(|error| DataFileError { path: path.to_owned(), reason: error.into() })?;
        Ok(Self { path: path.to_owned(), database })
    }

    /// The path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The contents of the file, or `None` if it is new.
    pub(crate) fn load(&self) -> Result<Option<Saved>, DataFileError> {
        self.named(self.try_load())
    }

    /// Applies `changes`: all of them or, if that fails, none.
    pub(super) fn write(&self, changes: &Changes) -> Result<(), DataFileError> {
        self.named(self.try_write(changes))
    }

    fn named<T>(&self, result: Result<T, Reason>) -> Result<T, DataFileError> {
        result.map_err(|reason| DataFileError { path: self.path.clone(), reason })
    }

    fn try_load(&self) -> Result<Option<Saved>, Reason> {
        let read = self.database.begin_read()?;
        if read.list_tables()?.next().is_none() {
            return Ok(None);
        }
        let numbers = match read.open_table(NUMBERS) {
            Err(TableError::TableDoesNotExist(_) | TableError::TableTypeMismatch { .. }) => {
                return Err(Reason::Foreign);
            }
            result => result?,
        };
        let number = |name: &str| -> Result<u128, Reason> {
            let number = numbers.get(name)?.map(|number| number.value());
            number.ok_or_else(|| Reason::Damaged(format!("{name} is missing")))
        };
        match numbers.get(number::FORMAT)?.map(|number| number.value()) {
            Some(FORMAT) => {}
            Some(found) => return Err(Reason::OtherFormat { found, expected: FORMAT }),
            None => return Err(Reason::Foreign),
        }
        let hub = SavedHub {
            epoch: Epoch::new(narrow(number(number::EPOCH)?)?),
            latest: Position::new(narrow(number(number::LATEST)?)?),
            instances: load_instances(&read)?,
            waiting: collect(&read, WAITING, |position, since| {
                Ok((Position::new(position), Timestamp::from_millis(since)))
            })?,
        };
        let seen = SavedSeenEvents {
            key: number(number::SEEN_KEY)?,
            first: narrow(number(number::SEEN_FIRST)?)?,
            entries: collect(&read, SEEN, |number, hash| Ok((number, hash)))?,
        };
        let profiles = collect(&read, PROFILES, |(key, id), saved| {
            let profile: SavedProfile = ciborium::from_reader(saved)
                .map_err(|error| Reason::Damaged(format!("a profile: {error}")))?;
            Ok((TargetAttributeKey { name: key.to_owned(), id: id.to_owned() }, profile))
        })?;
        Ok(Some(Saved {
            registry: load_registry(&read)?,
            profiles: profiles.into_iter().collect(),
            seen,
            hub,
            forwarding: load_forwarding(&read)?,
            read: collect(&read, READ, |(topic, number), (offset, line)| {
                let partition = Partition { topic: topic.into(), number };
                Ok((partition, ReadPosition { offset, line }))
            })?,
            clock_ahead: Duration::from_millis(narrow(number(number::CLOCK_AHEAD_MS)?)?),
        }))
    }

    fn try_write(&self, changes: &Changes) -> Result<(), Reason> {
        let Changes { registry, pipeline, clock_ahead } = changes;
        let PipelineChanges { profiles, seen, hub, forwarding, read } = pipeline;
        let is_idle = registry.is_none()
            && !profiles.all_forgotten
            && profiles.profiles.is_empty()
            && !seen.all_forgotten
            && seen.added.entries.is_empty()
            && hub.unsaved.is_empty()
            && forwarding.unsaved.is_empty()
            && read.is_empty();
        if is_idle
            && self.has_number(number::CLOCK_AHEAD_MS, clock_ahead.as_millis())?
            && self.has_number(number::LATEST, hub.latest.get().into())?
        {
            return Ok(());
        }
        let write = self.database.begin_write()?;
        {
            let mut numbers = write.open_table(NUMBERS)?;
            numbers.insert(number::FORMAT, FORMAT)?;
            numbers.insert(number::EPOCH, u128::from(hub.epoch.get()))?;
            numbers.insert(number::LATEST, u128::from(hub.latest.get()))?;
            numbers.insert(number::SEEN_KEY, seen.added.key)?;
            numbers.insert(number::SEEN_FIRST, u128::from(seen.added.first))?;
            numbers.insert(number::CLOCK_AHEAD_MS, clock_ahead.as_millis())?;
        }
        if let Some(registry) = registry {
            write_registry(&write, registry)?;
        }
        write_profiles(&write, profiles)?;
        write_seen(&write, seen)?;
        write_hub(&write, hub)?;
        write_forwarding(&write, forwarding)?;
        write_read(&write, read)?;
        Ok(write.commit()?)
    }

    fn has_number(&self, name: &str, expected: u128) -> Result<bool, Reason> {
        match self.database.begin_read()?.open_table(NUMBERS) {
            Err(TableError::TableDoesNotExist(_)) => Ok(false),
            table => Ok(table?.get(name)?.is_some_and(|number| number.value() == expected)),
        }
    }
}

fn load_registry(read: &ReadTransaction) -> Result<SavedRegistry, Reason> {
    collect(read, REGISTRY, |_, (collection, fields)| {
        let kind = Kind::of_collection(collection)
            .ok_or_else(|| Reason::Damaged(format!("{collection} are missing")))?;
        let fields: Map<String, Value> = serde_json::from_str(fields)
            .map_err(|error| Reason::Damaged(format!("a definition: {error}")))?;
        Ok((kind, fields))
    })
}

fn write_registry(write: &WriteTransaction, registry: &SavedRegistry) -> Result<(), Reason> {
    write.delete_table(REGISTRY)?;
    let mut table = write.open_table(REGISTRY)?;
    for (order, (kind, fields)) in (0..).zip(registry) {
        let text = serde_json::to_string(fields)
            .map_err(|error| Reason::Storage(format!("cannot encode a definition: {error}")))?;
        table.insert(order, (kind.collection(), text.as_str()))?;
    }
    Ok(())
}

fn write_profiles(write: &WriteTransaction, changes: &ProfileChanges) -> Result<(), Reason> {
    if changes.all_forgotten {
        write.delete_table(PROFILES)?;
    }
    let mut table = write.open_table(PROFILES)?;
    let mut buffer = Vec::new();
    for (owner, profile) in &changes.profiles {
        let key = (owner.name.as_str(), owner.id.as_str());
        match profile {
            Some(profile) => {
                encode(profile, &mut buffer)?;
                table.insert(key, buffer.as_slice())?;
            }
            None => {
                table.remove(key)?;
            }
        }
    }
    Ok(())
}

fn write_seen(write: &WriteTransaction, changes: &SeenEventsChanges) -> Result<(), Reason> {
    if changes.all_forgotten {
        write.delete_table(SEEN)?;
    }
    let mut table = write.open_table(SEEN)?;
    for (number, hash) in &changes.added.entries {
        table.insert(number, hash)?;
    }
    remove_while(&mut table, |number, _| number < changes.added.first)
}

fn load_instances(read: &ReadTransaction) -> Result<Vec<SavedInstance>, Reason> {
    collect(read, INSTANCES, |(position, key, id), (at, frame)| {
        Ok(SavedInstance {
            position: Position::new(position),
            target: Arc::new(TargetAttributeKey { name: key.to_owned(), id: id.to_owned() }),
            at: Timestamp::from_millis(at),
            frame: frame.to_vec().into(),
        })
    })
}

fn write_hub(write: &WriteTransaction, changes: &HubChanges) -> Result<(), Reason> {
    let HubChanges { replayed_after, waiting_after, unsaved, .. } = changes;
    if unsaved.all_forgotten {
        write.delete_table(INSTANCES)?;
        write.delete_table(WAITING)?;
    }
    let mut instances = write.open_table(INSTANCES)?;
    for SavedInstance { position, target, at, frame } in &unsaved.published {
        let key = (position.get(), target.name.as_str(), target.id.as_str());
        instances.insert(key, (at.as_millis(), frame.as_ref()))?;
    }
    for (position, target) in &unsaved.dropped {
        instances.remove((position.get(), target.name.as_str(), target.id.as_str()))?;
    }
    // Positions grow with time.
    remove_while(&mut instances, |_, (at, _)| at <= replayed_after.as_millis())?;

    let mut waiting = write.open_table(WAITING)?;
    for (position, since) in &unsaved.waiting {
        match since {
            Some(since) => waiting.insert(position.get(), since.as_millis())?,
            None => waiting.remove(position.get())?,
        };
    }
    remove_while(&mut waiting, |_, since| since <= waiting_after.as_millis())
}

fn load_forwarding(read: &ReadTransaction) -> Result<Vec<SavedMessage>, Reason> {
    collect(read, FORWARDING, |(receiver, number), (id, target_id, triggered_at, body)| {
        let message = Message {
            id: id.to_owned(),
            target_id: target_id.to_owned(),
            triggered_at: Timestamp::from_millis(triggered_at),
            body: body.to_vec().into(),
        };
        Ok(SavedMessage { receiver: receiver.into(), number, message: Arc::new(message) })
    })
}

fn write_forwarding(write: &WriteTransaction, changes: &ForwardingChanges) -> Result<(), Reason> {
    if changes.unsaved.all_forgotten {
        write.delete_table(FORWARDING)?;
    }
    let mut table = write.open_table(FORWARDING)?;
    for (receiver, number, message) in changes.unsaved.messages() {
        match message {
            Some(Message { id, target_id, triggered_at, body }) => {
                let saved =
                    (id.as_str(), target_id.as_str(), triggered_at.as_millis(), body.as_ref());
                table.insert((receiver, number), saved)?;
            }
            None => {
                table.remove((receiver, number))?;
            }
        }
    }
    Ok(())
}

fn write_read(write: &WriteTransaction, read: &[(Partition, ReadPosition)]) -> Result<(), Reason> {
    let mut table = write.open_table(READ)?;
    for (Partition { topic, number }, ReadPosition { offset, line }) in read {
        table.insert((topic.as_ref(), *number), (*offset, *line))?;
    }
    Ok(())
}

/// Removes the first entries while they are `over`. The other entries cost nothing.
fn remove_while<K: Key + 'static, V: RedbValue + 'static>(
    table: &mut redb::Table<'_, K, V>,
    over: impl Fn(K::SelfType<'_>, V::SelfType<'_>) -> bool,
) -> Result<(), Reason> {
    loop {
        match table.first()? {
            Some((key, value)) if over(key.value(), value.value()) => {}
            _ => return Ok(()),
        }
        table.pop_first()?;
    }
}

/// Decodes each entry, in the order of the keys. A table that was never written counts as empty.
fn collect<K: Key + 'static, V: RedbValue + 'static, T>(
    read: &ReadTransaction,
    table: TableDefinition<'_, K, V>,
    decode: impl Fn(K::SelfType<'_>, V::SelfType<'_>) -> Result<T, Reason>,
) -> Result<Vec<T>, Reason> {
    let table = match read.open_table(table) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        result => result?,
    };
    let mut decoded = Vec::new();
    for entry in table.iter()? {
        let (key, value) = entry?;
        decoded.push(decode(key.value(), value.value())?);
    }
    Ok(decoded)
}

fn encode(value: &impl Serialize, buffer: &mut Vec<u8>) -> Result<(), Reason> {
    buffer.clear();
    ciborium::into_writer(value, buffer)
        .map_err(|error| Reason::Storage(format!("cannot encode a profile: {error}")))
}

fn narrow<T: TryFrom<u128>>(number: u128) -> Result<T, Reason> {
    T::try_from(number).map_err(|_| Reason::Damaged(format!("{number} is out of range")))
}
