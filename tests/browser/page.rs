//! Tests of the page's calls, and of their order.

use crate::support::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn what_was_asked_for_before_any_tracker_applies_to_the_one_that_comes() {
    let channel = Channel::open(&sending(&[instance(1, "a")])).await;
    let page = TestPage::without_tracker("sp1", USER);
    page.add_handlers(NOTE_IDS);
    page.subscribe(&channel);
    page.activate("{}");
    page.until_calls(1).await;
    assert_eq!(page.calls(), r#"["a"]"#);
}

#[wasm_bindgen_test]
async fn a_tracker_that_was_named_early_gets_what_was_meant_for_it() {
    let channel = Channel::open(&sending(&[instance(1, "a")])).await;
    let page = TestPage::without_tracker("sp1", USER);
    page.plugin.add_handlers(&js("{ other: () => void calls.push('other') }"), &js("['sp2']"));
    page.plugin.add_handlers(&js("{ mine: () => void calls.push('mine') }"), &js("['sp1']"));
    page.activate("{}");
    page.subscribe(&channel);
    page.until_calls(1).await;
    assert_eq!(page.calls(), r#"["mine"]"#);
}

#[wasm_bindgen_test]
fn bad_configuration_is_reported_by_field() {
    let page = TestPage::new();
    for (config, expected) in [
        ("undefined", "`config` must be an object"),
        ("{}", "`endpoint` must be a host name or a URL"),
        ("{ endpoint: 'a b' }", "`endpoint` must be a host name or a URL"),
        ("{ endpoint: 'a', apiPath: 5 }", "`apiPath` must be a string"),
        (
            "{ endpoint: 'a', connectionTimeoutMs: -1 }",
            "`connectionTimeoutMs` must be a positive number",
        ),
        ("{ endpoint: 'a', shareConnection: 'no' }", "`shareConnection` must be a boolean"),
        ("{ endpoint: 'a', attributeKeyIds: [] }", "`attributeKeyIds` must be an object"),
        (
            "{ endpoint: 'a', attributeKeyIds: { user_id: {} } }",
            "`attributeKeyIds.user_id` must be a string",
        ),
        (
            "{ endpoint: 'a', attributeKeyTargets: { user_id: ['uid', 7] } }",
            "`attributeKeyTargets.user_id[1]` must be a JSON Pointer",
        ),
        (
            "{ endpoint: 'a', attributeKeyTargets: { user_id: '' } }",
            "`attributeKeyTargets.user_id` `` is empty",
        ),
    ] {
        page.plugin.subscribe(&js(config), &js("null"));
        assert!(page.log_lines().contains(expected), "{config}: {}", page.log_lines());
    }
}

#[wasm_bindgen_test]
async fn ids_that_identify_nobody_open_no_stream_until_somebody_is_known() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::with_tracker("sp1", "00000000-0000-0000-0000-000000000000");
    let states = page.watch_connection();
    page.subscribe_with(&channel, "{ attributeKeyIds: { user_id: '', network_userid: null } }");
    page.track("{ tna: 'sp1', duid: '' }");
    // A later task opens the subscription. It runs before the server responds to this request.
    assert_eq!(channel.log().await.length(), 0);
    assert!(!json(&states).contains("connecting"));
    page.track("{ tna: 'sp1', duid: 'somebody' }");
    channel.until_requests(1).await;
}

#[wasm_bindgen_test]
async fn fixed_ids_win_and_pointers_are_followed_in_order() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::new();
    page.subscribe_with(
        &channel,
        "{
            attributeKeyIds: { domain_userid: 'fixed' },
            attributeKeyTargets: { user_id: ['/user_id', 'tnuid'] },
        }",
    );
    page.track("{ tna: 'sp1', duid: 'found', tnuid: 'network' }");
    let log = channel.until_requests(1).await;
    let query = get(&log.get(0), "query").as_string().unwrap();
    assert_eq!(query, "?domain_userid=fixed&user_id=network");
}

