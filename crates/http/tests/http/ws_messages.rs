//! Messages between users: to everyone, to one, to a channel.

use plinth_domain::{Role, SystemClock};
use plinth_realtime::{Hub, HubSettings};
use plinth_testing::socket::Socket;
use plinth_testing::{Client, TestApp, TestDb, on_both};
use serde_json::{Value, json};

fn start() -> TestApp {
    TestApp::start(TestDb::sqlite())
}

fn connect(app: &TestApp, client: &Client) -> Socket {
    Socket::connect(app.address(), client.token())
}

/// Each gets exactly this and nothing else.
#[track_caller]
fn expect(sockets: &mut [&mut Socket], wanted: &Value) {
    for socket in sockets {
        assert_eq!(socket.so_far(), std::slice::from_ref(wanted));
    }
}

#[track_caller]
fn expect_nothing(sockets: &mut [&mut Socket]) {
    for socket in sockets {
        assert_eq!(socket.so_far(), Vec::<Value>::new());
    }
}

/// Joins and waits for the answer.
#[track_caller]
fn join(socket: &mut Socket, channel: &str) {
    socket.say(&json!({"join": channel}));
    assert_eq!(socket.json(), json!({"joined": channel}));
}

#[test]
fn any_other_object_goes_to_everyone() {
    let app = start();
    let (ada, bob) = (app.viewer("ada"), app.viewer("bob"));
    let (mut one, mut two, mut other) = (connect(&app, &ada), connect(&app, &ada), connect(&app, &bob));
    one.say(&json!({"text": "hello", "nested": {"to": "nobody"}, "n": 1.50, "list": [null, true]}));
    let wanted = json!({"text": "hello", "nested": {"to": "nobody"}, "n": 1.50, "list": [null, true], "from": ada.id()});
    expect(&mut [&mut two, &mut other], &wanted);
    expect(&mut [&mut one], &wanted);
    // An object without anything, and keys that mean nothing here.
    one.say(&json!({}));
    expect(&mut [&mut one, &mut two, &mut other], &json!({"from": ada.id()}));
}

