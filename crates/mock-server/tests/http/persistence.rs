//! What survives a restart: everything that was saved, and nothing else.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use signals_engine::Definitions;
use signals_mock_server::{AppState, Persistence, ServerOptions, StartError, load_definitions};

use crate::program::{Directory, failure, start};
use crate::support::{
    NOW, OTHER_USER, STREAM, Server, TOKEN, USER, counting_page_views, event_id, page_view,
};

/// A server with a data file. `definitions` are for a new file.
fn server(file: &Path, definitions: Definitions) -> Server {
    Server::with(|options| {
        options.definitions = definitions;
        options.persistence = Some(Persistence { file: file.to_owned(), republish: false });
    })
}

impl Server {
    /// Writes the changes, as a running server does.
    fn save(&self) {
        self.state.save().unwrap();
    }

    /// The data file after a clean shutdown.
    fn end(self) {
        self.save();
    }

    /// The data file after a crash at this moment.
    fn crash(self) {}

    async fn view_pages(&self, user: &str, count: usize) {
        let events: Vec<Value> = (0..count).map(|_| page_view(user, &event_id())).collect();
        assert_eq!(self.collect(&events).await.status, StatusCode::OK);
    }

    async fn page_views(&self, user: &str) -> Value {
        self.state_of(user).await["profile"][0]["attributes"]["page_views"].clone()
    }

    async fn state_of(&self, user: &str) -> Value {
        let answer = self.get_as_owner(&format!("/mock/state?key=domain_userid&id={user}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }
}

fn of_user(user: &str) -> String {
    format!("domain_userid={user}")
}

#[tokio::test]
async fn a_profile_counts_on_where_it_was_and_does_not_get_an_instance_twice() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let first = server(&file, counting_page_views());
    first.view_pages(USER, 2).await;
    first.end();

    let second = server(&file, counting_page_views());
    assert_eq!(second.page_views(USER).await, 2);
    second.view_pages(USER, 1).await;
    let triggered = second.state_of(USER).await["instances"].clone();
    assert_eq!(triggered.as_array().unwrap().len(), 1);
    second.end();

    let third = server(&file, counting_page_views());
    assert_eq!(third.state_of(USER).await["instances"], triggered);
    // The count changes from 3 and back to it.
    third.clock.advance(Duration::from_secs(8 * 24 * 3_600));
    third.view_pages(USER, 3).await;
    assert_eq!(third.page_views(USER).await, 3, "the seven days of its life were over");
    assert_eq!(third.state_of(USER).await["instances"], json!([]), "it has had it");
    third.view_pages(OTHER_USER, 3).await;
    assert_eq!(third.state_of(OTHER_USER).await["instances"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_that_resumes_after_a_restart_gets_exactly_what_it_missed() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let first = server(&file, Definitions::default());
    let mut stream = first.open(&of_user(USER)).await;
    for name in ["one", "two", "three"] {
        first.push(&of_user(USER), name).await;
    }
    first.save();
    let (id_of_one, _) = stream.instance().await;
    let (_, two) = stream.instance().await;
    drop(stream);
    first.end();

    let second = server(&file, Definitions::default());
    second.push(&of_user(USER), "four").await;
    second.push(&of_user(OTHER_USER), "not this one").await;
    let mut resumed = second.open(&format!("{}&last_event_id={id_of_one}", of_user(USER))).await;
    assert_eq!(resumed.instance().await.1, two, "with the id it had, and to the letter");
    second.save();
    assert_eq!(resumed.names(2).await, ["three", "four"]);
    assert!(resumed.is_quiet().await);
    let mut without_id = second.open(&of_user(USER)).await;
    assert!(without_id.is_quiet().await, "all that waited for its first stream has found one");
}

#[tokio::test]
async fn what_a_crash_forgets_nobody_has_seen() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let first = server(&file, counting_page_views());
    let mut stream = first.open(&of_user(USER)).await;
    first.push(&of_user(USER), "saved").await;
    first.save();
    let (id_of_saved, _) = stream.instance().await;
    first.view_pages(USER, 3).await;
    assert!(stream.is_quiet().await, "what was triggered is not saved yet");
    assert!(first.open(&of_user(USER)).await.is_quiet().await);
    drop(stream);
    first.crash();

    let second = server(&file, counting_page_views());
    second.view_pages(USER, 3).await;
    second.save();
    let mut resumed = second.open(&format!("{}&last_event_id={id_of_saved}", of_user(USER))).await;
    assert_eq!(resumed.names(1).await, ["third_view"]);
    assert!(resumed.is_quiet().await);
}

#[tokio::test]
async fn an_instance_goes_on_waiting_for_its_first_stream_but_no_longer_than_a_minute() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let first = server(&file, Definitions::default());
    assert_eq!(first.push(&of_user(USER), "waits").await, "undelivered");
    assert_eq!(first.push(&of_user(OTHER_USER), "waits too long").await, "undelivered");
    first.end();

    let second = server(&file, Definitions::default());
    let mut stream = second.open(&of_user(USER)).await;
    assert_eq!(stream.names(1).await, ["waits"]);
    second.clock.advance(Duration::from_secs(60));
    let mut late = second.open(&of_user(OTHER_USER)).await;
    assert!(late.is_quiet().await);
    drop((stream, late));
    second.end();
    let third = server(&file, Definitions::default());
    assert!(third.open(&of_user(USER)).await.is_quiet().await, "it has found a stream");
}

#[tokio::test]
async fn an_event_is_a_duplicate_also_after_a_restart() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let first = server(&file, counting_page_views());
    first.collect(&[page_view(USER, "the same")]).await;
    first.end();
    let second = server(&file, counting_page_views());
    second.collect(&[page_view(USER, "the same"), page_view(USER, "another")]).await;
    assert_eq!(second.page_views(USER).await, 2);
    assert_eq!(second.metric("signals_events_total{outcome=\"duplicate\"}").await, 1.0);
}

#[tokio::test]
async fn what_is_registered_stays_so_published_or_not() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let first = server(&file, counting_page_views());
    let draft = json!({
        "name": "draft", "version": 1, "is_published": false, "owner": "owner@example.com",
        "criteria": {"attribute": "views:page_views", "operator": ">", "value": 1},
    });
    let answer = first.post_as_owner("/api/v1/registry/interventions/", &draft).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    let unpublish = json!({"interventions": [{"name": "third_view", "version": 1}]});
    first.post_as_owner("/api/v1/engines/unpublish", &unpublish).await;
    let path = "/api/v1/registry/interventions/";
    let registered = first.get_as_owner(path).await.json();
    first.end();

