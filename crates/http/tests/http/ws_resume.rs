//! What a client that was away has missed, and gets when it comes back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plinth_domain::SystemClock;
use plinth_realtime::{Hub, HubSettings};
use plinth_testing::socket::{Frame, Socket};
use plinth_testing::{TestApp, TestDb, on_both};
use serde_json::{Value, json};

use crate::ws_events::first_seq;

const ITEMS: &str = "/api/items";

on_both! {
    fn who_comes_back_gets_what_was_missed(db) {
        const WRITERS: usize = 3;
        const EACH: usize = 40;
        // What is closed takes a moment to be noticed.
        let settings = HubSettings { max_per_user: 1_000, max_per_address: 1_000, ..HubSettings::default() };
        let hub = Hub::local(settings, Arc::new(SystemClock));
        let app = TestApp::start_as(db, |setup| setup.hub = Some(hub));
        let ada = app.viewer("ada");
        let mut last = first_seq(&app, &ada);
        let mut seen = Vec::new();
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let ada = &ada;
                scope.spawn(move || {
                    for n in 0..EACH {
                        ada.post(ITEMS, &json!({"title": format!("{writer} {n}")})).expect(201);
                    }
                });
            }
            let deadline = Instant::now() + Duration::from_secs(60);
            let mut round = 0;
            while seen.len() < WRITERS * EACH {
                assert!(Instant::now() < deadline, "{} came", seen.len());
                round += 1;
                let mut socket = Socket::resume(app.address(), ada.token(), last);
                // A few, then the connection is lost.
                for _ in 0..round % 7 {
                    let Some(frame) = socket.next_within(Duration::from_millis(50)) else { break };
                    let Frame::Text(text) = frame else { panic!("{frame:?}") };
                    let event: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(event["event"], "item.created", "{event}");
                    let seq = event["seq"].as_u64().unwrap();
                    assert!(seq > last, "{seq} after {last}");
                    last = seq;
                    seen.push(event["item"]["title"].as_str().unwrap().to_owned());
                }
            }
        });
        let distinct: BTreeSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), WRITERS * EACH, "nothing twice, nothing missing");
        for writer in 0..WRITERS {
            let theirs = seen.iter().filter(|title| title.starts_with(&format!("{writer} ")));
            assert!(theirs.eq((0..EACH).map(|n| format!("{writer} {n}")).collect::<Vec<_>>().iter()), "in order");
        }
        assert!(Socket::resume(app.address(), ada.token(), last).so_far().is_empty());
    }
}

#[test]
fn who_was_away_too_long_is_told_to_fetch_anew() {
    let settings = HubSettings { log_events: 3, ..HubSettings::default() };
    let hub = Hub::local(settings, Arc::new(SystemClock));
    let app = TestApp::start_as(TestDb::sqlite(), |setup| setup.hub = Some(hub));
    let ada = app.viewer("ada");
    let first = first_seq(&app, &ada);
    let mut titles = Vec::new();
    for n in 0..3 {
        ada.post(ITEMS, &json!({"title": n.to_string()})).expect(201);
        titles.push(n.to_string());
    }
    let told = Socket::resume(app.address(), ada.token(), first).so_far();
    assert_eq!(told.iter().map(|event| event["item"]["title"].as_str().unwrap()).collect::<Vec<_>>(), titles);
    ada.post(ITEMS, &json!({"title": "one more"})).expect(201);
    for since in [first, 0, 1, 9_007_199_254_740_991] {
        let mut socket = Socket::resume(app.address(), ada.token(), since);
        let frames = socket.so_far();
        assert_eq!(frames.len(), 1, "{frames:?}");
        assert_eq!(frames[0]["event"], "resync");
        // From there on it goes on as ever.
        let seq = frames[0]["seq"].as_u64().unwrap();
        ada.post(ITEMS, &json!({"title": "later"})).expect(201);
        let event = socket.json();
        assert!(event["seq"].as_u64().unwrap() > seq);
        let told = Socket::resume(app.address(), ada.token(), seq).so_far();
        assert_eq!(told, [event]);
    }
    // Nobody is told anything on a first connection.
    assert!(Socket::connect(app.address(), ada.token()).so_far().is_empty());
}

/// A message that came while events were missed does not come again: messages are not kept.
#[test]
fn messages_are_not_replayed() {
    let app = TestApp::start(TestDb::sqlite());
    let ada = app.viewer("ada");
    let first = first_seq(&app, &ada);
    let mut socket = Socket::connect(app.address(), ada.token());
    socket.send(&json!({"text": "hello"}));
    assert_eq!(socket.json()["text"], "hello");
    assert!(Socket::resume(app.address(), ada.token(), first).so_far().is_empty());
}
