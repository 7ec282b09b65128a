use std::borrow::Cow;

use super::computed::{COMPUTED, Computed, FROM_URLS, FromUrl};
use super::event::Event;
use super::json::{Json, follow, position};
use crate::identifier::id;
use crate::schema::Schema;
use crate::text::{clean, project};
use crate::tracker_protocol::{Field, FieldKind, SIZES, event_type, parse_size};

/// The accepted names for the entities of an event.
const ENTITY_NAMES: [&str; 5] = ["co", "cx", "context", "entity", "entities"];

/// The accepted names for the data of a self-describing event.
const EVENT_DATA_NAMES: [&str; 7] =
    ["ue", "ue_pr", "ue_px", "unstruct", "unstruct_event", "self_describing", "sde"];

/// The location of an id in an event: a JSON Pointer (RFC 6901) into the payload of the tracker protocol.
///
/// - `/duid`, `duid` and `domain_userid` mean the same field: use the name of any of its parameters, or its enriched name. Computed
///   fields work too: `/page_urlpath`, `/mkt_source`, `/event_name`, `/br_viewwidth` and so on.
/// - `/co/{vendor}/{name}/{path…}` leads into the data of the entities of a kind, in any version. If there are several such entities,
///   select one with `/0`, `/1` and so on. `cx`, `context`, `entity` and `entities` mean the same.
/// - `/ue_pr/{vendor}/{name}/{path…}` leads into the data of a self-describing event, in any version. `ue`, `ue_px`, `unstruct`,
///   `unstruct_event`, `self_describing` and `sde` mean the same.
///
/// A tilde that is not part of an escape stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(Place);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A field that can be in several parameters, the strongest first.
    Field {
        parameters: Vec<&'static str>,
        kind: FieldKind,
    },
    /// A parameter without another name.
    Parameter(String),
    FromUrl {
        parameter: &'static str,
        part: FromUrl,
    },
    Computed(Computed),
    Entities {
        kind: Kind,
        path: Vec<String>,
    },
    EventData {
        kind: Kind,
        path: Vec<String>,
    },
}

/// Data with schemas of one vendor and name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kind {
    vendor: String,
    name: String,
}

/// Why a text is not a [`Pointer`] to an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointerProblem {
    /// It is empty.
    Empty,
    /// It ends before it reaches a property.
    TooShort,
    /// It leads into a field, which is plain text.
    TooLong,
}

impl PointerProblem {
    /// The error, to be shown after the pointer.
    pub fn reason(self) -> &'static str {
        match self {
            PointerProblem::Empty => "is empty: name a field",
            PointerProblem::TooShort => "must continue to a property: /vendor/name/property",
            PointerProblem::TooLong => "must end after the field's name",
        }
    }
}

impl Pointer {
    /// Parses a pointer, for use with any number of events.
    ///
    /// # Errors
    /// The pointer cannot lead to an id.
    ///
    /// ```
    /// use signals_wire::ids::{Pointer, PointerProblem};
    /// assert!(Pointer::parse("/co/com.acme/user/id").is_ok());
    /// assert_eq!(Pointer::parse("/co/com.acme"), Err(PointerProblem::TooShort));
    /// ```
    pub fn parse(text: &str) -> Result<Self, PointerProblem> {
        if text.is_empty() {
            return Err(PointerProblem::Empty);
        }
        let mut segments = text.strip_prefix('/').unwrap_or(text).split('/').map(unescaped);
        let name = segments.next().unwrap_or_default();
        let is_entity = ENTITY_NAMES.contains(&name.as_str());
        if is_entity || EVENT_DATA_NAMES.contains(&name.as_str()) {
            let (Some(vendor), Some(kind)) = (segments.next(), segments.next()) else {
                return Err(PointerProblem::TooShort);
            };
            let kind = Kind { vendor, name: kind };
            let path: Vec<String> = segments.collect();
            return match path.is_empty() {
                true => Err(PointerProblem::TooShort),
                false if is_entity => Ok(Self(Place::Entities { kind, path })),
                false => Ok(Self(Place::EventData { kind, path })),
            };
        }
        match segments.next() {
            Some(_) => Err(PointerProblem::TooLong),
            None => Ok(Self(Place::named(name))),
        }
    }

    /// The id in `event`, if there is [one](id).
    pub fn find<'e, E: Event<'e>>(&self, event: &E) -> Option<Cow<'e, str>> {
        let found = match &self.0 {
            Place::Field { parameters, kind } => parameters
                .iter()
                .find_map(|parameter| {
                    let text = kind.normal(event.field(parameter)?);
                    (!text.is_empty() && !kind.is_null(&text)).then_some(text)
                })
                .filter(|text| kind.can_be_id(text)),
            Place::Parameter(name) => event.field(name),
            Place::FromUrl { parameter, part } => {
                project(clean(event.field(parameter)?), |url| part.read(url))
            }
            Place::Computed(computed) => compute(*computed, event),
            Place::Entities { kind, path } => find_in_entities(event, kind, path),
            Place::EventData { kind, path } => {
                let (schema, data) = self_describing_event(event, kind.trace())?;
                if kind.is_of(Schema::parse(&schema)?) { follow(data, path) } else { None }
            }
        };
        id(found?)
    }
}

