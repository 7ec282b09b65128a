use std::borrow::Cow;
use std::fmt;
use std::mem;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use signals_wire::number::number_text;

use super::BadEvent;
use super::parameter::{Meaning, Parameter};

/// One event as the tracker sent it: the text of every known parameter of the tracker protocol.
///
/// Deserialises from a flat JSON object and borrows from it where possible. The protocol has only strings, but some senders write
/// bare numbers and booleans: these become the text that JavaScript would write. If a parameter repeats, the last one counts. Empty
/// ones and null count as missing.
#[derive(Debug, Clone)]
pub struct Payload<'a> {
    /// In the order of arrival, without empty ones. A slot for every parameter would take kilobytes per event, and an event has
    /// only a third of the parameters.
    texts: Vec<Cow<'a, str>>,
    /// For every parameter, the position of its text counted from 1, or 0 if it has none.
    positions: [u8; Parameter::COUNT],
    /// A parameter that has no text, which makes the event a bad one.
    without_text: Option<String>,
}

/// The capacity for the parameters of the JavaScript tracker.
const USUAL_PARAMETERS: usize = 32;

const _: () = assert!(Parameter::COUNT <= u8::MAX as usize, "positions are bytes");

impl<'a> Payload<'a> {
    fn new() -> Self {
        let texts = Vec::with_capacity(USUAL_PARAMETERS);
        Self { texts, positions: [0; Parameter::COUNT], without_text: None }
    }

    /// Removes a parameter, as if the tracker had not sent it.
    pub fn remove(&mut self, parameter: &str) {
        if let Some(parameter) = Parameter::named(parameter) {
            self.set(parameter, Cow::default());
        }
    }

    /// Every parameter of the event, with its name and meaning.
    ///
    /// # Errors
    /// A parameter has no text.
    pub(super) fn into_texts(
        self,
    ) -> Result<impl Iterator<Item = (&'static str, Meaning, Cow<'a, str>)>, BadEvent> {
        if let Some(parameter) = &self.without_text {
            return Err(BadEvent::new(parameter, "not a string"));
        }
        let Self { mut texts, positions, .. } = self;
        Ok(Parameter::all().zip(positions).filter_map(move |((name, meaning), position)| {
            let text = texts.get_mut(usize::from(position).checked_sub(1)?)?;
            (!text.is_empty()).then(|| (name, meaning, mem::take(text)))
        }))
    }

    fn set(&mut self, parameter: Parameter, text: Cow<'a, str>) {
        let position = &mut self.positions[parameter.index()];
        match usize::from(*position).checked_sub(1) {
            Some(taken) => self.texts[taken] = text,
            None => {
                self.texts.push(text);
                *position = self.texts.len() as u8;
            }
        }
    }
}

/// Collects the pairs of a query.
impl<'a> FromIterator<(Cow<'a, str>, Cow<'a, str>)> for Payload<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>>(pairs: I) -> Self {
        let mut payload = Self::new();
        for (name, text) in pairs {
            if let Some(parameter) = Parameter::named(&name) {
                payload.set(parameter, text);
            }
        }
        payload
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Payload<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Payload<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of tracker protocol parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Payload<'de>, A::Error> {
        let mut payload = Payload::new();
        while let Some(name) = fields.next_key_seed(Text)? {
            let name = name.unwrap_or_default();
            match (Parameter::named(&name), fields.next_value_seed(Text)?) {
                (_, None) => payload.without_text = Some(name.into_owned()),
                (Some(parameter), Some(text)) => payload.set(parameter, text),
                (None, Some(_)) => {}
            }
        }
        Ok(payload)
    }
}

/// Reads a JSON value as text. `None` for arrays and objects. Null is empty.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn spelled<'a>(number: f64) -> Option<Cow<'a, str>> {
    Some(number_text(number).into())
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned().into()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some("".into()))
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Self::Value, E> {
        Ok(Some(if boolean { "true" } else { "false" }.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(spelled(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(spelled(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(spelled(number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