#[wasm_bindgen_test]
async fn what_arrived_before_a_reload_does_not_arrive_again() {
    let channel =
        Channel::open(&sending(&[hello(1, 15_000), instance(2, "a"), instance(3, "b")])).await;
    let page = TestPage::new();
    page.add_handlers(NOTE_IDS);
    page.subscribe(&channel);
    page.until_calls(2).await;
    page.plugin.deactivate(get(&page.tracker, "core").unchecked_ref());

    page.activate("{}");
    page.add_handlers("{ again: (i) => void calls.push('again ' + i.intervention_id) }");
    page.subscribe(&channel);
    let log = channel.until_requests(2).await;
    let query = get(&log.get(1), "query").as_string().unwrap();
    assert!(query.ends_with("&since=3"), "{query}");
    channel.send(&instance(4, "c")).await;
    page.until_calls(3).await;
    assert_eq!(page.calls(), r#"["a","b","again c"]"#);
}

#[wasm_bindgen_test]
async fn a_client_without_a_tracker_receives_for_itself_alone() {
    let channel = Channel::open(&sending(&[instance(1, "a")])).await;
    let page = TestPage::without_tracker("sp1", USER);
    let states = page.watch_connection();
    page.add_handlers("{ trackers: () => void calls.push('meant for trackers') }");
    let client = page.create_client(&channel);
    client.add_handlers(&js(
        "{ own: (i, tracker) => void calls.push(i.intervention_id, typeof tracker) }",
    ));
    page.until_calls(2).await;
    assert_eq!(page.calls(), r#"["a","undefined"]"#);
    assert_eq!(query(&channel.log().await.get(0)), "?user_id=ada");
    assert_eq!(json(&states), "[]", "listeners of trackers hear nothing of it");
    client.close();
    until("the stream is closed", async || get(&channel.log().await.get(0), "open").is_falsy())
        .await;
}

#[wasm_bindgen_test]
async fn what_became_of_each_frame_is_counted() {
    let garbage = "data: {oops\n\n".to_owned();
    let frames = [instance(1, "a"), instance(2, "a"), garbage, instance(3, "b")];
    let channel = Channel::open(&sending(&frames)).await;
    let page = TestPage::new();
    page.subscribe(&channel);
    let stats = || json(&page.plugin.stats(&js("null")));
    until("all have arrived", async || stats().contains(r#""received":4"#)).await;
    assert_eq!(
        stats(),
        r#"{"sp1":{"received":4,"delivered":0,"duplicates":1,"malformed":1,"waiting":2,"lost":0,"handlerErrors":0}}"#
    );
    page.add_handlers("{ failing(i) { calls.push(i.intervention_id); throw new Error('boom') } }");
    page.until_calls(2).await;
    assert_eq!(
        stats(),
        r#"{"sp1":{"received":4,"delivered":2,"duplicates":1,"malformed":1,"waiting":0,"lost":0,"handlerErrors":2}}"#
    );
    assert_eq!(json(&page.plugin.stats(&js("['other']"))), "{}");
}

#[wasm_bindgen_test]
async fn a_source_of_the_pages_own_takes_the_place_of_the_stream() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::without_tracker("sp1", USER);
    // Subscribes before the tracker exists.
    page.subscribe(&channel);
    page.activate_with_source("(config) => void calls.push(config.endpoint)");
    assert_eq!(page.calls(), format!(r#"["{}"]"#, channel.endpoint()));

    page.add_handlers(NOTE_IDS);
    let instance = "{ intervention_id: 'a', name: 'discount', version: 1 }";
    page.plugin.deliver(js(instance), "sp1");
    page.plugin.deliver(js(instance), "sp1");
    page.plugin.deliver(js("{}"), "sp1");
    page.plugin.deliver(js(instance), "unknown");
    until("all were looked at", async || {
        json(&page.plugin.stats(&js("null"))).contains(r#""received":3"#)
    })
    .await;
    page.until_calls(2).await;
    assert_eq!(page.calls(), format!(r#"["{}","a"]"#, channel.endpoint()));
    let stats = json(&page.plugin.stats(&js("null")));
    assert!(stats.contains(r#""delivered":1,"duplicates":1,"malformed":1"#), "{stats}");
    assert_eq!(channel.log().await.length(), 0, "no stream was requested");
}
