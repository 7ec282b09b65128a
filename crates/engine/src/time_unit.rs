use serde_json::Value;

/// Unit in which `time_since_…` attributes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    Second,
    Minute,
    Hour,
    Day,
}

/// The names in definitions.
const NAMES: &[(&str, TimeUnit)] = &[
    ("s", TimeUnit::Second),
    ("min", TimeUnit::Minute),
    ("h", TimeUnit::Hour),
    ("d", TimeUnit::Day),
];

/// The names in definitions.
#[cfg(feature = "openapi")]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

impl TimeUnit {
    pub(crate) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit)
    }

    /// Converts milliseconds to this unit. An integer if possible.
    pub(crate) fn convert(self, millis: &Value) -> Value {
        let Some(millis) = millis.as_i64() else { return Value::Null };
        let unit = match self {
            TimeUnit::Second => 1000,
            TimeUnit::Minute => 60 * 1000,
            TimeUnit::Hour => 60 * 60 * 1000,
            TimeUnit::Day => 24 * 60 * 60 * 1000,
        };
        match millis % unit {
            0 => Value::from(millis / unit),
            _ => Value::from(millis as f64 / unit as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn milliseconds_are_converted_to_the_unit() {
        for (unit, millis, expected) in [
            ("s", json!(1_500), json!(1.5)),
            ("min", json!(120_000), json!(2)),
            ("h", json!(5_400_000), json!(1.5)),
            ("d", json!(86_400_000), json!(1)),
            ("d", json!(0), json!(0)),
            ("s", json!(null), json!(null)),
        ] {
            assert_eq!(
                TimeUnit::named(unit).unwrap().convert(&millis),
                expected,
                "{millis} {unit}"
            );
        }
    }

    #[test]
    fn other_units_are_unknown() {
        for name in ["", "S", "m", "sec", "days", "w"] {
            assert_eq!(TimeUnit::named(name), None, "{name}");
        }
    }
}
