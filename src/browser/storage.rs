//! What survives a reload of the page in the same tab.

use web_sys::Storage;

/// Reads a text of this tracker from `sessionStorage`; nothing where that is not allowed.
pub fn load(tracker_id: &str, name: &str) -> Option<String> {
    session_storage()?.get_item(&key(tracker_id, name)).ok()?
}

/// Writes a text of this tracker to `sessionStorage`. Where that is full or not allowed, a reload resumes without it.
pub fn save(tracker_id: &str, name: &str, text: &str) {
    if let Some(storage) = session_storage() {
        let _ = storage.set_item(&key(tracker_id, name), text);
    }
}

fn key(tracker_id: &str, name: &str) -> String {
    format!("signalsInterventions.{tracker_id}.{name}")
}

fn session_storage() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}
