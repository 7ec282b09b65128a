//! Tests of the ids that the plugin takes from tracked events. `src/attribute_keys/tracked_event_tests.rs` tests the pointers.

use crate::support::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn the_first_pointer_that_yields_an_id_wins_and_what_stands_for_nobody_is_none() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::new();
    page.subscribe_with(&channel, "{ attributeKeyTargets: { account: ['a', 'b', 'c', 'd'] } }");
    page.track("{ tna: 'sp1', a: '', b: '00000000-0000-0000-0000-000000000000', c: '0', d: 'd' }");
    page.track("{ tna: 'sp1', a: '', b: null }");
    let log = channel.until_requests(1).await;
    assert_eq!(query(&log.get(0)), format!("?account=0&domain_userid={USER}"));
}

#[wasm_bindgen_test]
async fn a_pointer_that_cannot_be_used_is_reported_and_costs_only_itself() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::new();
    page.subscribe_with(
        &channel,
        "{ attributeKeyTargets: { user_id: ['/co', 'uid'], account: 7, broken: '' } }",
    );
    page.track("{ tna: 'sp1', uid: 'ada' }");
    let log = channel.until_requests(1).await;
    assert_eq!(query(&log.get(0)), format!("?domain_userid={USER}&user_id=ada"));
    for expected in [
        "`attributeKeyTargets.user_id[0]` `/co` must continue to a property",
        "`attributeKeyTargets.account` must be a JSON Pointer",
        "`attributeKeyTargets.broken` `` is empty",
    ] {
        assert_eq!(page.log_lines().matches(expected).count(), 1, "{expected}");
    }
}