/// In a JSON Pointer, `~1` is a slash and `~0` a tilde.
fn unescaped(segment: &str) -> String {
    let mut pieces = segment.split('~');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.strip_prefix('1') {
            Some(rest) => {
                text.push('/');
                text.push_str(rest);
            }
            None => {
                text.push('~');
                text.push_str(piece.strip_prefix('0').unwrap_or(piece));
            }
        }
    }
    text
}

impl Place {
    fn named(name: String) -> Self {
        if let Some((_, computed)) = COMPUTED.iter().find(|(known, _)| *known == name) {
            return Place::Computed(*computed);
        }
        for (parameter, width, height) in SIZES {
            if *width == name {
                return Place::Computed(Computed::Width(parameter));
            }
            if *height == name {
                return Place::Computed(Computed::Height(parameter));
            }
        }
        if let Some((_, parameter, part)) = FROM_URLS.iter().find(|(known, ..)| *known == name) {
            return Place::FromUrl { parameter, part: *part };
        }
        match Field::named(&name) {
            Some(field) => Place::Field { parameters: field.parameters(), kind: field.kind },
            None => Place::Parameter(name),
        }
    }
}

impl Kind {
    /// A text that a document must contain to have something of this kind. Only a plain name is certain to be written in one way.
    fn trace(&self) -> &str {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if self.name.bytes().all(is_plain) { &self.name } else { "" }
    }

    fn is_of(&self, schema: Schema<'_>) -> bool {
        schema.name == self.name && schema.vendor == self.vendor
    }
}

fn compute<'e>(computed: Computed, event: &impl Event<'e>) -> Option<Cow<'e, str>> {
    let size = |parameter| Some(clean(event.field(parameter)?));
    match computed {
        Computed::EventType => {
            let wire = clean(event.field("e")?);
            event_type(&wire).map(|(event, _)| event.into())
        }
        Computed::Width(parameter) => {
            project(size(parameter)?, |text| parse_size(text).map(|(width, _)| width.into()))
        }
        Computed::Height(parameter) => {
            project(size(parameter)?, |text| parse_size(text).map(|(_, height)| height.into()))
        }
        Computed::Vendor => schema_part(event, |schema| schema.vendor),
        Computed::Name => schema_part(event, |schema| schema.name),
        Computed::Format => schema_part(event, |schema| schema.format),
        Computed::Version => schema_part(event, |schema| schema.version),
    }
}

fn schema_part<'e>(
    event: &impl Event<'e>,
    part: for<'a> fn(Schema<'a>) -> &'a str,
) -> Option<Cow<'e, str>> {
    let wire = clean(event.field("e")?);
    let schema = match event_type(&wire)? {
        (_, Some(well_known)) => Cow::Borrowed(well_known),
        (_, None) => self_describing_event(event, "")?.0,
    };
    project(schema, |schema| Schema::parse(schema).map(|schema| part(schema).into()))
}

/// Schema and data of a self-describing event. If there are two, the plain one counts.
fn self_describing_event<'e, E: Event<'e>>(
    event: &E,
    trace: &str,
) -> Option<(Cow<'e, str>, E::Json)> {
    // In other events, these parameters mean nothing.
    if event_type(&clean(event.field("e")?))? != ("unstruct", None) {
        return None;
    }
    let parameter = if event.has("ue_pr") { "ue_pr" } else { "ue_px" };
    let event = content(event.document(parameter, trace)?, "unstruct_event")?;
    Some((event.property("schema")?.text()?, event.property("data")?))
}

/// The data of self-describing JSON whose schema has this name.
fn content<'e, J: Json<'e>>(json: J, name: &str) -> Option<J> {
    let schema = json.property("schema")?.text()?;
    let is_expected = Schema::parse(&schema)?.name == name;
    is_expected.then(|| json.property("data"))?
}

/// The entities of a kind form a list. If there are several, the path's first step selects one.
fn find_in_entities<'e, E: Event<'e>>(
    event: &E,
    kind: &Kind,
    path: &[String],
) -> Option<Cow<'e, str>> {
    let documents = ["co", "cx"].map(|parameter| event.document(parameter, kind.trace()));
    let mut entities: Vec<E::Json> = Vec::new();
    for list in documents.into_iter().flatten().filter_map(|json| content(json, "contexts")) {
        for index in 0..list.length().unwrap_or_default() {
            // An entity that is not self-describing makes the whole event bad, so it counts for nobody.
            let entity = list.element(index)?;
            let (schema, data) = (entity.property("schema")?.text()?, entity.property("data")?);
            let schema = Schema::parse(&schema)?;
            if kind.is_of(schema) {
                entities.push(data);
            }
        }
    }
    let (first, rest) = path.split_first()?;
    match position(first).filter(|index| *index < entities.len()) {
        Some(index) => follow(entities.swap_remove(index), rest),
        None if entities.len() == 1 => follow(entities.pop()?, path),
        None => None,
    }
}
