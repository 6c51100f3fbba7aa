//! Which role counts, where what says so comes in the wrong order, and a policy that fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plinth_domain::{Role, UserId};
use plinth_realtime::{ChannelPolicy, Event, HubSettings, Member};
use serde_json::json;

use crate::support::{account, admin, code, event, hub, local, member, now, user, viewer, waiting};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_role_that_was_read_before_a_change_does_not_undo_it() {
    let hub = hub();
    let mut ada = admin(&hub, 1);
    let mut demoted = account(1, Role::Viewer);
    demoted.updated_at = now().plus(SECOND);
    hub.publish(Event::user_updated(&demoted));
    assert_eq!(waiting(&mut ada).len(), 1);
    hub.set_role(user(1), Role::Admin, demoted.updated_at.minus(Duration::from_micros(1)));
    hub.publish(event(9, "unseen"));
    assert_eq!(waiting(&mut ada).len(), 0);
    hub.set_role(user(1), Role::Editor, demoted.updated_at.next());
    hub.publish(event(9, "seen"));
    assert_eq!(waiting(&mut ada).len(), 1);
    // The event of a change before that, on its way over the bus.
    hub.publish(Event::user_updated(&demoted));
    hub.publish(event(9, "seen too"));
    assert_eq!(waiting(&mut ada).len(), 2);
}

#[test]
fn who_was_demoted_while_connecting_comes_in_demoted() {
    let hub = hub();
    let read = member(1, Role::Admin);
    let mut demoted = account(1, Role::Viewer);
    demoted.updated_at = read.at.plus(SECOND);
    hub.publish(Event::user_updated(&demoted));
    let mut ada = hub.connect(read, None).unwrap();
    hub.publish(event(9, "unseen"));
    assert_eq!(waiting(&mut ada).len(), 0);
    ada.receive(r#"{"join":"role.admin"}"#);
    assert_eq!(code(&waiting(&mut ada)[0]), "channel_forbidden");
    // Also where another connection has it from the database alone.
    let at = demoted.updated_at.plus(SECOND);
    let mut newer = hub.connect(Member { at, ..member(1, Role::Editor) }, None).unwrap();
    let mut older = hub.connect(read, None).unwrap();
    hub.publish(event(9, "seen"));
    for link in [&mut ada, &mut newer, &mut older] {
        assert_eq!(waiting(link).len(), 1);
        link.receive(r#"{"join":"role.admin"}"#);
        assert_eq!(code(&waiting(link)[0]), "channel_forbidden");
    }
}

#[test]
fn who_was_deleted_while_connecting_is_out() {
    let hub = hub();
    let read = member(1, Role::Viewer);
    hub.publish(event(1, "before"));
    let mut deleted = account(1, Role::Viewer);
    deleted.updated_at = read.at.plus(SECOND);
    hub.publish(Event::user_deleted(&deleted));
    let mut ada = hub.connect(read, Some(1)).unwrap();
    assert_eq!(waiting(&mut ada), [json!(4401)]);
    assert_eq!(hub.connections(), 0);
    // Who is restored has another version.
    let at = deleted.updated_at.next();
    let mut ada = hub.connect(Member { at, ..read }, None).unwrap();
    assert_eq!(waiting(&mut ada).len(), 0);
}

/// Panics at one name, and at another for viewers.
struct Broken(AtomicUsize);

impl ChannelPolicy for Broken {
    fn may_join(&self, _: UserId, role: Role, channel: &str) -> bool {
        if channel == "bad" || channel == "editors" && role == Role::Viewer {
            self.0.fetch_add(1, Ordering::SeqCst);
            panic!("asked about {channel}");
        }
        true
    }
}

#[test]
fn a_policy_that_panics_says_no() {
    let policy = Arc::new(Broken(AtomicUsize::new(0)));
    let hub = local(HubSettings { policy: policy.clone(), ..HubSettings::default() });
    let (mut ada, bob) = (viewer(&hub, 1), admin(&hub, 2));
    ada.receive(r#"{"join":"bad"}"#);
    assert_eq!(code(&waiting(&mut ada)[0]), "channel_forbidden");
    bob.receive(r#"{"join":"editors"}"#);
    hub.set_role(user(2), Role::Viewer, now().plus(SECOND));
    bob.receive(r#"{"channel":"editors"}"#);
    let mut bob = bob;
    assert_eq!(code(waiting(&mut bob).last().unwrap()), "not_a_member");
    assert_eq!(policy.0.load(Ordering::SeqCst), 2);
    ada.receive(r#"{"text":"still here"}"#);
    assert_eq!(waiting(&mut bob).len(), 1);
}
