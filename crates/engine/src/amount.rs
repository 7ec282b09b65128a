//! Decimal arithmetic.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::datum::{Datum, parse_number};

/// A number for calculations.
///
/// Calculations are decimal, so that 0.1 + 0.2 is 0.3: a float counts as its shortest decimal, which is how it was written.
/// Decimals hold 28 digits. Larger results continue in floating point, and are limited to its largest value instead of becoming
/// infinite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Amount {
    Exact(Decimal),
    Approximate(f64),
}

impl Amount {
    pub(crate) const ZERO: Self = Amount::Exact(Decimal::ZERO);

    /// The number in `datum`, which is a number or a numeric string.
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

    /// `None` if `count` is 0.
    pub(crate) fn divided_by(self, count: u64) -> Option<Self> {
        match self {
            Amount::Exact(decimal) => decimal.checked_div(count.into()).map(Amount::Exact),
            Amount::Approximate(_) if count == 0 => None,
            Amount::Approximate(float) => Some(Amount::Approximate(float / count as f64)),
        }
    }

    /// An integer if it is one, or else the nearest floating point number.
    pub(crate) fn into_datum(self) -> Datum<'static> {
        match self {
            Amount::Exact(decimal) => small_datum(decimal).unwrap_or_else(|| {
                parse_number(&decimal.normalize().to_string()).unwrap_or(Datum::Null)
            }),
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

    /// Converts by way of text, which rounds correctly. Dividing the mantissa by the scale could be off by one digit.
    fn nearest_float(self) -> f64 {
        match self {
            Amount::Exact(decimal) => decimal.to_string().parse().unwrap_or_default(),
            Amount::Approximate(float) => float,
        }
    }
}

/// A faster [`Amount::into_datum`] for decimals with few digits, without the conversion to text.
///
/// `None` if the decimal has too many digits: a quotient is the nearest float only if dividend and divisor are exact, and
/// floats are exact up to 2^53.
fn small_datum(decimal: Decimal) -> Option<Datum<'static>> {
    const EXACT: i64 = 1 << f64::MANTISSA_DIGITS;
    let mantissa = i64::try_from(decimal.mantissa()).ok()?;
    let divisor = 10_i64.checked_pow(decimal.scale())?;
    if mantissa % divisor == 0 {
        return Some(Datum::Integer(mantissa / divisor));
    }
    let is_exact = mantissa.abs() <= EXACT && divisor <= EXACT;
    is_exact.then(|| Datum::Float(mantissa as f64 / divisor as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_few_digits_is_the_one_that_its_text_denotes() {
        for mantissa in (0..2_000_000_i64).step_by(37).chain([(1 << 53) - 1, (1 << 53) + 1]) {
            for scale in [0, 1, 2, 5, 15, 18, 19, 28] {
                let decimal = Decimal::from_i128_with_scale(-i128::from(mantissa), scale);
                let text = decimal.normalize().to_string();
                let expected = parse_number(&text).unwrap();
                assert_eq!(Amount::Exact(decimal).into_datum(), expected, "{text}");
            }
        }
    }
}
