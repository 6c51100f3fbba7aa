//! Who is let in, and how connections end.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use plinth_domain::Role;
use plinth_realtime::{CloseReason, Event, HubSettings, Member, Out, Refused};
use serde_json::json;

use crate::support::{
    account, admin, event, hub, is_resync, local, member, next, run, session, user, viewer, waiting,
};

#[test]
fn so_many_of_a_user_and_no_more() {
    let hub = local(HubSettings { max_per_user: 2, ..HubSettings::default() });
    let first = viewer(&hub, 1);
    let _second = viewer(&hub, 1);
    assert_eq!(hub.connect(member(1, Role::Admin), None).err(), Some(Refused::TooManyOfUser));
    let _other = viewer(&hub, 2);
    assert_eq!(hub.connections(), 3);
    drop(first);
    let _again = viewer(&hub, 1);
}

#[test]
fn so_many_of_an_address_and_no_more() {
    let hub = local(HubSettings { max_per_address: 2, ..HubSettings::default() });
    let mut next_user = 0;
    let mut connect = |address: Option<&str>| {
        next_user += 1;
        let address = address.map(|address| address.parse().unwrap());
        hub.connect(Member { address, ..member(next_user, Role::Viewer) }, None)
    };
    let first = connect(Some("192.0.2.1")).unwrap();
    let _mapped = connect(Some("::ffff:192.0.2.1")).unwrap();
    assert_eq!(connect(Some("192.0.2.1")).err(), Some(Refused::TooManyOfAddress));
    let _other = connect(Some("192.0.2.2")).unwrap();
    let _v6 = [connect(Some("2001:db8:1:2::1")).unwrap(), connect(Some("2001:db8:1:2:ffff::")).unwrap()];
    assert_eq!(connect(Some("2001:db8:1:2::3")).err(), Some(Refused::TooManyOfAddress));
    let _next_network = connect(Some("2001:db8:1:3::1")).unwrap();
    drop(first);
    let _again = connect(Some("192.0.2.1")).unwrap();
    let _unknown: Vec<_> = (0..5).map(|_| connect(None).unwrap()).collect();
}

#[test]
fn a_session_that_ends_takes_its_connections_along() {
    let hub = hub();
    let mut phone = hub.connect(Member { session: session(10), ..member(1, Role::Viewer) }, None).unwrap();
    let mut tab = hub.connect(Member { session: session(11), ..member(1, Role::Viewer) }, None).unwrap();
    let mut other_tab =
        hub.connect(Member { session: session(11), ..member(1, Role::Viewer) }, None).unwrap();
    let known: HashSet<_> = hub.sessions().into_iter().collect();
    assert_eq!((known.len(), hub.sessions().len()), (2, 2));
    hub.end_session(session(11));
    for link in [&mut tab, &mut other_tab] {
        // For as often as it is asked.
        assert_eq!(waiting(link), [json!(4401)]);
        assert_eq!(waiting(link), [json!(4401)]);
    }
    assert_eq!(waiting(&mut phone).len(), 0);
    assert_eq!(hub.sessions(), [(session(10), user(1))]);
    hub.end_sessions_of(user(1), None);
    assert_eq!(waiting(&mut phone), [json!(4401)]);
    assert_eq!(hub.connections(), 0);
}

#[test]
fn all_sessions_of_a_user_but_one_end() {
    let hub = hub();
    let of = |number, s| {
        hub.connect(Member { session: session(s), ..member(number, Role::Viewer) }, None).unwrap()
    };
    let (mut kept, mut ended, mut other) = (of(1, 10), of(1, 11), of(2, 12));
    hub.end_sessions_of(user(1), Some(session(10)));
    assert_eq!(waiting(&mut ended), [json!(4401)]);
    assert_eq!((waiting(&mut kept).len(), waiting(&mut other).len()), (0, 0));
}

#[test]
fn many_sessions_end_in_one_pass() {
    let hub = hub();
    let mut links: Vec<_> = (0..10_000).map(|number| viewer(&hub, number)).collect();
    let ended: HashSet<_> = (0..5_000).map(session).collect();
    let started = Instant::now();
    hub.end_sessions(&ended);
    // A pass for each would be fifty million steps.
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(hub.connections(), 5_000);
    assert_eq!(waiting(&mut links[4_999]), [json!(4401)]);
    assert_eq!(waiting(&mut links[5_000]).len(), 0);
}

