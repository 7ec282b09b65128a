//! Reads enriched events from the mock cluster of librdkafka, which speaks Kafka's protocol on a real port.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::publish_rule;
use crate::support::{Directory, Server, refusal, wait_for, wait_for_metric, wait_until_saved};

const TOPIC: &str = "enriched-good";
const GOOD: &str = "signals_events_total{outcome=\"good\"}";
const BAD: &str = "signals_events_total{outcome=\"bad\"}";
const DUPLICATE: &str = "signals_events_total{outcome=\"duplicate\"}";

/// The number of columns of an enriched event.
const COLUMNS: usize = 131;

/// A cluster of one broker.
struct Kafka {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

impl Kafka {
    fn start(partitions: i32) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic(TOPIC, partitions, 1).unwrap();
        let mut config = ClientConfig::new();
        let producer = config
            .set("bootstrap.servers", cluster.bootstrap_servers())
            // Batches that Kafka itself compressed are read too.
            .set("compression.type", "gzip")
            .create()
            .unwrap();
        Self { cluster, producer }
    }

    fn brokers(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    fn send(&self, partition: i32, data: &[u8]) {
        let record = BaseRecord::<(), [u8]>::to(TOPIC).partition(partition).payload(data);
        self.producer.send(record).map_err(|(error, _)| error).unwrap();
    }

    /// Returns when the cluster has all records.
    fn flush(&self) {
        self.producer.flush(Duration::from_secs(30)).unwrap();
    }

    fn server(&self, flags: &[&str]) -> Server {
        let brokers = self.brokers();
        Server::start(&[&["--kafka", brokers.as_str()], flags].concat())
    }
}

/// The position of a column, as Snowplow documents it.
fn column(name: &str) -> usize {
    match name {
        "app_id" => 0,
        "platform" => 1,
        "collector_tstamp" => 3,
        "event" => 5,
        "event_id" => 6,
        "domain_userid" => 15,
        "geo_country" => 18,
        "page_title" => 30,
        other => panic!("{other} is not listed"),
    }
}

fn user(number: usize) -> String {
    format!("218e8926-3858-431d-b2ed-{number:012}")
}

/// An enriched page view of a user, with other columns.
fn view_with(user: &str, columns: &[(&str, &str)]) -> String {
    let now = wall_clock();
    let id = Uuid::new_v4().to_string();
    let usual = [
        ("app_id", "shop"),
        ("platform", "web"),
        ("collector_tstamp", now.as_str()),
        ("event", "page_view"),
        ("event_id", id.as_str()),
        ("domain_userid", user),
    ];
    let mut texts = vec![""; COLUMNS];
    for (name, text) in usual.iter().chain(columns) {
        texts[column(name)] = text;
    }
    texts.join("\t")
}

fn view(user: &str) -> String {
    view_with(user, &[])
}

/// The time as enrichment writes it.
fn wall_clock() -> String {
    let date = Command::new("date").args(["-u", "+%F %T.%3N"]).output().unwrap();
    String::from_utf8(date.stdout).unwrap().trim().to_owned()
}

/// A definitions file: counts the views of a user, keeps the latest country, and greets at the third view.
fn definitions(directory: &Directory) -> String {
    let definitions = json!({
        "attribute_groups": [{
            "name": "views", "version": 1, "attribute_key": {"name": "domain_userid"},
            "attributes": [
                {"name": "n", "type": "int64", "events": [{"name": "page_view"}], "aggregation": "counter"},
                {"name": "country", "type": "string", "events": [], "aggregation": "last",
                 "property": {"type": "atomic", "name": "geo_country"}},
            ],
        }],
        "services": [{"name": "shop", "attribute_groups": [{"name": "views", "version": 1}]}],
        "interventions": [{
            "name": "welcome", "version": 1,
            "criteria": {"attribute": "views:n", "operator": "=", "value": 3},
        }],
    });
    let file = directory.file("definitions.json");
    fs::write(&file, definitions.to_string()).unwrap();
    file
}

/// The attributes of a user.
fn attributes(server: &Server, user: &str) -> HashMap<String, Value> {
    let question = json!({"attribute_keys": {"domain_userid": [user]}, "service": "shop"});
    let (status, answer) = server.answer("POST /api/v1/get-online-attributes", &question);
    assert_eq!(status, 200, "{answer}");
    let answer: HashMap<String, Vec<Value>> = serde_json::from_str(&answer).unwrap();
    answer.into_iter().map(|(name, values)| (name, values[0].clone())).collect()
}

/// The only line that a server with these flags writes before it refuses to start.
#[test]
fn an_enriched_event_updates_attributes_and_brings_an_intervention_onto_an_open_stream() {
    let (kafka, directory) = (Kafka::start(2), Directory::new());
    let server = kafka.server(&["--definitions", &definitions(&directory)]);
    let user = user(1);
    let stream = server.send(&format!("GET /api/v1/interventions?domain_userid={user}"), "");
    let mut stream = BufReader::new(stream).lines().map(Result::unwrap);
    stream.find(|line| line.starts_with("data:{")).unwrap();

    kafka.send(0, view(&user).as_bytes());
    kafka.send(1, view(&user).as_bytes());
    kafka.send(0, view_with(&user, &[("geo_country", "NL")]).as_bytes());
    let intervention = stream.find(|line| line.starts_with("data: {")).unwrap();
    assert!(intervention.contains("\"welcome\""), "{intervention}");
    let attributes = attributes(&server, &user);
    assert_eq!((&attributes["n"], &attributes["country"]), (&json!(3), &json!("NL")));
    wait_for_metric(&server, "signals_kafka_records_total{topic=\"enriched-good\"}", 3);
    wait_for("a connection", || {
        (server.metric("signals_kafka_connected{topic=\"enriched-good\"}") == Some(1)).then_some(())
    });
    wait_for("no lag", || {
        (server.metric("signals_kafka_lag{topic=\"enriched-good\"}") == Some(0)).then_some(())
    });
}

/// What the recorded shoppers have on a server that triggered as many interventions: their attributes, and their interventions.
fn outcome(server: &Server, users: &[String], triggered: u64) -> (Vec<Value>, Vec<String>) {
    wait_for_metric(server, "signals_instances_total{outcome=\"triggered\"}", triggered);
    let names = ["count_product_views", "count_add_to_cart", "total_cart_value"];
    let names = names.map(|name| format!("ecom_attributes_v1:{name}"));
    let question = json!({"attribute_keys": {"domain_userid": users}, "attributes": names});
    let (status, answer) = server.answer("POST /api/v1/get-online-attributes", &question);
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();

    let ids: Vec<String> = users.iter().map(|user| format!("domain_userid={user}")).collect();
    let stream = server.send(&format!("GET /api/v1/interventions?{}", ids.join("&")), "");
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    let data = lines.filter_map(|line| line.strip_prefix("data: ").map(str::to_owned));
    let mut interventions: Vec<String> = data
        .take(triggered as usize)
        .map(|data| {
            let data: Value = serde_json::from_str(&data).unwrap();
            format!("{} for {}: {}", data["name"], data["target_attribute_key"], data["attributes"])
        })
        .collect();
    interventions.sort();
    (vec![answer], interventions)
}

#[test]
fn recorded_events_have_the_same_effects_through_kafka_as_through_the_collector() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let lines = fs::read_to_string(fixtures.join("enriched.tsv")).unwrap();
    let users: BTreeSet<&str> =
        lines.lines().filter_map(|line| line.split('\t').nth(column("domain_userid"))).collect();
    let users: Vec<String> =
        users.into_iter().filter(|user| !user.is_empty()).map(str::to_owned).collect();

