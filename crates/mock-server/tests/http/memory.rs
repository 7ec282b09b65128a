//! A server's memory stays within its limits and times to live.

use axum::http::StatusCode;
use serde_json::{Value, json};
use signals_engine::Definitions;
use signals_mock_server::Persistence;

use crate::program::Directory;
use crate::support::{Server, event_id, page_view};

const HOURS: usize = 24;
const NEW_USERS_AN_HOUR: usize = 200;

/// Page views that live for two hours, and an intervention that everyone gets with the first one.
fn definitions() -> Definitions {
    let definitions = json!({
        "attribute_groups": [{
            "name": "views", "version": 1, "attribute_key": {"name": "domain_userid"}, "ttl": "PT2H",
            "attributes": [
                {"name": "n", "type": "int32", "events": [{"name": "page_view"}], "aggregation": "counter"},
                {"name": "recent", "type": "int32", "events": [], "aggregation": "counter", "period": "PT10M"},
            ],
        }, {
            "name": "sessions", "version": 1, "attribute_key": {"name": "domain_sessionid"}, "ttl": "PT30M",
            "attributes": [
                {"name": "n", "type": "int32", "events": [{"name": "page_view"}], "aggregation": "counter"},
            ],
        }],
        "interventions": [{
            "name": "welcome", "version": 1,
            "criteria": {"attribute": "views:n", "operator": ">", "value": 0},
        }],
    });
    Definitions::from_json(&definitions.to_string()).unwrap()
}

async fn advance(server: &Server, by: &str) {
    let answer = server.post_as_owner("/mock/clock", &json!({"advance": by})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

/// Profiles, instances kept for replay and instances that wait.
async fn kept(server: &Server) -> [f64; 3] {
    [
        server.metric("signals_profiles").await,
        server.metric("signals_instances_kept").await,
        server.metric("signals_instances_waiting").await,
    ]
}

#[tokio::test]
async fn a_day_of_new_users_leaves_what_the_times_to_live_allow_and_a_quarter_later_nothing() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let server = Server::with(|options| {
        options.definitions = definitions();
        options.persistence = Some(Persistence { file: file.clone(), republish: false });
    });
    let (users, mut sizes) = (NEW_USERS_AN_HOUR as f64, Vec::new());
    for hour in 0..HOURS {
        for _ in 0..NEW_USERS_AN_HOUR / 50 {
            let events: Vec<Value> = (0..50)
                .map(|_| {
                    let mut event = page_view(&event_id(), &event_id());
                    event["sid"] = json!(event_id());
                    event
                })
                .collect();
            assert_eq!(server.collect(&events).await.status, StatusCode::OK);
        }
        let seen = users * (hour + 1) as f64;
        // Received interventions are remembered for 90 days, and sessions end after half an hour.
        assert_eq!(kept(&server).await, [seen + users, users, users], "{hour}");
        advance(&server, "PT1H").await;
        assert_eq!(kept(&server).await, [seen, 0.0, 0.0], "{hour}");
        server.state.save().unwrap();
        sizes.push(std::fs::metadata(&file).unwrap().len());
    }
    advance(&server, "P90D").await;
    assert_eq!(kept(&server).await, [0.0, 0.0, 0.0]);
    server.state.save().unwrap();
    drop(server);

    // They are not in the data file either.
    let server = Server::with(|options| {
        options.persistence = Some(Persistence { file: file.clone(), republish: false });
    });
    assert_eq!(kept(&server).await, [0.0, 0.0, 0.0]);
    let [early, late] = [sizes[HOURS / 2], sizes[HOURS - 1]];
    assert!(late <= early * 4, "the file grows with what is remembered: {sizes:?}");
}