    // Other definitions apply only to a new file.
    let second = server(&file, load_definitions(&[]).unwrap());
    assert_eq!(second.get_as_owner(path).await.json(), registered);
    second.view_pages(USER, 3).await;
    assert_eq!(second.state_of(USER).await["instances"], json!([]), "neither is published");
    let gone = "/api/v1/registry/interventions/draft/versions/1";
    let answer = second.send_as_owner(Method::DELETE, gone, &Value::Null).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    second.end();
    let third = server(&file, counting_page_views());
    assert_eq!(third.get_as_owner(gone).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_clock_stays_moved_and_what_was_forgotten_stays_so() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let first = server(&file, counting_page_views());
    first.view_pages(USER, 1).await;
    first.push(&of_user(USER), "forgotten").await;
    first.state.save().unwrap();
    first.post_as_owner("/mock/clock", &json!({"advance": "PT5M"})).await;
    first.post_as_owner("/mock/reset", &Value::Null).await;
    first.view_pages(OTHER_USER, 1).await;
    first.end();
    let second = server(&file, counting_page_views());
    assert_eq!(second.clock.now(), NOW.plus_millis(5 * 60 * 1_000));
    assert_eq!(second.page_views(USER).await, 0);
    assert_eq!(second.page_views(OTHER_USER).await, 1);
    assert!(second.open(&of_user(USER)).await.is_quiet().await);
}

#[tokio::test]
async fn only_what_changed_is_written() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let server = server(&file, counting_page_views());
    server.view_pages(USER, 1).await;
    server.state.save().unwrap();
    let before = fs::read(&file).unwrap();
    server.state.save().unwrap();
    assert!(fs::read(&file).unwrap() == before, "nothing has happened");
    server.view_pages(USER, 1).await;
    server.state.save().unwrap();
    assert!(fs::read(&file).unwrap() != before);
}

