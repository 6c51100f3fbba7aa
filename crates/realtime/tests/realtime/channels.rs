//! Who is in which channel.

use std::sync::Arc;

use plinth_domain::{Role, UserId};
use plinth_realtime::{ChannelPolicy, Event, HubSettings, StandardChannels};
use serde_json::{Value, json};

use crate::support::{account, code, hub, local, member, user, viewer, waiting};

const NOTHING: [Value; 0] = [];

#[test]
fn members_get_what_a_member_sends_themselves_among_them() {
    let hub = hub();
    let (mut ada, mut bob, mut eve) = (viewer(&hub, 1), viewer(&hub, 2), viewer(&hub, 3));
    for link in [&mut ada, &mut bob] {
        link.receive(r#"{"join":"kitchen \"1\""}"#);
        assert_eq!(waiting(link), [json!({ "joined": "kitchen \"1\"" })]);
    }
    ada.receive(r#"{"channel":"kitchen \"1\"","text":"hi"}"#);
    let expected = json!({ "channel": "kitchen \"1\"", "text": "hi", "from": user(1).to_string() });
    assert_eq!(waiting(&mut ada), std::slice::from_ref(&expected));
    assert_eq!(waiting(&mut bob), [expected]);
    assert_eq!(waiting(&mut eve), NOTHING);
    eve.receive(r#"{"channel":"kitchen \"1\""}"#);
    assert_eq!(code(&waiting(&mut eve)[0]), "not_a_member");
}

#[test]
fn joining_and_leaving_twice_is_answered_twice_and_counts_once() {
    let hub = hub();
    let mut ada = viewer(&hub, 1);
    for _ in 0..2 {
        ada.receive(r#"{"join":"a"}"#);
    }
    ada.receive(r#"{"channel":"a"}"#);
    assert_eq!(waiting(&mut ada).len(), 3);
    for _ in 0..2 {
        ada.receive(r#"{"leave":"a"}"#);
    }
    assert_eq!(waiting(&mut ada), [json!({ "left": "a" }), json!({ "left": "a" })]);
    ada.receive(r#"{"channel":"a"}"#);
    assert_eq!(code(&waiting(&mut ada)[0]), "not_a_member");
}

#[test]
fn membership_is_the_connections_not_the_users() {
    let hub = hub();
    let (phone, mut laptop) = (viewer(&hub, 1), viewer(&hub, 1));
    phone.receive(r#"{"join":"a"}"#);
    laptop.receive(r#"{"channel":"a"}"#);
    assert_eq!(code(&waiting(&mut laptop)[0]), "not_a_member");
    drop(phone);
    laptop.receive(r#"{"join":"a"}"#);
    laptop.receive(r#"{"channel":"a"}"#);
    assert_eq!(waiting(&mut laptop).len(), 2);
}

#[test]
fn a_connection_is_in_so_many_channels_at_most() {
    let hub = local(HubSettings { max_channels: 2, ..HubSettings::default() });
    let mut ada = viewer(&hub, 1);
    for name in ["a", "b", "c", "a"] {
        ada.receive(&json!({ "join": name }).to_string());
    }
    let got = waiting(&mut ada);
    assert_eq!(code(&got[2]), "too_many_channels");
    assert_eq!(got[3], json!({ "joined": "a" }));
    ada.receive(r#"{"leave":"a"}"#);
    ada.receive(r#"{"join":"c"}"#);
    assert_eq!(waiting(&mut ada)[1], json!({ "joined": "c" }));
}

#[test]
fn the_standard_rules() {
    let rules = StandardChannels;
    let own = format!("user.{}", user(1));
    for (role, name, may) in [
        (Role::Viewer, own.as_str(), true),
        (Role::Viewer, &*format!("user.{}", user(2)), false),
        (Role::Editor, &*format!("user.{}", user(2)), false),
        (Role::Admin, &*format!("user.{}", user(2)), true),
        (Role::Viewer, "role.viewer", true),
        (Role::Viewer, "role.editor", false),
        (Role::Editor, "role.viewer", true),
        (Role::Editor, "role.editor", true),
        (Role::Editor, "role.admin", false),
        (Role::Admin, "role.admin", true),
        (Role::Viewer, "anything", true),
        (Role::Viewer, "user", true),
        (Role::Admin, "user.", false),
        (Role::Admin, "user.me", false),
        (Role::Admin, "role.root", false),
        (Role::Admin, "role.Admin", false),
    ] {
        assert_eq!(rules.may_join(user(1), role, name), may, "{role} {name}");
    }
}

#[test]
fn a_project_brings_rules_of_its_own() {
    struct Even;
    impl ChannelPolicy for Even {
        fn may_join(&self, user: UserId, _: Role, channel: &str) -> bool {
            channel == "even" && user.uuid().as_u128().is_multiple_of(2)
        }
    }
    let hub = local(HubSettings { policy: Arc::new(Even), ..HubSettings::default() });
    let (mut one, mut two) = (viewer(&hub, 1), viewer(&hub, 2));
    for link in [&mut one, &mut two] {
        link.receive(r#"{"join":"even"}"#);
    }
    assert_eq!(code(&waiting(&mut one)[0]), "channel_forbidden");
    assert_eq!(waiting(&mut two), [json!({ "joined": "even" })]);
}

#[test]
fn a_demoted_user_is_out_of_the_channels_of_the_old_role() {
    let hub = hub();
    let mut ada = hub.connect(member(1, Role::Editor), None).unwrap();
    let mut bob = hub.connect(member(2, Role::Editor), None).unwrap();
    for link in [&mut ada, &mut bob] {
        link.receive(r#"{"join":"role.editor"}"#);
        link.receive(r#"{"join":"open"}"#);
        assert_eq!(waiting(link).len(), 2);
    }
    hub.publish(Event::user_updated(&account(1, Role::Viewer)));
    assert_eq!(waiting(&mut ada)[0]["event"], "user.updated");
    bob.receive(r#"{"channel":"role.editor"}"#);
    assert_eq!(waiting(&mut ada), NOTHING);
    ada.receive(r#"{"channel":"role.editor"}"#);
    assert_eq!(code(&waiting(&mut ada)[0]), "not_a_member");
    ada.receive(r#"{"join":"role.editor"}"#);
    assert_eq!(code(&waiting(&mut ada)[0]), "channel_forbidden");
    ada.receive(r#"{"channel":"open"}"#);
    assert_eq!(waiting(&mut ada).len(), 1);
}
