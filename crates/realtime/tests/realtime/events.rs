//! Who gets which event, and what is there for those who resume.

use std::sync::Arc;
use std::time::Duration;

use plinth_domain::{Clock, Role};
use plinth_realtime::{Event, Hub, HubSettings};
use plinth_testing::TestClock;
use serde_json::{Value, json};

use crate::support::{
    account, admin, event, hub, is_resync, item, local, member, now, seq, title, titles, user, viewer,
    waiting,
};

const NOTHING: [Value; 0] = [];

#[test]
fn an_item_is_for_its_owner_editors_and_administrators() {
    let hub = hub();
    let (mut owner, mut other) = (viewer(&hub, 1), viewer(&hub, 2));
    let mut editor = hub.connect(member(3, Role::Editor), None).unwrap();
    let mut root = admin(&hub, 4);
    let item = item(1, "lamp");
    for (name, event) in [
        ("item.created", Event::item_created(&item)),
        ("item.updated", Event::item_updated(&item)),
        ("item.deleted", Event::item_deleted(&item)),
    ] {
        hub.publish(event);
        let mut item = item.clone();
        if name == "item.deleted" {
            // Later than whatever says that it is still there.
            item.updated_at = item.updated_at.next();
        }
        let got = waiting(&mut owner);
        let expected = json!({ "event": name, "item": item, "seq": seq(&got[0]) });
        assert_eq!(got, std::slice::from_ref(&expected));
        assert_eq!(waiting(&mut editor), std::slice::from_ref(&expected));
        assert_eq!(waiting(&mut root), [expected]);
        assert_eq!(waiting(&mut other), NOTHING);
    }
}

#[test]
fn a_user_is_for_that_user_and_administrators() {
    let hub = hub();
    let (mut one, mut other) = (viewer(&hub, 1), viewer(&hub, 2));
    let mut editor = hub.connect(member(3, Role::Editor), None).unwrap();
    let mut root = admin(&hub, 4);
    let account = account(1, Role::Viewer);
    hub.publish(Event::user_updated(&account));
    let got = waiting(&mut one);
    assert_eq!(got, [json!({ "event": "user.updated", "user": account, "seq": seq(&got[0]) })]);
    assert_eq!(waiting(&mut root), got);
    assert_eq!(waiting(&mut editor), NOTHING);
    assert_eq!(waiting(&mut other), NOTHING);
}

#[test]
fn a_changed_role_counts_from_the_event_that_says_so() {
    let hub = hub();
    let mut ada = admin(&hub, 1);
    hub.publish(event(9, "seen"));
    let mut demoted = account(1, Role::Viewer);
    hub.publish(Event::user_updated(&demoted));
    hub.publish(event(9, "unseen"));
    hub.publish(event(1, "own"));
    let got = waiting(&mut ada);
    assert_eq!(
        (title(&got[0]), got[1]["user"]["role"].as_str(), title(&got[2])),
        ("seen", Some("viewer"), "own")
    );
    // An older change that comes later changes nothing.
    let mut older = account(1, Role::Admin);
    older.updated_at = demoted.updated_at.minus(Duration::from_micros(1));
    hub.publish(Event::user_updated(&older));
    hub.publish(event(9, "unseen"));
    assert_eq!(waiting(&mut ada).len(), 1);
    demoted.role = Role::Editor;
    demoted.updated_at = demoted.updated_at.next();
    hub.publish(Event::user_updated(&demoted));
    hub.publish(event(9, "seen again"));
    assert_eq!(title(&waiting(&mut ada)[1]), "seen again");
}

#[test]
fn numbers_grow_whatever_the_clock_does() {
    let clock = TestClock::default();
    let start = clock.now();
    clock.stand_at(start);
    let hub = Hub::local(HubSettings::default(), Arc::new(clock.clone()));
    let mut ada = viewer(&hub, 1);
    let mut last = u64::try_from(start.micros()).unwrap();
    for back in [0, 0, 1, 3_600] {
        clock.stand_at(start.minus(Duration::from_secs(back)));
        hub.publish(event(1, "a"));
        let now = seq(&waiting(&mut ada)[0]);
        assert_eq!(now, last + 1);
        last = now;
    }
    clock.stand_at(start.plus(Duration::from_secs(1)));
    hub.publish(event(1, "a"));
    assert_eq!(seq(&waiting(&mut ada)[0]), u64::try_from(start.micros()).unwrap() + 1_000_000);
    assert!(last < 1 << 53);
}

#[test]
fn who_resumes_gets_what_was_missed_and_then_what_happens() {
    let hub = hub();
    let mut ada = viewer(&hub, 1);
    hub.publish(event(1, "a"));
    let since = seq(&waiting(&mut ada)[0]);
    drop(ada);
    hub.publish(event(1, "b"));
    hub.publish(event(2, "not yours"));
    hub.publish(event(1, "c"));
    let mut ada = hub.connect(member(1, Role::Viewer), Some(since)).unwrap();
    hub.publish(event(1, "d"));
    let got = waiting(&mut ada);
    assert_eq!(titles(&got), ["b", "c", "d"]);
    let mut up_to_date = hub.connect(member(1, Role::Viewer), Some(seq(&got[2]))).unwrap();
    assert_eq!(waiting(&mut up_to_date), NOTHING);
    // In a gap between numbers too.
    let mut between = hub.connect(member(1, Role::Viewer), Some(seq(&got[1]) + 1)).unwrap();
    assert_eq!(waiting(&mut between).len(), if seq(&got[2]) == seq(&got[1]) + 1 { 0 } else { 1 });
}

