use std::cmp::Ordering;

use super::{PropertyReader, required};
use crate::amount::Amount;
use crate::datum::{Datum, Relation};
use crate::definitions::{DefinitionError, Loc, Property};
use crate::event::Event;

/// A value calculated from other properties of the event.
#[derive(Debug, Clone)]
pub(crate) struct Calculated {
    operation: Operation,
    properties: Vec<PropertyReader>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operation {
    /// The values joined as text. Nulls are skipped. If all are null, the result is null.
    Concat {
        separator: String,
    },
    Sum,
    Product,
    Min,
    Max,
    /// The first value that is not null.
    Coalesce,
}

/// The names in definitions.
const NAMES: &[&str] = &["concat", "sum", "product", "min", "max", "coalesce"];

/// The names in definitions.
#[cfg(feature = "openapi")]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

/// How deep calculated properties may be nested.
const MAX_DEPTH: usize = 8;

/// How many properties one calculation may have. Registry clients have the same limit.
const MAX_PROPERTIES: usize = 50;

/// How many characters a separator may have. Registry clients have the same limit.
const MAX_SEPARATOR: usize = 16;

impl Calculated {
    /// Compiles the calculated property at `loc`, which is nested in `depth` others.
    pub(super) fn compile(
        property: &Property,
        loc: &Loc<'_>,
        depth: usize,
    ) -> Result<Self, DefinitionError> {
        if depth == MAX_DEPTH {
            let message = format!("calculated properties nested deeper than {MAX_DEPTH}");
            return Err(loc.field("type").error(message));
        }
        let operation = compile_operation(property, loc)?;
        let definitions = required(&property.properties, "properties", loc)?;
        let loc = loc.field("properties");
        let needed = if operation == Operation::Coalesce { 1 } else { 2 };
        if !(needed..=MAX_PROPERTIES).contains(&definitions.len()) {
            let message = format!("needs {needed} to {MAX_PROPERTIES}, not {}", definitions.len());
            return Err(loc.error(message));
        }
        let properties = definitions.iter().enumerate().map(|(index, definition)| {
            PropertyReader::compile_nested(definition, &loc.index(index), depth + 1)
        });
        Ok(Self { operation, properties: properties.collect::<Result<_, _>>()? })
    }

    pub(super) fn read<'e>(&self, event: &'e Event) -> Datum<'e> {
        let mut values = self.properties.iter().map(|property| property.read(event));
        let calculated = match &self.operation {
            Operation::Concat { separator } => concat(values, separator),
            Operation::Sum => fold(values, Amount::plus),
            Operation::Product => fold(values, Amount::times),
            Operation::Min => extreme(values, Ordering::Less),
            Operation::Max => extreme(values, Ordering::Greater),
            Operation::Coalesce => values.find(|value| !value.is_null()),
        };
        calculated.unwrap_or(Datum::Null)
    }
}

fn compile_operation(property: &Property, loc: &Loc<'_>) -> Result<Operation, DefinitionError> {
    let name = required(&property.operation, "operation", loc)?;
    let operation = match name.as_str() {
        "concat" => Operation::Concat { separator: property.separator.clone().unwrap_or_default() },
        "sum" => Operation::Sum,
        "product" => Operation::Product,
        "min" => Operation::Min,
        "max" => Operation::Max,
        "coalesce" => Operation::Coalesce,
        other => {
            let message = format!("`{}` is not one of {}", other.escape_debug(), NAMES.join(", "));
            return Err(loc.field("operation").error(message));
        }
    };
    match (&operation, &property.separator) {
        (Operation::Concat { separator }, _) if separator.chars().count() > MAX_SEPARATOR => {
            Err(loc.field("separator").error(format!("longer than {MAX_SEPARATOR} characters")))
        }
        (Operation::Concat { .. }, _) | (_, None) => Ok(operation),
        (_, Some(_)) => Err(loc.field("separator").error(format!("`{name}` does not support it"))),
    }
}

fn concat<'e>(values: impl Iterator<Item = Datum<'e>>, separator: &str) -> Option<Datum<'e>> {
    let mut joined: Option<String> = None;
    for value in values {
        let Some(text) = value.to_text() else { continue };
        match &mut joined {
            None => joined = Some(text.into_owned()),
            Some(joined) => {
                joined.push_str(separator);
                joined.push_str(&text);
            }
        }
    }
    joined.map(|text| Datum::Text(text.into()))
}

/// `None` if one of the values is not a number.
fn fold<'e>(
    mut values: impl Iterator<Item = Datum<'e>>,
    operation: fn(Amount, Amount) -> Amount,
) -> Option<Datum<'e>> {
    let first = Amount::of(&values.next()?)?;
    values
        .try_fold(first, |result, value| Some(operation(result, Amount::of(&value)?)))
        .map(Amount::into_datum)
}

/// The largest or smallest number, depending on `beyond`. `None` if one of the values is not a number.
fn extreme<'e>(mut values: impl Iterator<Item = Datum<'e>>, beyond: Ordering) -> Option<Datum<'e>> {
    let first = values.next()?.as_number()?;
    values.try_fold(first, |kept, value| {
        let candidate = value.as_number()?;
        match candidate.relate(&kept) {
            Relation::Ordered(ordering) if ordering == beyond => Some(candidate),
            _ => Some(kept),
        }
    })
}