#[test]
fn who_sends_is_said_by_the_server() {
    let app = start();
    let (ada, bob) = (app.viewer("ada"), app.viewer("bob"));
    let (mut one, mut other) = (connect(&app, &ada), connect(&app, &bob));
    for from in [json!(bob.id()), json!(null), json!({"id": 1}), json!("")] {
        one.say(&json!({"from": from, "to": bob.id()}));
        expect(&mut [&mut other], &json!({"from": ada.id(), "to": bob.id()}));
    }
    // Twice, or spelt otherwise in JSON.
    let text = format!(r#"{{"from":"x","to":"{}","fr\u006fm":"y"}}"#, bob.id());
    one.send_text(&text);
    one.settle();
    expect(&mut [&mut other], &json!({"from": ada.id(), "to": bob.id()}));
}

#[test]
fn a_direct_message_goes_to_every_connection_of_that_user() {
    let app = start();
    let (ada, bob, eve) = (app.viewer("ada"), app.viewer("bob"), app.admin());
    let (mut one, mut two) = (connect(&app, &ada), connect(&app, &ada));
    let (mut bob_one, mut bob_two) = (connect(&app, &bob), connect(&app, &bob));
    let mut other = connect(&app, &eve);
    one.say(&json!({"to": bob.id(), "text": "psst"}));
    expect_nothing(&mut [&mut one]);
    expect(&mut [&mut bob_one, &mut bob_two], &json!({"to": bob.id(), "text": "psst", "from": ada.id()}));
    expect_nothing(&mut [&mut two, &mut other]);
    // To oneself; ids are read in any case.
    one.say(&json!({"to": ada.id().to_uppercase(), "n": 1}));
    expect(&mut [&mut one, &mut two], &json!({"to": ada.id().to_uppercase(), "n": 1, "from": ada.id()}));
    // Nobody of that id is there; that there is such a user is not told either.
    one.say(&json!({"to": "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e"}));
    expect_nothing(&mut [&mut one, &mut two, &mut bob_one, &mut bob_two, &mut other]);
}

#[test]
fn a_channel_is_for_those_who_have_joined() {
    let app = start();
    let (ada, bob, eve) = (app.viewer("ada"), app.viewer("bob"), app.viewer("eve"));
    let (mut one, mut two) = (connect(&app, &ada), connect(&app, &ada));
    let (mut other, mut outsider) = (connect(&app, &bob), connect(&app, &eve));
    for name in ["lobby", "käsekuchen 🍰", &"x".repeat(128)] {
        join(&mut one, name);
        join(&mut other, name);
        join(&mut other, name);
        one.say(&json!({"channel": name, "text": "hello"}));
        let wanted = json!({"channel": name, "text": "hello", "from": ada.id()});
        expect(&mut [&mut one, &mut other], &wanted);
        expect_nothing(&mut [&mut two, &mut outsider]);
        // It is the connection that has joined, not the user.
        two.say(&json!({"channel": name}));
        two.expect_error("not_a_member");
        outsider.say(&json!({"channel": name}));
        outsider.expect_error("not_a_member");
        other.say(&json!({"leave": name}));
        assert_eq!(other.json(), json!({"left": name}));
        one.say(&json!({"channel": name, "n": 2}));
        expect(&mut [&mut one], &json!({"channel": name, "n": 2, "from": ada.id()}));
        expect_nothing(&mut [&mut other]);
        other.say(&json!({"channel": name}));
        other.expect_error("not_a_member");
    }
    // To leave where one never was is no fault.
    outsider.say(&json!({"leave": "lobby"}));
    assert_eq!(outsider.json(), json!({"left": "lobby"}));
    // A new connection is in none.
    drop(one);
    let mut again = connect(&app, &ada);
    again.say(&json!({"channel": "lobby"}));
    again.expect_error("not_a_member");
}

#[test]
fn channels_of_users_and_roles_are_theirs() {
    let app = start();
    let (viewer, editor, admin) = (app.viewer("ada"), app.editor(), app.admin());
    let (ada, nobody) = (viewer.id(), "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e");
    let may = |client: &Client, channel: &str, allowed: bool| {
        let mut socket = connect(&app, client);
        socket.say(&json!({"join": channel}));
        if allowed {
            assert_eq!(socket.json(), json!({"joined": channel}));
        } else {
            socket.expect_error("channel_forbidden");
            socket.say(&json!({"channel": channel}));
            socket.expect_error("not_a_member");
        }
    };
    for (channel, by_viewer, by_editor, by_admin) in [
        (format!("user.{ada}"), true, false, true),
        (format!("user.{}", editor.id()), false, true, true),
        (format!("user.{}", admin.id()), false, false, true),
        (format!("user.{nobody}"), false, false, true),
        ("role.viewer".to_owned(), true, true, true),
        ("role.editor".to_owned(), false, true, true),
        ("role.admin".to_owned(), false, false, true),
        ("role.root".to_owned(), false, false, false),
        ("user.me".to_owned(), false, false, false),
        ("user.".to_owned(), false, false, false),
        ("users.all".to_owned(), true, true, true),
        ("User.x".to_owned(), true, true, true),
    ] {
        may(&viewer, &channel, by_viewer);
        may(&editor, &channel, by_editor);
        may(&admin, &channel, by_admin);
    }
}

#[test]
fn what_is_refused_keeps_the_connection_open() {
    let app = start();
    let ada = app.viewer("ada");
    let (mut socket, mut other) = (connect(&app, &ada), connect(&app, &app.viewer("bob")));
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let long = json!({"join": "x".repeat(129)}).to_string();
    for (text, code) in [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("{}{}", "invalid_json"),
        ("{'x': 1}", "invalid_json"),
        (r#"{"x": NaN}"#, "invalid_json"),
        (&deep, "invalid_json"),
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        ("\"hello\"", "not_an_object"),
        ("1", "not_an_object"),
        (r#"{"event": "item.created"}"#, "reserved_key"),
        (r#"{"seq": 1}"#, "reserved_key"),
        (r#"{"error": {}}"#, "reserved_key"),
        (r#"{"\u0065vent": 1}"#, "reserved_key"),
        (r#"{"to": "x", "channel": "y"}"#, "ambiguous_frame"),
        (r#"{"join": "x", "leave": "y"}"#, "ambiguous_frame"),
        (r#"{"join": "x", "text": "hello"}"#, "ambiguous_frame"),
        (r#"{"channel": "x", "channel": "y"}"#, "ambiguous_frame"),
        (r#"{"to": "x"}"#, "invalid_user_id"),
        (r#"{"to": null}"#, "invalid_user_id"),
        (r#"{"to": ["x"]}"#, "invalid_user_id"),
        (r#"{"join": ""}"#, "invalid_channel"),
        (r#"{"join": 5}"#, "invalid_channel"),
        (r#"{"join": "a\u0000b"}"#, "invalid_channel"),
        (r#"{"leave": null}"#, "invalid_channel"),
        (r#"{"channel": {}}"#, "invalid_channel"),
        (&long, "invalid_channel"),
        (r#"{"channel": "never joined"}"#, "not_a_member"),
    ] {
        socket.send_text(text);
        let answer = socket.json();
        assert_eq!(answer["error"]["code"], code, "{text}: {answer}");
        assert!(answer["error"]["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer}");
    }
    expect_nothing(&mut [&mut other]);
    socket.say(&json!({"still": "here"}));
    expect(&mut [&mut socket, &mut other], &json!({"still": "here", "from": ada.id()}));
}

#[test]
fn a_connection_is_in_at_most_100_channels() {
    let app = TestApp::start_with(TestDb::sqlite(), |settings| settings.ws_frames_per_second = 1_000);
    let mut socket = connect(&app, &app.viewer("ada"));
    for n in 0..100 {
        join(&mut socket, &format!("room {n}"));
    }
    socket.say(&json!({"join": "one more"}));
    socket.expect_error("too_many_channels");
    join(&mut socket, "room 7");
    socket.say(&json!({"leave": "room 7"}));
    assert_eq!(socket.json(), json!({"left": "room 7"}));
    join(&mut socket, "one more");
}

#[test]
fn who_may_send_to_everyone_is_set() {
    let settings = HubSettings { broadcast_roles: vec![Role::Admin], ..HubSettings::default() };
    let hub = Hub::local(settings, std::sync::Arc::new(SystemClock));
    let app = TestApp::start_as(TestDb::sqlite(), |setup| setup.hub = Some(hub));
    let (viewer, editor, admin) = (app.viewer("ada"), app.editor(), app.admin());
    let (mut ada, mut ed) = (connect(&app, &viewer), connect(&app, &editor));
    let mut boss = connect(&app, &admin);
    ada.say(&json!({"text": "hello"}));
    ada.expect_error("broadcast_forbidden");
    ed.say(&json!({"text": "hello"}));
    ed.expect_error("broadcast_forbidden");
    expect_nothing(&mut [&mut boss]);
    boss.say(&json!({"text": "hello"}));
    expect(&mut [&mut ada, &mut ed, &mut boss], &json!({"text": "hello", "from": admin.id()}));
    // What is addressed still goes.
    ada.say(&json!({"to": editor.id()}));
    expect_nothing(&mut [&mut ada]);
    expect(&mut [&mut ed], &json!({"to": editor.id(), "from": viewer.id()}));
    join(&mut ada, "lobby");
    ada.say(&json!({"channel": "lobby"}));
    expect(&mut [&mut ada], &json!({"channel": "lobby", "from": viewer.id()}));
}

on_both! {
    fn a_changed_role_acts_on_the_next_frame(db) {
        let second = db.once_more();
        let app = TestApp::start(db);
        // Another instance that nobody tells: there the frame itself finds out.
        let apart = TestApp::start(second);
        let admin = app.admin();
        let ada = app.viewer("ada");
        let path = format!("/api/users/{}", ada.id());
        for app in [&app, &apart] {
            let mut socket = connect(app, &ada);
            socket.say(&json!({"join": "role.editor"}));
            socket.expect_error("channel_forbidden");
            admin.patch(&path, &json!({"role": "editor"})).expect(200);
            socket.say(&json!({"join": "role.editor"}));
            let answers: Vec<_> = socket.so_far().into_iter().filter(|frame| frame["event"].is_null()).collect();
            assert_eq!(answers, [json!({"joined": "role.editor"})]);
            admin.patch(&path, &json!({"role": "viewer"})).expect(200);
            // The membership went with the role.
            socket.say(&json!({"channel": "role.editor", "text": "psst"}));
            let answers: Vec<_> = socket.so_far().into_iter().filter(|frame| frame["event"].is_null()).collect();
            assert_eq!(answers.len(), 1, "{answers:?}");
            assert_eq!(answers[0]["error"]["code"], "not_a_member");
        }
    }
}