#[test]
fn who_resumes_from_what_is_not_known_is_told_to_resync() {
    let hub = local(HubSettings { log_events: 3, ..HubSettings::default() });
    let mut ada = viewer(&hub, 1);
    for name in ["a", "b", "c", "d", "e"] {
        hub.publish(event(1, name));
    }
    let seqs: Vec<u64> = waiting(&mut ada).iter().map(seq).collect();
    for unknown in [0, 1, seqs[0], seqs[4] + 1_000_000_000, u64::MAX] {
        let mut link = hub.connect(member(1, Role::Viewer), Some(unknown)).unwrap();
        assert_eq!(waiting(&mut link), [json!({ "event": "resync", "seq": seqs[4] })], "{unknown}");
    }
    let mut link = hub.connect(member(1, Role::Viewer), Some(seqs[1])).unwrap();
    assert_eq!(titles(&waiting(&mut link)), ["c", "d", "e"]);
}

#[test]
fn the_log_is_bounded_in_bytes_too() {
    let hub = local(HubSettings { log_bytes: 2_000, ..HubSettings::default() });
    let mut ada = viewer(&hub, 1);
    for _ in 0..20 {
        hub.publish(event(1, "a"));
    }
    let got = waiting(&mut ada);
    let length = got[0].to_string().len();
    let mut known = 0;
    for since in got.iter().map(seq) {
        let mut link = hub.connect(member(1, Role::Viewer), Some(since)).unwrap();
        known += usize::from(!waiting(&mut link).first().is_some_and(is_resync));
        drop(link);
    }
    // One more is known than is kept: after the newest nothing is missing.
    assert!(known >= 2 && known <= 2_000 / length + 1, "{known} of {length} bytes");
}

#[test]
fn more_can_be_missed_than_fits_the_queue() {
    let hub = local(HubSettings { queue: 4, ..HubSettings::default() });
    let mut ada = viewer(&hub, 1);
    hub.publish(event(1, "first"));
    let since = seq(&waiting(&mut ada)[0]);
    drop(ada);
    for _ in 0..1_000 {
        hub.publish(event(1, "missed"));
    }
    let mut ada = hub.connect(member(1, Role::Viewer), Some(since)).unwrap();
    for _ in 0..4 {
        hub.publish(event(1, "live"));
    }
    let got = waiting(&mut ada);
    assert_eq!(got.len(), 1_004);
    assert!(got.is_sorted_by_key(seq) && title(&got[999]) == "missed" && title(&got[1_000]) == "live");
}

#[test]
fn a_demoted_user_is_not_sent_what_was_missed_under_the_old_role() {
    let hub = hub();
    let mut ada = admin(&hub, 1);
    hub.publish(event(1, "first"));
    let since = seq(&waiting(&mut ada)[0]);
    hub.publish(event(9, "others'"));
    hub.publish(event(1, "own"));
    let mut late = hub.connect(member(1, Role::Admin), Some(since)).unwrap();
    hub.set_role(user(1), Role::Viewer, now());
    assert_eq!(titles(&waiting(&mut late)), ["own"]);
}

#[test]
fn a_write_of_unknown_outcome_is_a_loss() {
    let hub = hub();
    let mut ada = viewer(&hub, 1);
    hub.publish(event(1, "before"));
    let since = seq(&waiting(&mut ada)[0]);
    hub.lost_an_event();
    let told = waiting(&mut ada);
    assert!(told.len() == 1 && is_resync(&told[0]) && seq(&told[0]) > since, "{told:?}");
    // Nor can anybody resume over it; from there on everybody can.
    let mut late = hub.connect(member(1, Role::Viewer), Some(since)).unwrap();
    assert!(is_resync(&waiting(&mut late)[0]));
    hub.publish(event(1, "after"));
    let mut later = hub.connect(member(1, Role::Viewer), Some(seq(&told[0]))).unwrap();
    assert_eq!(titles(&waiting(&mut later)), ["after"]);
}

#[test]
fn what_a_slow_consumer_missed_is_not_sent_after_the_close() {
    let hub = local(HubSettings { queue: 1, ..HubSettings::default() });
    let mut ada = viewer(&hub, 1);
    hub.publish(event(1, "first"));
    let since = seq(&waiting(&mut ada)[0]);
    hub.publish(event(1, "missed"));
    let mut late = hub.connect(member(1, Role::Viewer), Some(since)).unwrap();
    hub.publish(event(1, "b"));
    hub.publish(event(1, "c"));
    assert_eq!(waiting(&mut late), [json!(1013)]);
}
