//! What clients send, and what they are answered.

use plinth_domain::Role;
use plinth_realtime::HubSettings;
use serde_json::{Value, json};

use crate::support::{admin, code, hub, local, member, now, user, viewer, waiting};

/// What the sender of a frame gets.
fn answer(frame: &str) -> Vec<Value> {
    let hub = hub();
    let mut link = viewer(&hub, 1);
    link.receive(frame);
    waiting(&mut link)
}

#[test]
fn malformed_frames_are_answered_and_leave_the_connection_open() {
    let long = format!(r#"{{"join":"{}"}}"#, "x".repeat(129));
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let cases = [
        ("", "invalid_json"),
        ("hello", "invalid_json"),
        ("{", "invalid_json"),
        (r#"{"a":1}{"#, "invalid_json"),
        (&deep, "invalid_json"),
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        (r#""text""#, "not_an_object"),
        (r#"{"event":"item.created"}"#, "reserved_key"),
        (r#"{"\u0065vent":1}"#, "reserved_key"),
        (r#"{"seq":1}"#, "reserved_key"),
        (r#"{"error":null}"#, "reserved_key"),
        (r#"{"to":"00000000-0000-0000-0000-000000000001","channel":"a"}"#, "ambiguous_frame"),
        (r#"{"channel":"a","channel":"b"}"#, "ambiguous_frame"),
        (r#"{"join":"a","leave":"a"}"#, "ambiguous_frame"),
        (r#"{"join":"a","more":1}"#, "ambiguous_frame"),
        (r#"{"to":"ada"}"#, "invalid_user_id"),
        (r#"{"to":null}"#, "invalid_user_id"),
        (r#"{"channel":""}"#, "invalid_channel"),
        (r#"{"channel":7}"#, "invalid_channel"),
        (r#"{"join":"a\nb"}"#, "invalid_channel"),
        (&long, "invalid_channel"),
        (r#"{"channel":"a"}"#, "not_a_member"),
        (r#"{"join":"role.admin"}"#, "channel_forbidden"),
    ];
    for (frame, expected) in cases {
        let got = answer(frame);
        assert_eq!(got.len(), 1, "{frame}: {got:?}");
        assert_eq!(code(&got[0]), expected, "{frame}");
        assert!(got[0]["error"]["detail"].is_string());
    }
}

#[test]
fn any_other_object_goes_to_everyone_with_the_senders_id() {
    let hub = hub();
    let (mut ada, mut bob) = (viewer(&hub, 1), admin(&hub, 2));
    ada.receive(
        r#" {"from": "somebody", "text": "h\u00e9llo", "n": 1.50, "from": 3, "deep": {"event": 1}} "#,
    );
    let expected = json!({ "text": "héllo", "n": 1.5, "deep": { "event": 1 }, "from": user(1).to_string() });
    assert_eq!(waiting(&mut ada), std::slice::from_ref(&expected));
    assert_eq!(waiting(&mut bob), [expected]);
    ada.receive("{}");
    assert_eq!(waiting(&mut bob), [json!({ "from": user(1).to_string() })]);
}

#[test]
fn values_are_passed_on_as_they_were_written() {
    let hub = hub();
    let mut ada = viewer(&hub, 1);
    ada.receive(r#"{"n":1.50e1,"big":123456789012345678901234567890,"a\"b":[1, 2]}"#);
    let plinth_realtime::Out::Text(text) = ada.try_next().unwrap() else { panic!("closed") };
    let from = user(1);
    assert_eq!(
        text,
        format!(r#"{{"n":1.50e1,"big":123456789012345678901234567890,"a\"b":[1, 2],"from":"{from}"}}"#)
    );
}

#[test]
fn a_direct_message_goes_to_every_connection_of_that_user_alone() {
    let hub = hub();
    let mut ada = viewer(&hub, 1);
    let (mut phone, mut laptop, mut other) = (viewer(&hub, 2), viewer(&hub, 2), viewer(&hub, 3));
    let to = user(2);
    ada.receive(&format!(r#"{{"to":"{to}","text":"hi"}}"#));
    let expected = json!({ "to": to.to_string(), "text": "hi", "from": user(1).to_string() });
    assert_eq!(waiting(&mut phone), std::slice::from_ref(&expected));
    assert_eq!(waiting(&mut laptop), [expected]);
    assert_eq!(waiting(&mut ada), [] as [Value; 0]);
    assert_eq!(waiting(&mut other), [] as [Value; 0]);
    // Nobody there: nothing happens, and nothing is told.
    ada.receive(&format!(r#"{{"to":"{}"}}"#, user(9)));
    assert_eq!(waiting(&mut ada), [] as [Value; 0]);
}

#[test]
fn only_some_roles_may_send_to_everyone() {
    let hub = local(HubSettings { broadcast_roles: vec![Role::Admin], ..HubSettings::default() });
    let (mut ada, mut bob) = (viewer(&hub, 1), admin(&hub, 2));
    ada.receive(r#"{"text":1}"#);
    assert_eq!(code(&waiting(&mut ada)[0]), "broadcast_forbidden");
    assert_eq!(waiting(&mut bob), [] as [Value; 0]);
    bob.receive(r#"{"text":1}"#);
    assert_eq!(waiting(&mut ada).len(), 1);
    // A changed role acts on the next frame.
    hub.set_role(user(2), Role::Editor, now());
    bob.receive(r#"{"text":2}"#);
    assert_eq!(code(&waiting(&mut bob)[1]), "broadcast_forbidden");
    // Other connections of the same user too.
    let mut late = hub.connect(member(2, Role::Admin), None).unwrap();
    late.receive(r#"{"text":3}"#);
    assert_eq!(waiting(&mut late).len(), 1);
}
