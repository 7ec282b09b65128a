//! The ids of one tracker, one for each attribute key.
use signals_wire::identifier::{id, is_id};

/// Name of an attribute key, and an id.
pub(crate) type KeyAndId = (String, String);

/// Ids that tracked events contained, and fixed ids from the configuration. A fixed id overrides an id from an event.
#[derive(Debug, Default)]
pub(crate) struct AttributeKeyIds {
    found: Vec<KeyAndId>,
    fixed: Vec<KeyAndId>,
    /// Ids that the server refuses, at most one for each key.
    left_out: Vec<KeyAndId>,
}

impl AttributeKeyIds {
    /// Remembers an id from an event until another id replaces it. Ignores values that are not ids. Returns true if the id is new.
    pub(crate) fn find(&mut self, key: &str, id: &str) -> bool {
        if !is_id(id) {
            return false;
        }
        match self.found.iter_mut().find(|(known, _)| known == key) {
            Some((_, found)) if found == id => return false,
            Some((_, found)) => id.clone_into(found),
            None => self.found.push((key.to_owned(), id.to_owned())),
        }
        true
    }

    /// Forgets the ids from events, except for the attribute keys that are wanted.
    pub(crate) fn retain_found(&mut self, is_wanted: impl Fn(&str) -> bool) {
        self.found.retain(|(key, _)| is_wanted(key));
    }

    /// Replaces the fixed ids. Ignores values that are not ids, and removes control characters, as for ids in events.
    pub(crate) fn fix(&mut self, ids: &[KeyAndId]) {
        let cleaned = |(key, text): &KeyAndId| Some((key.clone(), id(text.into())?.into_owned()));
        self.fixed = ids.iter().filter_map(cleaned).collect();
    }

    /// Excludes the present ids of these keys until the keys get other ids. Returns whether anything changed. If no id would remain, this
    /// excludes none, so that the page learns of the refusal.
    pub(crate) fn leave_out(&mut self, keys: &[&str]) -> bool {
        let (refused, others): (Vec<_>, Vec<_>) =
            self.effective().into_iter().partition(|(key, _)| keys.contains(&&**key));
        if refused.is_empty() || others.is_empty() {
            return false;
        }
        self.left_out.retain(|(key, _)| !keys.contains(&&**key));
        self.left_out.extend(refused);
        true
    }

    /// One id for each attribute key, sorted by key, so that equal sets give equal lists.
    pub(crate) fn effective(&self) -> Vec<KeyAndId> {
        let is_fixed = |key: &str| self.fixed.iter().any(|(fixed, _)| fixed == key);
        let found = self.found.iter().filter(|(key, _)| !is_fixed(key));
        let mut ids: Vec<KeyAndId> = Vec::new();
        for known in found.chain(&self.fixed).filter(|known| !self.left_out.contains(known)) {
            let place = ids.partition_point(|other| other < known);
            ids.insert(place, known.clone());
        }
        ids
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use signals_wire::identifier::NIL_UUID;

    fn fixed(key: &str, id: &str) -> Vec<(String, String)> {
        vec![(key.to_owned(), id.to_owned())]
    }

    fn effective(ids: &AttributeKeyIds) -> Vec<String> {
        ids.effective().into_iter().map(|(key, id)| format!("{key}={id}")).collect()
    }

    #[test]
    fn an_id_stays_until_another_replaces_it() {
        let mut ids = AttributeKeyIds::default();
        ids.find("user_id", "ada");
        ids.find("user_id", "");
        ids.find("user_id", NIL_UUID);
        assert_eq!(effective(&ids), ["user_id=ada"]);
        ids.find("user_id", "grace");
        assert_eq!(effective(&ids), ["user_id=grace"]);
    }

    #[test]
    fn fixed_ids_win_over_found_ones_and_give_way_when_removed() {
        let mut ids = AttributeKeyIds::default();
        ids.fix(&fixed("user_id", "fixed"));
        ids.find("user_id", "found");
        assert_eq!(effective(&ids), ["user_id=fixed"]);
        ids.fix(&[]);
        assert_eq!(effective(&ids), ["user_id=found"]);
    }

    #[test]
    fn a_fixed_id_that_identifies_nobody_is_left_out() {
        let mut ids = AttributeKeyIds::default();
        ids.fix(&fixed("user_id", NIL_UUID));
        assert!(ids.effective().is_empty());
    }

    #[test]
    fn a_fixed_id_is_cleaned_like_one_in_an_event() {
        let mut ids = AttributeKeyIds::default();
        ids.fix(&fixed("user_id", "ada\n"));
        assert_eq!(effective(&ids), ["user_id=ada"]);
    }

    #[test]
    fn an_id_that_the_server_refuses_is_left_out_until_its_key_has_another() {
        let mut ids = AttributeKeyIds::default();
        ids.find("domain_userid", "d");
        ids.find("user_id", "ada");
        assert!(ids.leave_out(&["user_id", "unknown"]));
        assert_eq!(effective(&ids), ["domain_userid=d"]);
        assert!(!ids.leave_out(&["user_id"]), "said once");
        ids.find("user_id", "grace");
        assert_eq!(effective(&ids), ["domain_userid=d", "user_id=grace"]);
        assert!(ids.leave_out(&["user_id"]));
        assert_eq!(effective(&ids), ["domain_userid=d"]);
    }

    #[test]
    fn where_every_id_is_refused_none_is_left_out() {
        let mut ids = AttributeKeyIds::default();
        ids.find("user_id", "ada");
        assert!(!ids.leave_out(&["user_id"]));
        assert_eq!(effective(&ids), ["user_id=ada"]);
    }

    #[test]
    fn ids_of_keys_that_are_no_longer_wanted_are_forgotten() {
        let mut ids = AttributeKeyIds::default();
        ids.find("user_id", "ada");
        ids.find("domain_userid", "d");
        ids.retain_found(|key| key == "user_id");
        assert_eq!(effective(&ids), ["user_id=ada"]);
    }

    proptest! {
        #[test]
        fn whatever_is_found_and_fixed_each_key_has_one_id_in_order_and_the_fixed_one_wins(
            found in proptest::collection::vec(("[ab]?", ".{0,2}"), 0..12),
            fixed in proptest::collection::btree_map("[bc]?", ".{0,2}", 0..4),
        ) {
            let mut ids = AttributeKeyIds::default();
            for (key, id) in &found {
                ids.find(key, id);
            }
            ids.fix(&fixed.clone().into_iter().collect::<Vec<_>>());
            let effective = ids.effective();
            prop_assert!(effective.is_sorted_by(|one, next| one.0 < next.0), "{:?}", effective);
            prop_assert!(effective.iter().all(|(_, id)| is_id(id)));
            for (key, text) in &fixed {
                if let Some(id) = id(text.into()) {
                    prop_assert!(effective.contains(&(key.clone(), id.into_owned())));
                }
            }
        }
    }
}
