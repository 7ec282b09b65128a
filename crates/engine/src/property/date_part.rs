use jiff::civil::{Date, DateTime};

use crate::Timestamp;
use crate::datum::Datum;

/// A part of a moment, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatePart {
    /// 0 to 23.
    HourOfDay,
    /// 1 (Monday) to 7, as in ISO 8601.
    DayOfWeek,
    /// 1 to 12.
    MonthOfYear,
    /// The date.
    ActiveDay,
    /// The date of the week's Monday.
    ActiveWeek,
    /// The date of the first of the month.
    ActiveMonth,
}

/// The names in definitions.
const NAMES: &[(&str, DatePart)] = &[
    ("hour_of_day", DatePart::HourOfDay),
    ("day_of_week", DatePart::DayOfWeek),
    ("month_of_year", DatePart::MonthOfYear),
    ("active_day", DatePart::ActiveDay),
    ("active_week", DatePart::ActiveWeek),
    ("active_month", DatePart::ActiveMonth),
];

/// The names in definitions.
#[cfg(feature = "openapi")]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

impl DatePart {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, part)| *part).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(known, _)| *known).collect();
            format!("`{}` is not one of {}", name.escape_debug(), names.join(", "))
        })
    }

    /// Whether the part is a number and not a date.
    pub(crate) fn is_numeric(self) -> bool {
        matches!(self, DatePart::HourOfDay | DatePart::DayOfWeek | DatePart::MonthOfYear)
    }

    /// This part of a moment. Null for other values.
    pub(crate) fn of(self, datum: &Datum<'_>) -> Datum<'static> {
        datum.as_moment().and_then(|moment| self.of_moment(moment)).unwrap_or(Datum::Null)
    }

    fn of_moment(self, moment: Timestamp) -> Option<Datum<'static>> {
        let moment: DateTime = moment.to_civil()?;
        let date = moment.date();
        let boundary = |date: Date| Datum::Text(date.to_string().into());
        Some(match self {
            DatePart::HourOfDay => Datum::Integer(moment.hour().into()),
            DatePart::DayOfWeek => Datum::Integer(date.weekday().to_monday_one_offset().into()),
            DatePart::MonthOfYear => Datum::Integer(date.month().into()),
            DatePart::ActiveDay => boundary(date),
            DatePart::ActiveWeek => {
                let since_monday = date.weekday().to_monday_zero_offset();
                boundary(date.checked_sub(jiff::Span::new().days(since_monday)).ok()?)
            }
            DatePart::ActiveMonth => boundary(date.first_of_month()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn part(name: &str, value: &Value) -> Value {
        DatePart::named(name).unwrap().of(&Datum::from(value)).into_value()
    }

    #[test]
    fn every_part_is_taken_in_utc() {
        for (name, moment, expected) in [
            ("hour_of_day", "2026-11-22T23:59:59.999Z", json!(23)),
            ("hour_of_day", "2026-11-22T00:30:00+01:00", json!(23)),
            ("day_of_week", "2026-11-22T12:00:00Z", json!(7)),
            ("day_of_week", "2026-11-23T00:00:00Z", json!(1)),
            ("month_of_year", "2026-12-31T23:00:00-02:00", json!(1)),
            ("active_day", "2026-11-22T00:30:00+01:00", json!("2026-11-21")),
            ("active_week", "2026-11-22T23:59:59Z", json!("2026-11-16")),
            ("active_week", "2026-11-23T00:00:00Z", json!("2026-11-23")),
            ("active_week", "2027-01-01T00:00:00Z", json!("2026-12-28")),
            ("active_month", "2024-02-29T12:00:00Z", json!("2024-02-01")),
        ] {
            assert_eq!(part(name, &json!(moment)), expected, "{name} of {moment}");
        }
    }

    #[test]
    fn moments_are_understood_in_every_form_that_events_hold_them_in() {
        for moment in [
            json!(1_795_333_691_482_i64),
            json!("1795333691482"),
            json!(1_795_333_691_482.7),
            json!("2026-11-22T07:48:11.482Z"),
            json!("2026-11-22T07:48:11.482+00:00"),
            json!("2026-11-22 07:48:11.482"),
            json!("2026-11-22T07:48:11"),
        ] {
            assert_eq!(part("hour_of_day", &moment), json!(7), "{moment}");
            assert_eq!(part("active_day", &moment), json!("2026-11-22"), "{moment}");
        }
        assert_eq!(part("active_week", &json!("2026-11-22")), json!("2026-11-16"));
        assert_eq!(part("active_day", &json!(-1)), json!("1969-12-31"));
    }

    #[test]
    fn what_is_no_moment_has_no_parts() {
        for value in [
            json!(null),
            json!(""),
            json!("soon"),
            json!("2026-13-01"),
            json!("07:48"),
            json!(true),
            json!([1]),
            json!(1e300),
            json!(i64::MIN),
        ] {
            assert_eq!(part("active_day", &value), json!(null), "{value}");
        }
        // The first days of the calendar, whose week has no Monday in it.
        assert_eq!(part("active_week", &json!("-009999-01-02T00:00:00Z")), json!(null));
    }
}
