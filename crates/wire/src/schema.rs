//! Iglu schema URIs.

/// A parsed Iglu schema URI: `iglu:{vendor}/{name}/{format}/{version}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema<'a> {
    /// The vendor, for example `com.snowplowanalytics.snowplow.ecommerce`.
    pub vendor: &'a str,
    /// The name, for example `product`.
    pub name: &'a str,
    /// The format, usually `jsonschema`.
    pub format: &'a str,
    /// `{model}-{revision}-{addition}`, for example `1-0-2`.
    pub version: &'a str,
    /// The first number of the version. Data of the same major version is compatible.
    pub major_version: u64,
}

/// The prefix of every schema URI.
pub const SCHEME: &str = "iglu:";

impl<'a> Schema<'a> {
    /// Parses a schema URI. `None` if it is invalid.
    ///
    /// ```
    /// use signals_wire::schema::Schema;
    /// let schema = Schema::parse("iglu:com.acme/product/jsonschema/2-0-1").unwrap();
    /// assert_eq!((schema.vendor, schema.name, schema.major_version), ("com.acme", "product", 2));
    /// assert_eq!(Schema::parse("iglu:com.acme/product/jsonschema/2"), None);
    /// ```
    pub fn parse(uri: &'a str) -> Option<Self> {
        let mut parts = uri.strip_prefix(SCHEME)?.split('/');
        let (vendor, name, format, version) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || [vendor, name, format].contains(&"") {
            return None;
        }
        Some(Self { vendor, name, format, version, major_version: major_version(version)? })
    }
}

/// The first number of a version `{model}-{revision}-{addition}`. `None` if it is invalid.
pub fn major_version(version: &str) -> Option<u64> {
    let mut numbers = version.split('-');
    let major_version = version_number(numbers.next()?)?;
    for _ in 0..2 {
        version_number(numbers.next()?)?;
    }
    numbers.next().is_none().then_some(major_version)
}

fn version_number(text: &str) -> Option<u64> {
    // `parse` alone would accept a sign.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
