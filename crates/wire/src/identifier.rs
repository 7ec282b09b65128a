//! The ids of attribute keys.

use std::borrow::Cow;

use crate::text::clean;

/// The id that anonymous trackers send for everyone. It identifies nobody.
pub const NIL_UUID: &str = "00000000-0000-0000-0000-000000000000";

/// The attribute keys of every Signals deployment, in the order of Snowplow's documentation.
pub const BUILT_IN_ATTRIBUTE_KEYS: [&str; 6] = [
    "domain_userid",
    "domain_sessionid",
    "network_userid",
    "user_id",
    CLIENT_SESSION_USER_ID,
    CLIENT_SESSION_SESSION_ID,
];

/// The attribute key of mobile users: `userId` of the entity `com.snowplowanalytics.snowplow/client_session`.
pub const CLIENT_SESSION_USER_ID: &str = "client_session_user_id";

/// The attribute key of mobile sessions: `sessionId` of the entity `com.snowplowanalytics.snowplow/client_session`.
pub const CLIENT_SESSION_SESSION_ID: &str = "client_session_session_id";

/// Attribute keys whose ids are UUIDs from trackers or collectors.
pub const UUID_ATTRIBUTE_KEYS: [&str; 3] = ["domain_userid", "domain_sessionid", "network_userid"];

/// Whether `value` identifies someone: it is neither empty nor the [`NIL_UUID`].
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

/// The id in a text from an event, without control characters. `None` if it [identifies](is_id) nobody.
///
/// ```
/// use signals_wire::identifier::id;
/// assert_eq!(id("ada\n".into()).as_deref(), Some("ada"));
/// assert_eq!(id("\n".into()), None);
/// ```
pub fn id(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    Some(clean(text)).filter(|id| is_id(id))
}

/// Whether `value` is hard to guess: a canonical UUID or, for `client_session_user_id`, the 16 hexadecimal digits that Android
/// uses.
///
/// ```
/// use signals_wire::identifier::{CLIENT_SESSION_USER_ID, is_unguessable};
/// assert!(is_unguessable(CLIENT_SESSION_USER_ID, "a1b2c3d4e5f60718"));
/// assert!(!is_unguessable("user_id", "a1b2c3d4e5f60718"));
/// ```
pub fn is_unguessable(attribute_key: &str, value: &str) -> bool {
    let is_device_id = || value.len() == 16 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_canonical_uuid(value) || attribute_key == CLIENT_SESSION_USER_ID && is_device_id()
}

/// Whether `value` is a canonical UUID: 36 characters, with hexadecimal digits and hyphens in the right places.
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