    let collector = Server::start(&[]);
    let recordings = fs::read_dir(fixtures.join("collector")).unwrap();
    for recording in
        recordings.map(|file| file.unwrap().path()).chain([fixtures.join("mobile.json")])
    {
        let requests: Vec<Value> =
            serde_json::from_str(&fs::read_to_string(recording).unwrap()).unwrap();
        for request in requests {
            let (method, path) =
                (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
            let (status, _) = collector.answer(&format!("{method} {path}"), &request["body"]);
            assert!((200..300).contains(&status), "{method} {path}: {status}");
        }
    }
    let good = lines.lines().count() as u64;
    wait_for_metric(&collector, GOOD, good);
    let triggered = collector.metric("signals_instances_total{outcome=\"triggered\"}").unwrap();
    assert!(triggered > 0);

    let kafka = Kafka::start(1);
    let reader = kafka.server(&[]);
    for line in lines.lines() {
        // As if they had been collected now.
        let mut texts: Vec<&str> = line.split('\t').collect();
        let now = wall_clock();
        texts[column("collector_tstamp")] = &now;
        kafka.send(0, texts.join("\t").as_bytes());
    }
    wait_for_metric(&reader, GOOD, good);
    assert_eq!(outcome(&reader, &users, triggered), outcome(&collector, &users, triggered));
}

#[test]
fn a_server_without_a_data_file_goes_on_where_its_group_was() {
    let kafka = Kafka::start(1);
    kafka.send(0, view(&user(1)).as_bytes());
    kafka.flush();
    let mut server = kafka.server(&[]);
    wait_for_metric(&server, GOOD, 1);
    assert_eq!(server.terminate().code(), Some(0));
    kafka.send(0, view(&user(1)).as_bytes());
    kafka.flush();
    let server = kafka.server(&[]);
    wait_for_metric(&server, "signals_kafka_records_total{topic=\"enriched-good\"}", 1);

    let other = kafka.server(&["--kafka-group", "other"]);
    wait_for_metric(&other, "signals_kafka_records_total{topic=\"enriched-good\"}", 2);
}

#[test]
fn a_line_that_is_no_enriched_event_is_reported_with_its_offset_and_costs_only_itself() {
    let (kafka, directory) = (Kafka::start(1), Directory::new());
    let server = kafka.server(&["--definitions", &definitions(&directory)]);
    let good = view(&user(1));
    let (short, _) = good.rsplit_once('\t').unwrap();
    let long = format!("{}\tnew\tnewer", view(&user(1)));
    let without_id = view_with(&user(1), &[("event_id", "")]);
    for line in [good.as_str(), "broken", short, &without_id, &long, &view(&user(1))] {
        kafka.send(0, line.as_bytes());
    }
    wait_for_metric(&server, GOOD, 3);
    assert_eq!(server.metric(BAD), Some(3));
    for expected in [
        "bad event in enriched-good, partition 0, offset 1, line 0: columns: found 1 of 131",
        "bad event in enriched-good, partition 0, offset 2, line 0: columns: found 130 of 131",
        "bad event in enriched-good, partition 0, offset 3, line 0: event_id: missing",
        "ignoring 2 unknown columns at the end of enriched events",
    ] {
        wait_for(expected, || server.log().contains(expected).then_some(()));
        assert_eq!(server.log().matches(expected).count(), 1, "{expected}");
    }
    assert_eq!(attributes(&server, &user(1))["n"], 3);
}

#[test]
fn a_compressed_record_counts_with_all_its_events() {
    let (kafka, directory) = (Kafka::start(1), Directory::new());
    let server = kafka.server(&["--definitions", &definitions(&directory)]);
    let mut plain = vec![1, 1];
    // More than the server applies at once.
    for number in 0..250 {
        let line = if number == 107 { "broken".to_owned() } else { view(&user(1)) };
        plain.extend((line.len() as u32).to_be_bytes());
        plain.extend(line.as_bytes());
    }
    kafka.send(0, &zstd::encode_all(plain.as_slice(), 3).unwrap());
    kafka.send(0, b"\x28\xb5\x2f\xfd and then nothing");
    kafka.send(0, view(&user(1)).as_bytes());
    wait_for_metric(&server, GOOD, 250);
    assert_eq!(attributes(&server, &user(1))["n"], 250);
    for expected in [
        "offset 0, line 107: columns: found 1 of 131",
        "offset 1, line 0: record: not a compressed record",
    ] {
        wait_for(expected, || server.log().contains(expected).then_some(()));
    }
}

#[test]
fn a_server_that_cannot_read_the_topic_does_not_start_and_says_why_in_one_line() {
    let kafka = Kafka::start(1);
    let brokers = kafka.brokers();
    let with = |flags: &[&str]| refusal(&[&["--kafka", brokers.as_str()], flags].concat());
    kafka
        .cluster
        .topic_error(
            "missing",
            rdkafka::types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        )
        .unwrap();
    assert_eq!(
        with(&["--kafka-topic", "missing"]),
        format!(
            "error: --kafka-topic missing: cannot be read from {brokers}: UnknownTopicOrPartition (Broker: Unknown topic or partition)"
        )
    );
    let unreachable = refusal(&["--kafka", "127.0.0.1:1"]);
    assert!(
        unreachable.starts_with("error: --kafka 127.0.0.1:1: no broker answered: "),
        "{unreachable}"
    );
    let unknown = with(&["--kafka-option", "colour=red"]);
    assert_eq!(unknown, "error: --kafka-option colour: No such configuration property: \"colour\"");
    let reserved = with(&["--kafka-option", "group.id=mine"]);
    assert_eq!(
        reserved,
        "error: --kafka-option group.id: the server sets it itself (use --kafka-group)"
    );
}

#[test]
fn an_outage_of_the_broker_is_said_once_and_nothing_is_lost_or_counted_twice() {
    let (kafka, directory) = (Kafka::start(1), Directory::new());
    let server = kafka.server(&["--log", "info", "--definitions", &definitions(&directory)]);
    kafka.send(0, view(&user(1)).as_bytes());
    wait_for_metric(&server, GOOD, 1);
    kafka.cluster.broker_down(1).unwrap();
    wait_for("the message", || server.log().contains("cannot read from Kafka").then_some(()));
    assert_eq!(server.metric("signals_kafka_connected{topic=\"enriched-good\"}"), Some(0));
    kafka.send(0, view(&user(1)).as_bytes());
    kafka.cluster.broker_up(1).unwrap();
    wait_for_metric(&server, GOOD, 2);
    let again = "reads from Kafka again";
    wait_for(again, || server.log().contains(again).then_some(()));
    let log = server.log();
    assert_eq!(log.matches("cannot read from Kafka").count(), 1, "{log}");
    assert_eq!(log.matches(again).count(), 1, "{log}");
    assert_eq!(server.metric(DUPLICATE), Some(0));
}

#[test]
fn a_server_that_is_killed_between_its_writes_counts_every_event_once() {
    const ROUNDS: usize = 5;
    const EVENTS: usize = 2_000;
    const USERS: usize = 50;
    let (kafka, directory) = (Kafka::start(3), Directory::new());
    let (data, definitions) = (directory.file("data.redb"), definitions(&directory));
    let flags = ["--data", data.as_str(), "--definitions", definitions.as_str()];
    let mut expected: HashMap<usize, usize> = HashMap::new();
    let mut processed = 0;
    for round in 0..ROUNDS {
        let server = kafka.server(&flags);
        for event in 0..EVENTS {
            let number = (event * 7 + round) % USERS;
            *expected.entry(number).or_default() += 1;
            kafka.send((event % 3) as i32, view(&user(number)).as_bytes());
        }
        kafka.flush();
        // Somewhere in the middle, at no particular distance from the latest write.
        wait_for("some events", || {
            (server.metric(GOOD)? > (EVENTS / 3 + round * 100) as u64).then_some(())
        });
        processed += server.metric(GOOD).unwrap();
        assert_eq!(server.metric(DUPLICATE), Some(0), "an event was read twice");
        server.kill();
    }
    let server = kafka.server(&flags);
    let count = |number| attributes(&server, &user(number))["n"].as_u64().unwrap_or_default();
    wait_for("all events", || {
        let counted: u64 = (0..USERS).map(count).sum();
        (counted >= (ROUNDS * EVENTS) as u64).then_some(())
    });
    wait_until_saved(&server);
    for (number, events) in expected {
        assert_eq!(count(number), events as u64, "user {number}");
    }
    assert_eq!(server.metric(DUPLICATE), Some(0), "an event was read twice");
    processed += server.metric(GOOD).unwrap();
    assert!(processed > (ROUNDS * EVENTS) as u64, "no kill cost unsaved events");
}

#[test]
fn a_data_file_that_is_ahead_of_the_topic_reads_a_new_topic_from_its_beginning() {
    let directory = Directory::new();
    let (data, definitions) = (directory.file("data.redb"), definitions(&directory));
    let flags = ["--data", data.as_str(), "--definitions", definitions.as_str()];
    for (views, expected) in [(3, 3), (1, 4)] {
        let kafka = Kafka::start(1);
        for _ in 0..views {
            kafka.send(0, view(&user(1)).as_bytes());
        }
        kafka.flush();
        let mut server = kafka.server(&flags);
        wait_for("the views", || (attributes(&server, &user(1))["n"] == expected).then_some(()));
        assert_eq!(
            server.log().contains("seems to be a new topic"),
            views == 1,
            "{}",
            server.log()
        );
        assert_eq!(server.terminate().code(), Some(0));
    }
}

#[test]
fn offsets_are_committed_for_tools_that_show_the_lag() {
    let kafka = Kafka::start(1);
    for _ in 0..5 {
        kafka.send(0, view(&user(1)).as_bytes());
    }
    let mut server = kafka.server(&["--kafka-group", "shop"]);
    wait_for_metric(&server, GOOD, 5);
    assert_eq!(server.terminate().code(), Some(0));
    let tool: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .set("group.id", "shop")
        .create()
        .unwrap();
    let mut partitions = rdkafka::TopicPartitionList::new();
    partitions.add_partition(TOPIC, 0);
    let committed = tool.committed_offsets(partitions, Duration::from_secs(30)).unwrap();
    assert_eq!(committed.elements()[0].offset(), rdkafka::Offset::Offset(5));
}

/// A record that was forwarded.
#[derive(Debug, Clone, PartialEq)]
struct Forwarded {
    key: String,
    webhook_id: String,
    body: Value,
}

/// Reads a topic of one partition from its beginning.
fn reader(brokers: &str, topic: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    let consumer: BaseConsumer =
        config.set("bootstrap.servers", brokers).set("group.id", "reader").create().unwrap();
    let mut partitions = rdkafka::TopicPartitionList::new();
    partitions.add_partition_offset(topic, 0, rdkafka::Offset::Beginning).unwrap();
    consumer.assign(&partitions).unwrap();
    consumer
}

fn next_forwarded(reader: &BaseConsumer) -> Forwarded {
    let record = wait_for("a record", || reader.poll(Duration::from_millis(50))?.ok());
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
    let header = record.headers().unwrap().get(0);
    assert_eq!(header.key, "webhook-id");
    Forwarded {
        key: text(record.key()),
        webhook_id: text(header.value),
        body: serde_json::from_slice(record.payload().unwrap()).unwrap(),
    }
}

#[test]
fn a_triggered_intervention_is_written_to_a_topic() {
    let kafka = Kafka::start(1);
    kafka.cluster.create_topic("interventions", 1, 1).unwrap();
    let server = kafka.server(&["--forward-topic", "interventions"]);
    publish_rule(&server);
    kafka.send(0, view(&user(1)).as_bytes());
    let forwarded = next_forwarded(&reader(&kafka.brokers(), "interventions"));
    let id = forwarded.body["intervention_id"].as_str().unwrap();
    assert_eq!(forwarded.webhook_id, format!("{id}_domain_userid"));
    assert_eq!(forwarded.key, user(1));
    assert_eq!(forwarded.body["name"], "welcome");
    assert_eq!(forwarded.body["attributeKey"], json!({"name": "domain_userid", "id": user(1)}));
    let sent = "signals_forwarded_total{receiver=\"Kafka topic interventions\",outcome=\"sent\"}";
    wait_for_metric(&server, sent, 1);
}

#[test]
fn what_waits_for_a_topic_survives_an_outage_of_the_broker_and_a_kill() {
    let (kafka, directory) = (Kafka::start(1), Directory::new());
    kafka.cluster.create_topic("interventions", 1, 1).unwrap();
    let data = directory.file("data");
    let flags = ["--data", &data, "--forward-topic", "interventions"];
    let server = kafka.server(&flags);
    publish_rule(&server);
    kafka.cluster.broker_down(1).unwrap();
    // The collector does not need a broker.
    crate::forwarding::view(&server, &user(7));
    let waiting = "signals_forwarding_waiting{receiver=\"Kafka topic interventions\"}";
    wait_for_metric(&server, waiting, 1);
    wait_until_saved(&server);
    server.kill();
    kafka.cluster.broker_up(1).unwrap();

    let server = kafka.server(&flags);
    assert_eq!(next_forwarded(&reader(&kafka.brokers(), "interventions")).key, user(7));
    wait_for(waiting, || (server.metric(waiting)? == 0).then_some(()));
}

#[test]
fn a_topic_that_cannot_be_written_ends_the_start_with_one_line() {
    let kafka = Kafka::start(1);
    let brokers = kafka.brokers();
    let with = |topic: &str| refusal(&["--kafka", &brokers, "--forward-topic", topic]);
    let error = rdkafka::types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    kafka.cluster.topic_error("missing", error).unwrap();
    assert_eq!(
        with("missing"),
        format!(
            "error: --forward-topic missing: cannot be written on {brokers}: UnknownTopicOrPartition (Broker: Unknown topic or partition)"
        )
    );
    assert_eq!(
        with(TOPIC),
        format!(
            "error: --forward-topic {TOPIC}: is the topic that the server reads (--kafka-topic). Choose another one"
        )
    );
}
