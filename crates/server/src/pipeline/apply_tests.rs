use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::json;
use signals_engine::Arrival;

use super::*;
use crate::pipeline::admit::{RawEvent, in_batches};

const START: Timestamp = Timestamp::from_millis(1_795_333_700_000);
const EPOCH: Uuid = Uuid::from_u128(0x9f31_c0de);

fn at(sequence: u64) -> LogPosition {
    LogPosition { epoch: EPOCH, sequence }
}

/// Rules that trigger at every `n`th view of a session, and whenever a user's page changes.
fn definitions(n: u32) -> Definitions {
    let group = |name: &str, key: &str, attributes: Value| {
        json!({
            "name": name, "version": 1, "attribute_key": {"name": key}, "ttl": "PT1H",
            "attributes": attributes,
        })
    };
    let views = json!([
        {"name": "n", "type": "int32", "events": [], "aggregation": "counter"},
        {"name": "recent", "type": "int32", "events": [], "aggregation": "counter", "period": "PT10M"},
    ]);
    let page = json!([{
        "name": "page", "type": "string", "events": [], "aggregation": "last",
        "property": {"type": "atomic", "name": "page_title"},
    }]);
    let definitions = json!({
        "attribute_groups": [
            group("views", "domain_sessionid", views),
            group("pages", "domain_userid", page),
        ],
        "interventions": [
            {"name": "often", "version": 1, "criteria": {"attribute": "views:n", "operator": ">=", "value": n}},
            {"name": "again", "version": 1, "criteria": {"attribute": "views:recent", "operator": "=", "value": n}},
            {"name": "moved", "version": 1, "criteria": {"attribute": "pages:page", "operator": "changed"}},
        ],
    });
    Definitions::from_json(&definitions.to_string()).unwrap()
}

/// A replica without any events. Each has another key for hashing event ids, as different processes do.
fn replica() -> Replica {
    let engine = Engine::new(&definitions(2)).unwrap();
    Replica {
        engine,
        seen: SeenEvents::default(),
        read: ReadPositions::default(),
        max_profiles: 12,
    }
}

/// The effects of applying a command.
fn effects_of(replica: &mut Replica, command: Command, position: LogPosition) -> Vec<Effect> {
    let mut effects = Vec::new();
    replica.apply(command, position, &mut |effect| effects.push(effect));
    effects
}

/// A [`Command`] as data, because a command itself cannot be cloned.
#[derive(Debug, Clone)]
enum Plan {
    Events(Vec<(u8, u8, u8, u8)>, i64),
    Definitions(u32),
    Reset,
    Tick(i64),
    Intervention(bool),
}

impl Plan {
    fn command(&self) -> Command {
        match self {
            Self::Events(events, minutes) => {
                let arrival = Arrival {
                    collector_tstamp: START.plus_millis(minutes * 60_000),
                    network_userid: None,
                    referer: None,
                    useragent: None,
                    user_ipaddress: None,
                };
                let events = events.iter().map(|(user, session, page, id)| {
                    let payload = [
                        // Sometimes there is none, which makes the event a bad one.
                        ("e", if *page == 0 { "" } else { "pv" }.to_owned()),
                        ("duid", format!("user-{user}")),
                        ("sid", format!("session-{session}")),
                        ("page", format!("page-{page}")),
                        ("eid", format!("event-{id}")),
                    ];
                    let payload =
                        payload.into_iter().map(|(name, text)| (name.into(), text.into()));
                    let event = RawEvent { text: "", payload: Ok(payload.collect()) };
                    Admitted::from_tracker(event, &arrival)
                });
                in_batches(events, arrival.collector_tstamp).next().unwrap()
            }
            Self::Definitions(n) => Command::Definitions(definitions(*n)),
            Self::Reset => Command::Reset,
            Self::Tick(minutes) => Command::Tick(START.plus_millis(minutes * 60_000)),
            Self::Intervention(has_id) => Command::Intervention(DirectIntervention {
                intervention_id: has_id.then(|| "its own".to_owned()),
                name: "hello".to_owned(),
                version: 1,
                attributes: Map::new(),
                targets: vec![TargetAttributeKey { name: "user_id".into(), id: "u".into() }],
            }),
        }
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    let event = (0..6u8, 0..6u8, 0..4u8, any::<u8>());
    prop_oneof![
        12 => (prop::collection::vec(event, 1..6), 0..240i64)
            .prop_map(|(events, minutes)| Plan::Events(events, minutes)),
        1 => (1..4u32).prop_map(Plan::Definitions),
        1 => Just(Plan::Reset),
        2 => (0..400i64).prop_map(Plan::Tick),
        1 => any::<bool>().prop_map(Plan::Intervention),
    ]
}

fn instances(effects: &[Effect]) -> impl Iterator<Item = &Triggered> {
    effects.iter().filter_map(|effect| match effect {
        Effect::Triggered(instance) | Effect::Pushed(instance) => Some(instance),
        _ => None,
    })
}

proptest! {
    #[test]
    fn the_same_commands_at_the_same_positions_have_the_same_effects_and_leave_the_same_profiles(
        plans in prop::collection::vec(plan(), 1..60),
    ) {
        let (mut one, mut other) = (replica(), replica());
        let mut ids = HashSet::new();
        for (plan, sequence) in plans.iter().zip(1..) {
            let effects = effects_of(&mut one, plan.command(), at(sequence));
            let others = effects_of(&mut other, plan.command(), at(sequence));
            prop_assert_eq!(format!("{effects:?}"), format!("{others:?}"));
            for instance in instances(&effects).filter(|it| it.intervention_id != "its own") {
                prop_assert!(ids.insert(instance.intervention_id.clone()), "an id comes twice");
            }
            prop_assert_eq!(one.engine.profile_count(), other.engine.profile_count());
        }
        let profiles = |replica: &Replica| serde_json::to_value(replica.engine.snapshot()).unwrap();
        prop_assert_eq!(profiles(&one), profiles(&other));
    }
}

#[test]
fn an_id_is_a_uuid_that_follows_from_epoch_sequence_event_and_trigger() {
    let mut ids = at(7).event(0);
    let (first, second) = (ids.next(), ids.next());
    assert_eq!(first.get_version_num(), 8);
    // These must not change: another version of this program may have to make the same ids.
    assert_eq!(first.to_string(), "1f3be8a4-18ef-8a80-9b55-ecf2a6355dd7");
    assert_eq!(at(7).event(0).next(), first);
    let elsewhere = LogPosition { epoch: Uuid::nil(), sequence: 7 };
    for other in [second, at(7).event(1).next(), at(8).event(0).next(), elsewhere.event(0).next()] {
        assert_ne!(other, first);
    }
}

#[test]
fn definitions_that_make_no_sense_are_refused_and_change_nothing() {
    let mut replica = replica();
    let mut senseless = definitions(3);
    senseless.interventions[0].name = "not a name".to_owned();
    let effects = effects_of(&mut replica, Command::Definitions(senseless), at(1));
    assert!(matches!(effects[..], [Effect::Refused(_)]), "{effects:?}");
    let views = Plan::Events(vec![(1, 1, 1, 1), (1, 1, 1, 2)], 0);
    let effects = effects_of(&mut replica, views.command(), at(2));
    assert!(instances(&effects).any(|instance| instance.name == "often"), "{effects:?}");
}
