//! Durations in definitions: ISO 8601, in milliseconds.

use jiff::{SignedDuration, Span};

/// The default time to live of attributes without an update: seven days.
pub(crate) const DEFAULT_TTL_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The default time to live of attributes from a warehouse: 365 days.
pub(crate) const DEFAULT_WAREHOUSE_TTL_MS: i64 = 365 * 24 * 60 * 60 * 1000;

/// Milliseconds of an ISO 8601 duration such as `PT10M` or `P7D`. A day is 24 hours and a year is 365 days: the Python SDK
/// writes 400 days as `P1Y35D`.
///
/// # Errors
/// When the duration has no fixed length, for example because of months, or is not longer than zero.
pub fn parse_duration_ms(text: &str) -> Result<i64, String> {
    // The library also accepts spans such as `10m ago`, which other readers of definitions reject.
    let span: Span = Some(text)
        .filter(|text| text.starts_with('P'))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| format!("`{}` is not an ISO 8601 duration", text.escape_debug()))?;
    if span.get_months() != 0 {
        return Err(format!("`{text}`: months have no fixed length. Use days"));
    }
    let years = i128::from(span.get_years()) * 365 * 24 * 60 * 60 * 1000;
    let rest = span
        .years(0)
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|error| error.to_string())
        .map(|duration: SignedDuration| duration.as_millis())?;
    match i64::try_from(years + rest) {
        Ok(millis) if millis > 0 => Ok(millis),
        _ => Err(format!("`{text}` must be longer than zero")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_8601_durations_are_read_in_milliseconds() {
        for (text, expected) in [
            ("PT10M", 600_000),
            ("P7D", DEFAULT_TTL_MS),
            ("P1W", DEFAULT_TTL_MS),
            ("P1DT1H", 90_000_000),
            ("PT0.5S", 500),
            ("PT1M30S", 90_000),
            ("P1Y", 365 * 86_400_000),
            ("P1Y35DT1H", 400 * 86_400_000 + 3_600_000),
        ] {
            assert_eq!(parse_duration_ms(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_has_no_positive_fixed_length_is_refused() {
        for text in
            ["", "10m", "10m ago", "P1M", "P1Y1M", "-P1Y", "PT0S", "-PT1M", "P", "seven days"]
        {
            assert!(parse_duration_ms(text).is_err(), "{text}");
        }
    }
}