#[test]
fn a_closed_connection_sends_and_gets_nothing_more() {
    let hub = hub();
    let (mut ada, mut bob) = (viewer(&hub, 1), viewer(&hub, 2));
    hub.end_sessions_of(user(1), None);
    ada.receive(r#"{"text":"still here"}"#);
    ada.receive(r#"{"join":"a"}"#);
    bob.receive(r#"{"text":"hello"}"#);
    assert_eq!(waiting(&mut bob).len(), 1);
    assert_eq!(waiting(&mut ada), [json!(4401)]);
}

#[test]
fn what_waits_is_sent_before_an_orderly_close() {
    let hub = hub();
    let mut ada = viewer(&hub, 1);
    ada.receive(r#"{"n":1}"#);
    hub.close_all(CloseReason::GoingAway);
    assert_eq!(waiting(&mut ada)[1], json!(1001));
    assert_eq!(hub.connections(), 0);
    assert_eq!(hub.connect(member(2, Role::Viewer), None).err(), Some(Refused::Closing));
}

#[test]
fn an_inactive_or_deleted_user_hears_of_it_and_is_gone() {
    let hub = hub();
    let (mut ada, mut bob, mut root) = (viewer(&hub, 1), viewer(&hub, 2), admin(&hub, 3));
    let mut inactive = account(1, Role::Viewer);
    inactive.is_active = false;
    hub.publish(Event::user_updated(&inactive));
    hub.publish(Event::user_deleted(&account(2, Role::Viewer)));
    let got = waiting(&mut ada);
    assert_eq!(
        (got[0]["event"].as_str(), &got[0]["user"]["is_active"]),
        (Some("user.updated"), &json!(false))
    );
    assert_eq!(got[1], json!(4401));
    let got = waiting(&mut bob);
    assert_eq!((got[0]["event"].as_str(), &got[1]), (Some("user.deleted"), &json!(4401)));
    assert_eq!(waiting(&mut root).len(), 2);
    assert_eq!(hub.connections(), 1);
}

#[test]
fn a_slow_reader_is_closed_and_slows_nobody() {
    let hub = local(HubSettings { queue: 3, ..HubSettings::default() });
    let (mut slow, mut quick) = (viewer(&hub, 1), viewer(&hub, 2));
    for n in 0..10 {
        quick.receive(&json!({ "n": n }).to_string());
        assert_eq!(waiting(&mut quick).len(), 1);
    }
    // What waited is gone at once: it would not be in order with what was lost.
    assert_eq!(waiting(&mut slow), [json!(1013)]);
    assert_eq!(hub.connections(), 1);
}

#[test]
fn a_client_that_asks_and_never_reads_is_slow_too() {
    let hub = local(HubSettings { queue: 3, ..HubSettings::default() });
    let mut ada = viewer(&hub, 1);
    for _ in 0..4 {
        ada.receive("nonsense");
    }
    assert_eq!(waiting(&mut ada), [json!(1013)]);
}

#[test]
fn a_stuck_send_hears_of_the_close() {
    run(async {
        let hub = local(HubSettings { queue: 1, ..HubSettings::default() });
        let (mut slow, mut ended) = (viewer(&hub, 1), viewer(&hub, 2));
        // As an endpoint whose write does not come back.
        let slow = tokio::spawn(async move { slow.closed().await });
        let started = Instant::now();
        let ended = tokio::spawn(async move { ended.closed().await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        hub.end_sessions_of(user(2), None);
        hub.publish(event(1, "a"));
        assert!(!slow.is_finished());
        hub.publish(event(1, "b"));
        assert_eq!(slow.await.unwrap(), CloseReason::SlowConsumer);
        assert!(started.elapsed() < Duration::from_secs(1));
        // Here there is time to send what waits.
        assert_eq!(ended.await.unwrap(), CloseReason::SessionEnded);
        assert!(started.elapsed() > Duration::from_secs(2));
    });
}

#[test]
fn a_waiting_reader_is_woken() {
    run(async {
        let hub = hub();
        let mut ada = viewer(&hub, 1);
        let reader = tokio::spawn(async move { (next(&mut ada).await, next(&mut ada).await) });
        tokio::time::sleep(Duration::from_millis(50)).await;
        hub.publish(event(1, "lamp"));
        tokio::time::sleep(Duration::from_millis(50)).await;
        hub.end_session(session(1));
        let (first, second) = reader.await.unwrap();
        assert_eq!(first["item"]["title"], "lamp");
        assert_eq!(second, json!(4401));
    });
}

#[test]
fn codes_and_reasons_fit_a_close_frame() {
    for (reason, code) in
        [(CloseReason::GoingAway, 1001), (CloseReason::SlowConsumer, 1013), (CloseReason::SessionEnded, 4401)]
    {
        assert_eq!(reason.code(), code);
        // RFC 6455 §5.5: 125 bytes, of which the code takes two.
        assert!(!reason.text().is_empty() && reason.text().len() <= 123);
    }
}

#[test]
fn receivers_share_one_text() {
    let hub = hub();
    let mut links = [viewer(&hub, 1), viewer(&hub, 2)];
    links[0].receive(r#"{"text":"a text that is long enough not to be kept in place"}"#);
    let [one, two] = links.each_mut().map(|link| match link.try_next() {
        Some(Out::Text(text)) => text.as_ptr(),
        other => panic!("{other:?}"),
    });
    assert_eq!(one, two);
}

#[test]
fn a_local_hub_has_no_bus_to_miss() {
    let hub = hub();
    assert!(!hub.is_degraded());
    let mut ada = hub.connect(member(1, Role::Viewer), Some(1)).unwrap();
    assert!(is_resync(&waiting(&mut ada)[0]));
}
