//! The outcome of a history is the same however its events are split into requests.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{OTHER_USER, Server, USER, counting_page_views, page_view};

/// The attributes and instances of both users, without random values.
async fn outcome(server: &Server) -> Vec<Value> {
    let mut outcome = Vec::new();
    for user in [USER, OTHER_USER] {
        let path = format!("/mock/state?key=domain_userid&id={user}");
        let state = server.get_as_owner(&path).await.json();
        let instances = state["instances"].as_array().unwrap().iter().map(|published| {
            let instance = &published["instance"];
            json!([instance["name"], instance["attributes"], instance["target_attribute_key"]])
        });
        let instances: Vec<Value> = instances.collect();
        outcome.push(json!([state["profile"], state["events"], instances]));
    }
    outcome
}

async fn collected(batches: impl Iterator<Item = &[Value]>) -> Vec<Value> {
    let server = Server::with(|options| options.definitions = counting_page_views());
    for batch in batches {
        server.collect(batch).await;
    }
    outcome(&server).await
}

/// Page views of two users. Some event ids occur twice.
fn history() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec((any::<bool>(), 0..20_u8), 1..30).prop_map(|steps| {
        let event = |(is_other, number): (bool, u8)| {
            let user = if is_other { OTHER_USER } else { USER };
            page_view(user, &format!("00000000-0000-4000-8000-0000000000{number:02}"))
        };
        steps.into_iter().map(event).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn one_batch_or_many_give_the_same_profiles_and_instances(events in history(), size in 1..8_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let at_once = collected([events.as_slice()].into_iter()).await;
            let in_parts = collected(events.chunks(size)).await;
            prop_assert_eq!(at_once, in_parts);
            Ok(())
        })?;
    }
}
