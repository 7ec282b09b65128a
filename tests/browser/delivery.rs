//! Tests of the delivery, from frames to handlers.

use crate::support::*;
use js_sys::Array;
use wasm_bindgen_test::wasm_bindgen_test;

/// A page that receives these frames with these handlers.
async fn page_receiving(frames: &[String], handlers: &str) -> TestPage {
    let channel = Channel::open(&sending(frames)).await;
    let page = TestPage::new();
    page.add_handlers(handlers);
    page.subscribe(&channel);
    page
}

#[wasm_bindgen_test]
async fn a_handler_gets_the_instance_with_unknown_fields_and_the_tracker() {
    let frame = "data: {\"name\":\"discount\",\"extra\":{\"a\":[1]}}\n\n".to_owned();
    let page =
        page_receiving(&[frame], "{ note: (i, tracker) => void calls.push(i, tracker.id) }").await;
    page.until_calls(2).await;
    assert_eq!(page.calls(), r#"[{"name":"discount","extra":{"a":[1]},"attributes":{}},"sp1"]"#);
}

#[wasm_bindgen_test]
async fn garbage_is_reported_once_per_kind_and_later_frames_arrive() {
    let garbage = ["{oops", "[]", "null", "7", "{}", "{\"name\":5}", "{also oops"];
    let mut frames: Vec<String> = garbage.iter().map(|data| format!("data: {data}\n\n")).collect();
    frames.push(instance(1, "a"));
    let page = page_receiving(&frames, NOTE_IDS).await;
    page.until_calls(1).await;
    assert_eq!(page.calls(), r#"["a"]"#);
    for reason in ["it is not JSON", "it is not an object", "`name` is missing or not a string"] {
        assert_eq!(page.log_lines().matches(reason).count(), 1, "{reason}");
    }
}

#[wasm_bindgen_test]
async fn an_id_is_delivered_once_and_an_instance_without_one_as_often_as_it_comes() {
    let anonymous = "data: {\"name\":\"discount\"}\n\n".to_owned();
    let frames =
        [instance(1, "a"), instance(2, "a"), anonymous.clone(), anonymous, instance(3, "b")];
    let page =
        page_receiving(&frames, "{ note: (i) => void calls.push(i.intervention_id ?? '-') }").await;
    page.until_calls(4).await;
    assert_eq!(page.calls(), r#"["a","-","-","b"]"#);
}

#[wasm_bindgen_test]
async fn handlers_that_throw_reject_or_never_settle_stop_nobody() {
    let page = page_receiving(
        &[instance(1, "a"), instance(2, "b")],
        "{
            throwing() { throw new Error('thrown') },
            rejecting: () => Promise.reject(new Error('rejected')),
            pending: () => new Promise(() => {}),
            note: (i) => void calls.push(i.intervention_id),
        }",
    )
    .await;
    page.until_calls(2).await;
    assert_eq!(page.calls(), r#"["a","b"]"#);
    until("both failures of both instances were reported", async || {
        page.log_lines().matches("failed").count() == 4
    })
    .await;
}

#[wasm_bindgen_test]
async fn handlers_run_in_order_of_registration() {
    let page = page_receiving(
        &[instance(1, "a")],
        "{ b: () => void calls.push('b'), a: () => void calls.push('a'), ['__proto__']: () => void calls.push('__proto__') }",
    )
    .await;
    page.until_calls(3).await;
    assert_eq!(page.calls(), r#"["b","a","__proto__"]"#);
}

#[wasm_bindgen_test]
async fn a_handler_with_a_strange_id_can_be_removed() {
    let channel = Channel::open(&sending(&[instance(1, "a")])).await;
    let page = TestPage::new();
    page.add_handlers("{ ['__proto__']: () => void calls.push('removed'), constructor: () => void calls.push('kept') }");
    page.plugin.remove_handlers(&js("['__proto__', 'toString']"), &js("null"));
    page.subscribe(&channel);
    page.until_calls(1).await;
    assert_eq!(page.calls(), r#"["kept"]"#);
}

#[wasm_bindgen_test]
async fn a_handler_may_add_and_remove_handlers() {
    let channel = Channel::open(&sending(&[instance(1, "a"), instance(2, "b")])).await;
    let page = TestPage::new();
    let handle = wasm_bindgen::prelude::Closure::<dyn Fn()>::new({
        let page = std::rc::Rc::clone(&page.plugin);
        move || {
            page.remove_handlers(&js("['changing', 'removed']"), &js("null"));
            page.add_handlers(
                &js("{ added: (i) => void calls.push('added ' + i.intervention_id) }"),
                &js("null"),
            );
        }
    });
    js_sys::Reflect::set(&js_sys::global(), &"change".into(), handle.as_ref()).unwrap();
    page.add_handlers(
        "{
            changing: () => change(),
            removed: () => void calls.push('removed'),
            note: (i) => void calls.push('note ' + i.intervention_id),
        }",
    );
    page.subscribe(&channel);
    page.until_calls(3).await;
    assert_eq!(page.calls(), r#"["note a","note b","added b"]"#);
}

#[wasm_bindgen_test]
async fn a_matching_handler_gets_what_it_asked_for() {
    let named = |id: &str, name: &str| {
        format!("data: {{\"intervention_id\":\"{id}\",\"name\":\"{name}\"}}\n\n")
    };
    let page = page_receiving(
        &[named("1", "discount"), named("2", "shipping"), named("3", "discount_big")],
        "{
            name: { match: 'discount', handle: (i) => void calls.push('name ' + i.intervention_id) },
            list: { match: ['shipping', 'other'], handle: (i) => void calls.push('list ' + i.intervention_id) },
            pattern: { match: /^disc/g, handle: (i) => void calls.push('pattern ' + i.intervention_id) },
            predicate: { match: (i) => i.intervention_id > 1, handle: (i) => void calls.push('predicate ' + i.intervention_id) },
            broken: { match: 7, handle() {} },
        }",
    )
    .await;
    page.until_calls(6).await;
    assert_eq!(
        page.calls(),
        r#"["name 1","pattern 1","list 2","predicate 2","pattern 3","predicate 3"]"#
    );
    assert!(page.log_lines().contains("handler `broken`.match must be"));
}

#[wasm_bindgen_test]
async fn instances_wait_for_the_first_handler() {
    let channel = Channel::open(&sending(&[instance(1, "a"), instance(2, "b")])).await;
    let page = TestPage::new();
    page.subscribe(&channel);
    until("an instance waits", async || page.log_lines().contains("is kept for one minute")).await;
    page.add_handlers(NOTE_IDS);
    page.until_calls(2).await;
    assert_eq!(page.calls(), r#"["a","b"]"#);
}

fn schemas(tracked: &Array) -> Vec<String> {
    tracked
        .iter()
        .map(|event| {
            let schema = get(&event, "schema").as_string().unwrap();
            let name = schema.split('/').nth(1).unwrap().to_owned();
            format!("{name} {}", json(&get(&event, "data")))
        })
        .collect()
}

#[wasm_bindgen_test]
async fn what_happened_is_tracked_with_the_instance_as_entity() {
    let page = page_receiving(
        &[instance(1, "a")],
        "{ good() {}, bad() { throw new Error('boom') }, late: async () => {} }",
    )
    .await;
    until("all is tracked", async || page.tracked().length() == 4).await;
    assert_eq!(
        schemas(&page.tracked()),
        [
            r#"intervention_receive {"handlers":["good","bad","late"]}"#,
            r#"intervention_handle {"handler":"good"}"#,
            r#"intervention_handle_error {"handler":"bad","error":"Error: boom"}"#,
            r#"intervention_handle {"handler":"late"}"#,
        ]
    );
    assert_eq!(
        json(&get(&page.tracked().get(0), "entities")),
        r#"[{"schema":"iglu:com.snowplowanalytics.signals/intervention_instance/jsonschema/1-0-0","data":{"intervention_id":"a","name":"discount","version":1,"attributes":[{"attribute":"views","value":4}]}}]"#
    );
}

#[wasm_bindgen_test]
async fn measurement_can_be_switched_off_decided_per_instance_and_given_context() {
    let channel = Channel::open(&sending(&[instance(1, "a"), instance(2, "b")])).await;
    let page = TestPage::without_tracker("sp1", USER);
    page.activate(
        "{
            handlers: { note: (i) => void calls.push(i.intervention_id) },
            measurement: {
                delivery: false,
                dispatch_accept: (i) => i.intervention_id === 'b',
                context: [{ schema: 's', data: {} }, (event, i, data) => [{ schema: event + i.intervention_id + data.handler }]],
            },
        }",
    );
    page.subscribe(&channel);
    until("the second instance is tracked", async || page.tracked().length() == 1).await;
    assert_eq!(page.calls(), r#"["a","b"]"#);
    let entities: Array = get(&page.tracked().get(0), "entities").into();
    assert_eq!(entities.length(), 3);
    assert_eq!(json(&entities.get(2)), r#"{"schema":"dispatch_acceptbnote"}"#);
}

#[wasm_bindgen_test]
async fn a_function_is_called_once_for_an_instance_that_two_trackers_receive() {
    let channel = Channel::open("[{}]").await;
    let page = TestPage::new();
    page.activate_another("sp2");
    let states = page.watch_connection();
    page.add_handlers("{ shared: (i) => void calls.push('shared ' + i.intervention_id) }");
    let own = js("{ own: (i) => void calls.push('own ' + i.intervention_id) }");
    page.plugin.add_handlers(&own, &js("['sp2']"));
    page.subscribe(&channel);
    until("both are open", async || json(&states).matches(r#""state":"open""#).count() >= 2).await;
    channel.send(&instance(1, "a")).await;
    page.until_calls(2).await;
    channel.send(&instance(2, "b")).await;
    page.until_calls(4).await;
    let calls = page.calls();
    for call in ["shared a", "shared b", "own a", "own b"] {
        assert_eq!(calls.matches(call).count(), 1, "{calls}");
    }
}

const WORK_AND_NOTE: &str = "{ note: (i) => { clock.work(); calls.push(i.intervention_id) } }";

#[wasm_bindgen_test]
async fn a_burst_reaches_handlers_and_is_measured_completely_in_short_tasks() {
    const INSTANCES: u32 = 2_000;
    let frames: Vec<String> =
        (0..INSTANCES).map(|index| instance(index, &index.to_string())).collect();
    let clock = stop_clock(0.05);
    let page = page_receiving(&frames, WORK_AND_NOTE).await;
    page.until_calls(INSTANCES).await;
    until("all is measured", async || page.tracked().length() == 2 * INSTANCES).await;
    restart_clock();
    let longest_ms = get(&clock, "longestMs").as_f64().unwrap();
    assert!(longest_ms > 0.0 && longest_ms < 5.0, "a task took {longest_ms} ms");
    assert_eq!(page.calls().matches("\",\"").count() as u32, INSTANCES - 1, "one call each");
}

#[wasm_bindgen_test]
async fn what_is_not_measured_yet_is_measured_when_the_page_goes_away() {
    const INSTANCES: u32 = 50;
    let frames: Vec<String> =
        (0..INSTANCES).map(|index| instance(index, &index.to_string())).collect();
    // One intervention fills a slice, so most of them wait for later slices.
    let _clock = stop_clock(5.0);
    let page = page_receiving(&frames, NOTE_IDS).await;
    page.until_calls(INSTANCES).await;
    assert!(page.tracked().length() < 2 * INSTANCES);
    dispatch("pagehide", "{ persisted: false }");
    let tracked = page.tracked().length();
    restart_clock();
    assert_eq!(tracked, 2 * INSTANCES);
}
