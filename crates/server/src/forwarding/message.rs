//! What a receiver gets: one message for each target of a triggered intervention.

use bytes::Bytes;
use serde::Serialize;
use signals_engine::{Timestamp, Triggered, TriggeredAttribute};
use signals_wire::TargetAttributeKey;

/// A message to a receiver, as it is sent and saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The `webhook-id`. The same in every attempt, also after a restart.
    pub(crate) id: String,
    /// The id of the target.
    pub(crate) target_id: String,
    pub(crate) triggered_at: Timestamp,
    /// The body as JSON.
    pub(crate) body: Bytes,
}

/// The body. Its schema is `com.snowplowanalytics.signals/intervention_instance/1-0-0`.
#[derive(Serialize)]
struct Body<'a> {
    intervention_id: &'a str,
    name: &'a str,
    version: u64,
    #[serde(rename = "attributeKey")]
    attribute_key: AttributeKey<'a>,
    attributes: Vec<Attribute>,
}

#[derive(Serialize)]
struct AttributeKey<'a> {
    name: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct Attribute {
    /// `group:attribute`.
    attribute: String,
    /// The value as the text of its JSON, because the schema has one type for all values.
    value: String,
}

impl Message {
    /// The messages for all targets of an intervention.
    pub(super) fn of(
        instance: &Triggered,
        triggered_at: Timestamp,
    ) -> impl Iterator<Item = Message> {
        instance.targets.iter().map(move |target| Message {
            // Attribute keys have plain names, and an event has one id for each of them.
            id: format!("{}_{}", instance.intervention_id, target.name),
            target_id: target.id.clone(),
            triggered_at,
            body: body(instance, target),
        })
    }
}

#[expect(clippy::expect_used, reason = "fails only for maps whose keys are not strings")]
fn body(instance: &Triggered, target: &TargetAttributeKey) -> Bytes {
    let attributes = instance.attributes.iter();
    let body = Body {
        intervention_id: &instance.intervention_id,
        name: &instance.name,
        version: instance.version,
        attribute_key: AttributeKey { name: &target.name, id: &target.id },
        attributes: attributes
            .map(|TriggeredAttribute { group, name, value }| Attribute {
                attribute: match group {
                    Some(group) => format!("{group}:{name}"),
                    None => name.clone(),
                },
                value: value.to_string(),
            })
            .collect(),
    };
    serde_json::to_vec(&body).expect("serialisable").into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn target(name: &str, id: &str) -> TargetAttributeKey {
        TargetAttributeKey { name: name.into(), id: id.into() }
    }

    fn attribute(group: &str, name: &str, value: Value) -> TriggeredAttribute {
        TriggeredAttribute { group: Some(group.into()), name: name.into(), value }
    }

    #[test]
    fn each_target_gets_a_message_of_its_own_with_all_attributes() {
        let instance = Triggered {
            intervention_id: "550e8400-e29b-41d4-a716-446655440000".into(),
            name: "discount".into(),
            version: 3,
            attributes: vec![
                attribute("views", "n", json!(4)),
                attribute("carts", "n", json!(1.5)),
                attribute("views", "brands", json!(["A \"B\"", "é"])),
            ],
            targets: vec![target("user_id", "ada"), target("domain_userid", "d.1")],
        };
        let messages: Vec<Message> = Message::of(&instance, Timestamp::from_millis(7)).collect();
        let seen: Vec<_> = messages
            .iter()
            .map(|message| {
                assert_eq!(message.triggered_at, Timestamp::from_millis(7));
                let body: Value = serde_json::from_slice(&message.body).unwrap();
                (message.id.as_str(), message.target_id.as_str(), body)
            })
            .collect();
        let body = |key: &str, id: &str| {
            json!({
                "intervention_id": "550e8400-e29b-41d4-a716-446655440000",
                "name": "discount",
                "version": 3,
                "attributeKey": {"name": key, "id": id},
                "attributes": [
                    {"attribute": "views:n", "value": "4"},
                    {"attribute": "carts:n", "value": "1.5"},
                    {"attribute": "views:brands", "value": r#"["A \"B\"","é"]"#},
                ],
            })
        };
        let id = |key: &str| format!("550e8400-e29b-41d4-a716-446655440000_{key}");
        assert_eq!(
            seen,
            [
                (id("user_id").as_str(), "ada", body("user_id", "ada")),
                (id("domain_userid").as_str(), "d.1", body("domain_userid", "d.1")),
            ]
        );
    }
}
