//! Arithmetic on numbers as people wrote them.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::datum::{Datum, parse_number};

/// A number to calculate with.
///
/// Calculations are decimal, so that 0.1 and 0.2 make 0.3: a number counts as the shortest decimal that denotes it, which is
/// how it was written. Decimals hold 28 digits; a result that outgrows them goes on in floating point, and stays at its
/// largest value rather than become infinite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Amount {
    Exact(Decimal),
    Approximate(f64),
}

impl Amount {
    pub(crate) const ZERO: Self = Amount::Exact(Decimal::ZERO);

    /// The number that `datum` is or, for a numeric string, spells.
    pub(crate) fn of(datum: &Datum<'_>) -> Option<Self> {
        match datum.as_number()? {
            Datum::Integer(integer) => Some(Amount::Exact(integer.into())),
            Datum::Float(float) => Some(
                Decimal::from_str(&float.to_string())
                    .map_or(Amount::Approximate(float), Amount::Exact),
            ),
            _ => None,
        }
    }

    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        self.combine(other, Decimal::checked_add, |left, right| left + right)
    }

    #[must_use]
    pub(crate) fn times(self, other: Self) -> Self {
        self.combine(other, Decimal::checked_mul, |left, right| left * right)
    }

    /// `None` when `count` is 0.
    pub(crate) fn divided_by(self, count: u64) -> Option<Self> {
        match self {
            Amount::Exact(decimal) => decimal.checked_div(count.into()).map(Amount::Exact),
            Amount::Approximate(_) if count == 0 => None,
            Amount::Approximate(float) => Some(Amount::Approximate(float / count as f64)),
        }
    }

    /// An integer where it is one, else the nearest floating point number.
    pub(crate) fn into_datum(self) -> Datum<'static> {
        match self {
            Amount::Exact(decimal) => {
                parse_number(&decimal.normalize().to_string()).unwrap_or(Datum::Null)
            }
            Amount::Approximate(float) => Datum::Float(float),
        }
    }

    fn combine(
        self,
        other: Self,
        exactly: fn(Decimal, Decimal) -> Option<Decimal>,
        approximately: fn(f64, f64) -> f64,
    ) -> Self {
        let exact = match (self, other) {
            (Amount::Exact(left), Amount::Exact(right)) => exactly(left, right),
            _ => None,
        };
        exact.map_or_else(
            || {
                let float = approximately(self.nearest_float(), other.nearest_float());
                Amount::Approximate(float.clamp(f64::MIN, f64::MAX))
            },
            Amount::Exact,
        )
    }

    /// By way of text, because that rounds correctly: dividing mantissa by scale may be off by one digit.
    fn nearest_float(self) -> f64 {
        match self {
            Amount::Exact(decimal) => decimal.to_string().parse().unwrap_or_default(),
            Amount::Approximate(float) => float,
        }
    }
}
