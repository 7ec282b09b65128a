//! What counts as the id of an attribute key.

/// The id that anonymous trackers send for everybody, and therefore nobody's.
pub const NIL_UUID: &str = "00000000-0000-0000-0000-000000000000";

/// Attribute keys that every Signals deployment has, in the order in which documentation lists them.
pub const BUILT_IN_ATTRIBUTE_KEYS: [&str; 4] =
    ["domain_userid", "domain_sessionid", "network_userid", "user_id"];

/// Attribute keys whose ids are UUIDs made by trackers or collectors.
pub const UUID_ATTRIBUTE_KEYS: [&str; 3] = ["domain_userid", "domain_sessionid", "network_userid"];

/// Whether `value` identifies somebody: neither empty nor the [`NIL_UUID`].
///
/// ```
/// use signals_wire::identifier::{NIL_UUID, is_id};
/// assert!(is_id("218e8926-3858-431d-b2ed-66da03a1cbe5"));
/// assert!(!is_id(""));
/// assert!(!is_id(NIL_UUID));
/// ```
pub fn is_id(value: &str) -> bool {
    !value.is_empty() && value != NIL_UUID
}

/// Whether `value` is a UUID in canonical form: 36 characters, hexadecimal digits and hyphens in their places.
///
/// ```
/// use signals_wire::identifier::is_canonical_uuid;
/// assert!(is_canonical_uuid("218e8926-3858-431d-b2ed-66da03a1cbe5"));
/// assert!(!is_canonical_uuid("218e89263858431db2ed66da03a1cbe5"));
/// ```
pub fn is_canonical_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