#[tokio::test(start_paused = true)]
async fn a_running_server_saves_twice_a_second_and_at_its_end() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let first = server(&file, counting_page_views());
    let running = first.run().await;
    let saves = "signals_saves_total{outcome=\"good\"}";
    let started = tokio::time::Instant::now();
    while first.metric(saves).await < 20.0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(started.elapsed().as_millis() <= 10_000, "{:?}", started.elapsed());
    first.view_pages(USER, 2).await;
    running.stop().await;
    first.crash();
    assert_eq!(server(&file, counting_page_views()).page_views(USER).await, 2);
}

fn start_with(file: &Path, definitions: &Value) -> Result<AppState, StartError> {
    AppState::new(ServerOptions {
        definitions: Definitions::from_json(&definitions.to_string()).unwrap(),
        persistence: Some(Persistence { file: file.to_owned(), republish: true }),
        token: TOKEN.into(),
        strict_ids: false,
        receivers: Vec::new(),
        www: None,
        clock: signals_mock_server::Clock::stopped(NOW),
        hosted: None,
    })
}

#[test]
fn definitions_files_are_published_onto_what_is_kept_unless_that_is_published_in_another_form() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let mut definitions = serde_json::to_value(counting_page_views()).unwrap();
    start_with(&file, &definitions).unwrap().save().unwrap();
    start_with(&file, &definitions).unwrap().save().unwrap();

    definitions["attribute_groups"][0]["attributes"][0]["type"] = json!("int64");
    let conflict = start_with(&file, &definitions).unwrap_err().to_string();
    assert!(conflict.contains("attribute group `views` version 1 is published"), "{conflict}");
    assert!(conflict.contains(&file.display().to_string()), "{conflict}");

    definitions["attribute_groups"][0]["version"] = json!(2);
    definitions["interventions"][0]["version"] = json!(2);
    start_with(&file, &definitions).unwrap().save().unwrap();

    // Kept rules need the attributes that they use.
    definitions["attribute_groups"][0]["attributes"][0]["name"] = json!("other");
    definitions["attribute_groups"][0]["version"] = json!(3);
    definitions["interventions"] = json!([]);
    start_with(&file, &definitions).unwrap();
}

