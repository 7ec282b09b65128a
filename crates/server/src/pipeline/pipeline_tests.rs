use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::hub::DeliveryRules;

const START: Timestamp = Timestamp::from_millis(1_795_333_700_000);

/// Counts page views, which live for an hour.
fn pipeline(max_profiles: usize, delay: Option<Duration>) -> Arc<Pipeline> {
    let definitions = json!({
        "attribute_groups": [{
            "name": "views", "version": 1, "attribute_key": {"name": "domain_userid"}, "ttl": "PT1H",
            "attributes": [
                {"name": "n", "type": "int32", "events": [], "aggregation": "counter"},
            ],
        }],
    });
    let definitions = Definitions::from_json(&definitions.to_string()).unwrap();
    let (metrics, journal) = (Metrics::new(), Journal::new());
    let clock = Clock::stopped(START);
    let hub = DeliveryHub::new(
        "a server",
        DeliveryRules::default(),
        clock.clone(),
        journal.clone(),
        metrics.clone(),
    );
    let engine = Engine::new(&definitions).unwrap();
    let forwarding = Forwarding::new(Vec::new(), clock, &metrics);
    let pipeline = Pipeline::new(engine, hub, forwarding, journal, metrics, delay);
    pipeline.memory.lock().replica.max_profiles = max_profiles;
    Arc::new(pipeline)
}

fn view(pipeline: &Arc<Pipeline>, user: &str, now: Timestamp) {
    let payload = [("e", "pv"), ("duid", user)];
    let payload = payload.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
    let arrival = Arrival {
        collector_tstamp: now,
        network_userid: None,
        referer: None,
        useragent: None,
        user_ipaddress: None,
    };
    pipeline.take_in([RawEvent { text: "", payload: Ok(payload) }], &arrival);
}

/// A page view as enrichment writes it, collected in 2013.
fn enriched_view(user: &str, event_id: &str) -> String {
    let mut columns = [""; 131];
    columns[3] = "2013-11-26 00:03:57.885";
    columns[5] = "page_view";
    columns[6] = event_id;
    columns[15] = user;
    columns.join("\t")
}

fn views_of(pipeline: &Pipeline, user: &str, now: Timestamp) -> serde_json::Value {
    let owner = TargetAttributeKey { name: "domain_userid".into(), id: user.into() };
    pipeline.profile(&owner, now)[0].attributes[0].value.clone()
}

#[test]
fn of_too_many_profiles_those_without_an_event_for_longest_go() {
    let pipeline = pipeline(100, None);
    for number in 0..10_000 {
        let now = START.plus_millis(number);
        view(&pipeline, &format!("visitor-{number}"), now);
        view(&pipeline, "regular", now);
        assert!(pipeline.profile_count() <= 100);
    }
    let now = START.plus_millis(10_000);
    assert_eq!(views_of(&pipeline, "regular", now), 10_000);
    assert_eq!(views_of(&pipeline, "visitor-9999", now), 1);
    assert_eq!(views_of(&pipeline, "visitor-9000", now), 0);
}

#[tokio::test(start_paused = true)]
async fn events_are_processed_in_their_order_after_the_delay_and_not_before() {
    let delay = Duration::from_millis(500);
    let pipeline = pipeline(MAX_PROFILES, Some(delay));
    view(&pipeline, "visitor", START);
    time::sleep(delay / 2).await;
    view(&pipeline, "visitor", START);
    time::sleep(delay / 2 - Duration::from_millis(1)).await;
    assert_eq!(views_of(&pipeline, "visitor", START), 0);
    time::sleep(Duration::from_millis(2)).await;
    assert_eq!(views_of(&pipeline, "visitor", START), 1);
    time::sleep(delay).await;
    assert_eq!(views_of(&pipeline, "visitor", START), 2);
}

#[tokio::test(start_paused = true)]
async fn what_waits_when_the_server_ends_is_processed_and_what_waits_at_a_reset_is_not() {
    let delay = Duration::from_millis(500);
    let pipeline = pipeline(MAX_PROFILES, Some(delay));
    view(&pipeline, "visitor", START);
    pipeline.finish();
    assert_eq!(views_of(&pipeline, "visitor", START), 1);
    view(&pipeline, "visitor", START);
    pipeline.reset();
    time::sleep(2 * delay).await;
    assert_eq!(views_of(&pipeline, "visitor", START), 0);
}

#[tokio::test(start_paused = true)]
async fn enriched_events_count_now_like_those_of_trackers_and_bad_lines_become_bad_rows() {
    let delay = Duration::from_millis(500);
    let one = enriched_view("visitor", "11111111-1111-4111-8111-111111111111");
    let other = enriched_view("visitor", "22222222-2222-4222-8222-222222222222") + "\tnew";
    let lines = format!("{one}\r\nnonsense\n\n{other}\n{one}\n");
    for delayed in [false, true] {
        let pipeline = pipeline(MAX_PROFILES, delayed.then_some(delay));
        let taken_in = pipeline.take_in_enriched(&lines, START);
        assert_eq!(taken_in, EnrichedTakenIn { events: 3, bad: 1 });
        let at_once = views_of(&pipeline, "visitor", START);
        assert_eq!(at_once, if delayed { 0 } else { 2 });
        time::sleep(2 * delay).await;
        assert_eq!(views_of(&pipeline, "visitor", START), 2);
        let an_hour_later = START.plus_millis(60 * 60 * 1000);
        assert_eq!(views_of(&pipeline, "visitor", an_hour_later), 0);
        let [bad] = &pipeline.journal.bad_rows()[..] else { panic!("one line is bad") };
        assert!(bad.mentions("nonsense"));
        assert!(pipeline.unknown_columns.is_completed());
    }
}

#[test]
fn profiles_whose_time_is_over_are_freed() {
    let pipeline = pipeline(MAX_PROFILES, None);
    for number in 0..100 {
        view(&pipeline, &format!("visitor-{number}"), START.plus_millis(number * 60_000));
    }
    assert_eq!(pipeline.profile_count(), 100);
    pipeline.forget_expired(START.plus_millis(100 * 60_000));
    assert_eq!(pipeline.profile_count(), 59, "those of the last hour");
    pipeline.forget_expired(START.plus_millis(200 * 60_000));
    assert_eq!(pipeline.profile_count(), 0);
}
