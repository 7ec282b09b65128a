//! Tests of the connection, with real event streams.

use crate::support::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

/// A script of two connections: the first from JSON, and a second that delivers an intervention.
fn then_delivering(first: &str) -> String {
    let frames = sending(&[instance(9, "after")]);
    format!("[{first},{}", &frames[1..])
}

async fn delivers_after(first: &str) -> (Channel, TestPage) {
    let channel = Channel::open(&then_delivering(first)).await;
    let page = TestPage::new();
    page.add_handlers(NOTE_IDS);
    page.subscribe_with(&channel, "{ connectionTimeoutMs: 300 }");
    page.until_calls(1).await;
    assert_eq!(page.calls(), r#"["after"]"#);
    (channel, page)
}

#[wasm_bindgen_test]
async fn the_stream_is_requested_for_the_ids_of_the_tracker() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::new();
    page.subscribe(&channel);
    let log = channel.until_requests(1).await;
    let query = get(&log.get(0), "query").as_string().unwrap();
    assert_eq!(query, format!("?domain_userid={USER}"));
}

#[wasm_bindgen_test]
async fn an_error_status_is_retried() {
    delivers_after(r#"{"status":503}"#).await;
}

#[wasm_bindgen_test]
async fn a_wrong_content_type_is_retried() {
    delivers_after(r#"{"contentType":"text/html"}"#).await;
}

#[wasm_bindgen_test]
async fn a_connection_that_breaks_at_once_is_retried() {
    delivers_after(r#"{"end":"drop"}"#).await;
}

#[wasm_bindgen_test]
async fn a_server_that_never_answers_is_given_up_after_the_timeout_and_tried_again() {
    let (channel, _page) = delivers_after(r#"{"end":"hang"}"#).await;
    let log = channel.until_requests(2).await;
    assert!(get(&log.get(0), "open").is_falsy(), "the first attempt was abandoned");
}

#[wasm_bindgen_test]
async fn a_reconnect_says_where_it_left_off_where_the_server_named_a_parameter() {
    let first = sending(&[hello(4, 15_000), instance(5, "before")]);
    let script = format!(
        r#"[{},"end":"drop"}},{{"status":503}},{}"#,
        first.trim_start_matches('[').trim_end_matches("}]"),
        &sending(&[instance(6, "after")])[1..]
    );
    let channel = Channel::open(&script).await;
    let page = TestPage::new();
    page.add_handlers(NOTE_IDS);
    page.subscribe(&channel);
    page.until_calls(2).await;
    assert_eq!(page.calls(), r#"["before","after"]"#);
    let requests = channel.requests_for(USER).await;
    // The browser makes the first reconnect, and sends the header.
    assert_eq!(get(&requests[1], "lastEventId").as_string().as_deref(), Some("5"));
    assert!(query(&requests[2]).ends_with("&since=5"), "{}", query(&requests[2]));
}

#[wasm_bindgen_test]
async fn a_server_that_named_no_parameter_is_sent_none() {
    let first = sending(&[instance(5, "before")]);
    let script = format!(
        r#"[{},"end":"drop"}},{{"status":503}},{{}}]"#,
        first.trim_start_matches('[').trim_end_matches("}]")
    );
    let channel = Channel::open(&script).await;
    let page = TestPage::new();
    page.subscribe(&channel);
    until("it has reconnected", async || channel.requests_for(USER).await.len() == 3).await;
    for request in channel.requests_for(USER).await {
        assert_eq!(query(&request), format!("?domain_userid={USER}"));
    }
}

#[wasm_bindgen_test]
async fn silence_for_three_announced_intervals_reconnects() {
    let first = sending(&[hello(1, 50)]);
    let script =
        format!("{},{}", first.trim_end_matches(']'), &sending(&[instance(2, "after")])[1..]);
    let channel = Channel::open(&script).await;
    let page = TestPage::new();
    page.add_handlers(NOTE_IDS);
    page.subscribe(&channel);
    page.until_calls(1).await;
    let log = channel.log().await;
    assert!(get(&log.get(0), "open").is_falsy(), "the silent stream was closed");
    assert!(page.log_lines().contains("stopped sending data"));
}

#[wasm_bindgen_test]
async fn pings_keep_a_quiet_stream_open() {
    let channel = Channel::open(&sending(&[hello(1, 100)])).await;
    let page = TestPage::new();
    page.add_handlers(NOTE_IDS);
    page.subscribe(&channel);
    channel.until_requests(1).await;
    let started = js_sys::Date::now();
    until("six intervals have passed", async || {
        channel.send("event: ping\ndata:{}\n\n").await;
        js_sys::Date::now() - started > 600.0
    })
    .await;
    channel.send(&instance(2, "a")).await;
    page.until_calls(1).await;
    assert_eq!(channel.log().await.length(), 1);
}

#[wasm_bindgen_test]
async fn a_changed_id_opens_the_new_stream_before_the_old_one_closes() {
    let channel = Channel::open("[{},{\"end\":\"hang\"},{}]").await;
    let page = TestPage::new();
    page.add_handlers(NOTE_IDS);
    page.subscribe_with(&channel, "{ connectionTimeoutMs: 300 }");
    let states = page.watch_connection();
    until("the stream is open", async || json(&states).contains("\"open\"")).await;
    page.track("{ tna: 'sp1', duid: 'another-user' }");
    channel.until_requests(2).await;
    // The replacement is not open yet, so the page must still receive from the old stream.
    channel.send(&instance(1, "in-between")).await;
    page.until_calls(1).await;
    until("the old stream is closed", async || get(&channel.log().await.get(0), "open").is_falsy())
        .await;
    // The third request, or a later one if attempts timed out on a busy machine.
    let log = channel.log().await;
    assert!(log.length() >= 3);
    let replacement = log.get(log.length() - 1);
    assert_eq!(get(&replacement, "query").as_string().unwrap(), "?domain_userid=another-user");
    assert!(get(&replacement, "open").is_truthy());
}

#[wasm_bindgen_test]
async fn several_changes_in_one_task_make_one_stream() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::new();
    page.subscribe(&channel);
    page.track("{ tna: 'sp1', duid: 'one' }");
    page.track("{ tna: 'sp1', duid: 'two', sid: 'session' }");
    page.track("{ tna: 'other tracker', duid: 'three' }");
    let states = page.watch_connection();
    until("the stream is open", async || json(&states).contains("\"open\"")).await;
    let log = channel.log().await;
    assert_eq!(log.length(), 1);
    let query = get(&log.get(0), "query").as_string().unwrap();
    assert_eq!(query, "?domain_sessionid=session&domain_userid=two");
}

#[wasm_bindgen_test]
async fn a_refusal_for_good_is_explained_and_waits_the_longest() {
    let channel = Channel::open(r#"[{"status":422}]"#).await;
    let page = TestPage::new();
    let states = page.watch_connection();
    page.subscribe(&channel);
    until("the reason is known", async || {
        json(&states)
            .contains(r#""nextDelayMs":30000,"lastError":"the server answered with status 422""#)
    })
    .await;
    assert_eq!(page.log_lines().matches("status 422").count(), 1);
}

/// A connection that refuses the id of `user_id`.
const REFUSAL: &str = r#"{"status":422,"contentType":"application/json","frames":["{\"detail\":[{\"loc\":[\"query\",\"user_id\"],\"msg\":\"must be a UUID\",\"type\":\"uuid_parsing\"}]}"]}"#;

#[wasm_bindgen_test]
async fn a_refused_id_is_found_out_even_if_the_next_attempt_follows_at_once() {
    let channel = Channel::open(&format!("[{REFUSAL}]")).await;
    let page = TestPage::new();
    // Removes the delay between attempts.
    js("(globalThis.chance = Math.random, Math.random = () => 0)");
    page.subscribe_with(&channel, "{ attributeKeyIds: { user_id: 'ada' } }");
    until("the page is told", async || {
        page.log_lines().contains("The server rejected the id of `user_id`")
    })
    .await;
    js("(Math.random = globalThis.chance)");
}

#[wasm_bindgen_test]
async fn an_id_that_the_server_refuses_costs_only_itself_and_is_said_once() {
    let delivering = sending(&[instance(1, "a")]);
    // The server refuses the stream twice, then the plugin asks for the reason.
    let script = format!("[{REFUSAL},{REFUSAL},{REFUSAL},{}", &delivering[1..]);
    let channel = Channel::open(&script).await;
    let page = TestPage::new();
    page.add_handlers(NOTE_IDS);
    page.subscribe_with(&channel, "{ attributeKeyIds: { user_id: 'ada' } }");
    page.until_calls(1).await;
    let log = channel.log().await;
    assert_eq!(query(&log.get(0)), format!("?domain_userid={USER}&user_id=ada"));
    assert_eq!(query(&log.get(3)), format!("?domain_userid={USER}"));
    let warning = "The server rejected the id of `user_id`";
    assert_eq!(page.log_lines().matches(warning).count(), 1, "{}", page.log_lines());
}

#[wasm_bindgen_test]
async fn the_request_that_asks_for_the_status_can_take_nothing_away_from_the_user() {
    // The server recovers just before the plugin asks, and responds with a stream.
    let waiting = sending(&[instance(1, "waited")]);
    let script = format!(r#"[{{"status":503}},{{"status":503}},{}"#, &waiting[1..]);
    let channel = Channel::open(&script).await;
    let page = TestPage::new();
    page.add_handlers(NOTE_IDS);
    page.subscribe(&channel);
    page.until_calls(1).await;
    let log = channel.log().await;
    let asked = query(&log.get(2));
    assert!(!asked.contains(USER) && asked.len() == query(&log.get(0)).len(), "{asked}");
    assert_eq!(channel.requests_for(USER).await.len(), 3);
}

#[wasm_bindgen_test]
async fn a_lost_network_closes_the_stream_and_its_return_reopens_it() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::new();
    let states = page.watch_connection();
    page.subscribe(&channel);
    until("the stream is open", async || json(&states).contains("\"open\"")).await;
    dispatch("offline", "{}");
    until("it is closed", async || get(&channel.log().await.get(0), "open").is_falsy()).await;
    assert!(json(&states).contains("\"paused\""));
    dispatch("online", "{}");
    let log = channel.until_requests(2).await;
    assert!(get(&log.get(1), "open").is_truthy());
}

#[wasm_bindgen_test]
async fn the_stream_is_closed_in_the_back_forward_cache_and_resumes_on_return() {
    let channel = Channel::open(&sending(&[hello(1, 15_000), instance(2, "a")])).await;
    let page = TestPage::new();
    page.add_handlers(NOTE_IDS);
    page.subscribe(&channel);
    page.until_calls(1).await;
    dispatch("pagehide", "{ persisted: true }");
    until("it is closed", async || get(&channel.log().await.get(0), "open").is_falsy()).await;
    dispatch("pageshow", "{ persisted: true }");
    let log = channel.until_requests(2).await;
    assert!(query(&log.get(1)).ends_with("&since=2"), "{}", query(&log.get(1)));
}

#[wasm_bindgen_test]
async fn a_page_that_is_shown_for_the_first_time_has_nothing_to_reopen() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::new();
    let states = page.watch_connection();
    page.subscribe(&channel);
    until("the stream is open", async || json(&states).contains("\"open\"")).await;
    dispatch("pagehide", "{ persisted: true }");
    dispatch("pageshow", "{ persisted: false }");
    until("it is closed", async || get(&channel.log().await.get(0), "open").is_falsy()).await;
    assert!(json(&states).ends_with(r#""state":"paused","attempt":0}]"#), "{}", json(&states));
}

#[wasm_bindgen_test]
async fn the_end_of_the_tracker_closes_the_stream() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::new();
    let states = page.watch_connection();
    page.subscribe(&channel);
    until("the stream is open", async || json(&states).contains("\"open\"")).await;
    page.plugin.deactivate(get(&page.tracker, "core").unchecked_ref());
    until("it is closed", async || get(&channel.log().await.get(0), "open").is_falsy()).await;
    assert!(json(&states).contains("\"closed\""));
}

#[wasm_bindgen_test]
async fn unsubscribing_closes_the_stream_and_subscribing_again_reopens_it() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::new();
    page.subscribe(&channel);
    channel.until_requests(1).await;
    page.plugin.unsubscribe(&js("null"));
    until("it is closed", async || get(&channel.log().await.get(0), "open").is_falsy()).await;
    page.subscribe(&channel);
    channel.until_requests(2).await;
}

/// Holds the stream at `url` like another tab. Relays the intervention "a" before it answers a question, and repeats it in the answer.
fn hold_and_relay_before_answering(url: &str) {
    js(&format!(
        r#"((name) => {{
            navigator.locks.request(name, () => new Promise(() => {{}}));
            const channel = new BroadcastChannel(name);
            const frame = {{ kind: 'Message', last_event_id: '1', data: '{{"intervention_id":"a","name":"discount"}}', at: Date.now() }};
            const status = {{ state: 'open', attempt: 0, next_delay_ms: null, last_problem: null }};
            channel.onmessage = ({{ data: {{ Question }} }}) => {{
                if (!Question) return;
                channel.postMessage({{ Relay: frame }});
                channel.postMessage({{
                    Answer: {{ to: Question.from, status, hello: null, position: '1', missed: [frame] }},
                }});
            }};
            globalThis.holder = channel;
        }})('signalsInterventions.4.{url}')"#
    ));
}

#[wasm_bindgen_test]
async fn what_another_tab_relays_before_it_answers_reaches_a_page_that_starts_afresh() {
    let channel = Channel::open("[{}]").await;
    hold_and_relay_before_answering(&format!(
        "{}/api/v1/interventions?domain_userid={USER}",
        channel.endpoint()
    ));
    let page = TestPage::new();
    page.add_handlers(NOTE_IDS);
    page.subscribe(&channel);
    page.until_calls(1).await;
    assert_eq!(page.calls(), r#"["a"]"#);
    assert_eq!(channel.log().await.length(), 0, "it follows the other tab");
}