#[test]
fn a_data_file_that_cannot_be_used_is_one_clear_line() {
    let directory = Directory::new();
    let line = |file: &Path| {
        let line = failure(&["--port", "0", "--data", &file.to_string_lossy()]);
        let place = format!("error: data file {}: ", file.display());
        line.strip_prefix(&place).unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    let text =
        directory.write("text", "this is a text, and long enough to be taken for anything\n");
    assert!(line(&text).contains("not written by this server"), "{}", line(&text));
    assert!(fs::read_to_string(&text).unwrap().starts_with("this is a text"), "it is left alone");
    assert!(line(&directory.path.join("no/such/directory")).contains("No such file"));
    assert!(line(&directory.path).contains("directory"), "{}", line(&directory.path));

    let foreign = directory.path.join("foreign");
    let table = redb::TableDefinition::<u64, u64>::new("other");
    let database = redb::Database::create(&foreign).unwrap();
    let write = database.begin_write().unwrap();
    write.open_table(table).unwrap().insert(1, 1).unwrap();
    write.commit().unwrap();
    drop(database);
    assert!(line(&foreign).contains("not written by this server"), "{}", line(&foreign));

    let newer = directory.path.join("newer");
    let table = redb::TableDefinition::<&str, u128>::new("numbers");
    let database = redb::Database::create(&newer).unwrap();
    let write = database.begin_write().unwrap();
    write.open_table(table).unwrap().insert("format", 7).unwrap();
    write.commit().unwrap();
    drop(database);
    let refused = line(&newer);
    assert!(refused.contains("format 7") && refused.contains("reads format 1"), "{refused}");

    let used = directory.path.join("used");
    let (mut child, _stdout, _port) = start(&["--data", &used.to_string_lossy()]);
    assert!(line(&used).contains("another process uses it"), "{}", line(&used));
    child.kill().unwrap();
    child.wait().unwrap();
    drop(start_with(&used, &json!({})).unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_kept_and_written_when_that_is_possible_again() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let program = env!("CARGO_BIN_EXE_signals-mock-server");
    // Files cannot grow beyond this number of blocks until the limit is removed.
    let limited = format!(
        "trap '' XFSZ; ulimit -S -f 400; exec {program} --port 0 --log error --data {}",
        file.display()
    );
    let mut child = Command::new("sh")
        .args(["-c", &limited])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    let metric = |name: &str| -> f64 {
        let text = ureq::get(format!("{url}/metrics")).call().unwrap();
        let text = text.into_body().read_to_string().unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    };
    let targets: Vec<String> = (0..100).map(|number| format!("user_id=user-{number}")).collect();
    let push = |attributes: &str| {
        let body = json!({"name": "large", "version": 1, "attributes": {"text": attributes}});
        let request = ureq::post(format!("{url}{STREAM}?{}", targets.join("&")));
        let request = request.header("authorization", "Bearer sandbox");
        request.header("content-type", "application/json").send(body.to_string()).unwrap();
    };
    push(&"x".repeat(10_000));
    while metric("signals_saves_total{outcome=\"failed\"}") < 2.0 {
        thread::sleep(Duration::from_millis(10));
    }
    push("small");
    let lifted = Command::new("prlimit")
        .args(["--fsize=unlimited", "--pid", &child.id().to_string()])
        .output()
        .unwrap();
    assert!(lifted.status.success(), "{lifted:?}");
    let saved = metric("signals_saves_total{outcome=\"good\"}");
    while metric("signals_saves_total{outcome=\"good\"}") < saved + 2.0 {
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    let errors = io::read_to_string(child.stderr.take().unwrap()).unwrap();
    child.wait().unwrap();
    assert_eq!(errors.lines().count(), 1, "it is said once: {errors}");
    assert!(errors.contains("kept in memory"), "{errors}");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Server::of(start_with(&file, &json!({})).unwrap());
    let kept = runtime.block_on(server.metric("signals_instances_kept"));
    assert_eq!(kept, 200.0);
}

#[test]
fn a_damaged_data_file_is_refused_or_whole_again_but_never_half_read() {
    let directory = Directory::new();
    let file = directory.path.join("data");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = server(&file, counting_page_views());
        for number in 0..200 {
            server.view_pages(&format!("218e8926-3858-431d-b2ed-{number:012}"), 3).await;
        }
        server.end();
    });
    let good = fs::read(&file).unwrap();
    let damaged = directory.path.join("damaged");
    let mut refused = 0;
    // In all used parts of the file.
    let written: Vec<usize> = (0..good.len()).filter(|at| good[*at] != 0).collect();
    for at in written.iter().step_by(written.len() / 40) {
        let mut bytes = good.clone();
        bytes[*at] ^= 0x55;
        fs::write(&damaged, bytes).unwrap();
        match start_with(&damaged, &json!({})) {
            Err(StartError::DataFile(_)) => refused += 1,
            Err(other) => panic!("{at}: {other}"),
            Ok(state) => {
                let profiles =
                    runtime.block_on(async { Server::of(state).metric("signals_profiles").await });
                assert_eq!(profiles, 200.0, "{at}");
            }
        }
    }
    assert!(refused > 10, "most of the file matters: {refused}");
    for length in [0, 1, 100, good.len() / 2, good.len() - 1] {
        fs::write(&damaged, &good[..length]).unwrap();
        let result = start_with(&damaged, &json!({}));
        assert_eq!(result.is_ok(), length == 0, "{length}");
    }
}
