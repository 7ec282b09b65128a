//! Durations of definitions: ISO 8601, in milliseconds.

use jiff::{SignedDuration, Span};

/// How long attributes live without an update when nothing says otherwise: seven days.
pub(crate) const DEFAULT_TTL_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// How long what comes from a warehouse lives when nothing says otherwise: 365 days.
pub(crate) const DEFAULT_WAREHOUSE_TTL_MS: i64 = 365 * 24 * 60 * 60 * 1000;

/// Milliseconds of an ISO 8601 duration such as `PT10M` or `P7D`. A day is 24 hours and a year is 365 days: the Python SDK
/// writes 400 days as `P1Y35D`.
///
/// # Errors
/// What has no fixed length, months among it, or is not longer than zero.
pub fn parse_duration_ms(text: &str) -> Result<i64, String> {
    // The library also reads spans such as `10m ago`, which other readers of the same definitions would not.
    let span: Span = Some(text)
        .filter(|text| text.starts_with('P'))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| format!("`{}` is not an ISO 8601 duration", text.escape_debug()))?;
    if span.get_months() != 0 {
        return Err(format!("`{text}`: months differ in length, give days"));
    }
    let years = i128::from(span.get_years()) * 365 * 24 * 60 * 60 * 1000;
    let rest = span
        .years(0)
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|error| error.to_string())
        .map(|duration: SignedDuration| duration.as_millis())?;
    match i64::try_from(years + rest) {
        Ok(millis) if millis > 0 => Ok(millis),
        _ => Err(format!("`{text}` is not longer than zero")),
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
