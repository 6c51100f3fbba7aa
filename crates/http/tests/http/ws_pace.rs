//! The pace of a WebSocket: who sends too fast, reads too slowly, or says nothing at all.

use std::io::Write;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use plinth_auth::SystemEntropy;
use plinth_domain::{Clock, Item, ItemId, SystemClock, Title};
use plinth_realtime::{Event, Hub, HubSettings};
use plinth_testing::socket::{Frame, Socket, frame, opcode};
use plinth_testing::{TestApp, TestDb};
use serde_json::{Value, json};

use crate::ws_wire::wait_for_connections;

fn start() -> TestApp {
    TestApp::start(TestDb::sqlite())
}

/// One where nobody is refused for the number of their frames, or the bytes.
fn start_unhurried() -> TestApp {
    let settings =
        HubSettings { user_bytes_per_second: u32::MAX, user_burst_bytes: u32::MAX, ..HubSettings::default() };
    let hub = Hub::local(settings, Arc::new(SystemClock));
    TestApp::start_as(TestDb::sqlite(), |setup| {
        setup.settings.ws_frames_per_second = 1_000_000;
        setup.hub = Some(hub);
    })
}

#[test]
fn too_many_frames_close_with_1008() {
    let app = start();
    let ada = app.viewer("ada");
    // Messages cost more than others: on a busy machine 50 a second may be as many as can be taken.
    let strict = TestApp::start_with(TestDb::sqlite(), |settings| settings.ws_frames_per_second = 5);
    let bob = strict.viewer("bob");
    let floods: [(&str, Vec<u8>); 4] = [
        ("messages", frame(opcode::TEXT, true, br#"{"leave":"x"}"#)),
        ("pings", frame(opcode::PING, true, b"")),
        ("pongs", frame(opcode::PONG, true, b"")),
        ("fragments", frame(opcode::CONTINUATION, false, b"")),
    ];
    for (what, flood) in floods {
        let (app, user) = if what == "messages" { (&strict, &bob) } else { (&app, &ada) };
        let mut socket = Socket::connect(app.address(), user.token());
        if what == "fragments" {
            socket.frame(opcode::TEXT, false, b"");
        }
        // As many at once as ten seconds allow.
        socket.raw(&flood.repeat(600)).unwrap();
        let code = loop {
            match socket.next_frame() {
                Frame::Close(code, _) => break code,
                Frame::End => panic!("{what}: no close frame"),
                _ => {}
            }
        };
        assert_eq!(code, 1008, "{what}");
    }
}

#[test]
fn a_burst_of_100_frames_passes() {
    let app = start();
    let ada = app.viewer("ada");
    let mut socket = Socket::connect(app.address(), ada.token());
    socket.raw(&frame(opcode::TEXT, true, br#"{"leave":"x"}"#).repeat(100)).unwrap();
    for _ in 0..100 {
        assert_eq!(socket.json(), json!({"left": "x"}));
    }
    // And it is refilled.
    std::thread::sleep(Duration::from_secs(1));
    socket.raw(&frame(opcode::TEXT, true, br#"{"leave":"x"}"#).repeat(25)).unwrap();
    for _ in 0..25 {
        assert_eq!(socket.json(), json!({"left": "x"}));
    }
}

#[test]
fn pings_keep_who_answers_and_drop_who_does_not() {
    const INTERVAL: Duration = Duration::from_secs(1);
    let app = TestApp::start_with(TestDb::sqlite(), |settings| settings.ws_ping_interval = INTERVAL);
    let ada = app.viewer("ada");
    let mut alive = Socket::connect(app.address(), ada.token());
    let reader = std::thread::spawn(move || {
        // Reads on, and so answers pings, for many intervals.
        assert_eq!(alive.next_within(INTERVAL * 7), None);
        alive
    });
    let mut dead = Socket::connect(app.address(), ada.token());
    dead.ignore_pings();
    // Answered once, and never again.
    let Frame::Ping(payload) = dead.next_frame() else { panic!("no ping") };
    dead.frame(opcode::PONG, true, &payload);
    assert!(matches!(dead.next_frame(), Frame::Ping(_)));
    let first_missed = Instant::now();
    while app.hub.connections() > 1 {
        // Generous: the machine may be busy.
        assert!(first_missed.elapsed() < INTERVAL * 2 + Duration::from_secs(3), "it is still there");
        std::thread::sleep(Duration::from_millis(5));
    }
    loop {
        match dead.next_frame() {
            Frame::Ping(_) => {}
            Frame::End => break,
            other => panic!("{other:?}"),
        }
    }
    let mut alive = reader.join().unwrap();
    assert!(alive.pings() >= 3, "{} pings", alive.pings());
    assert_eq!(app.hub.connections(), 1);
    alive.send(&json!({"still": "here"}));
    assert_eq!(alive.json()["still"], "here");
}

/// It reads nothing, and what it sends would have to be answered.
#[test]
fn a_peer_that_pings_and_reads_nothing_is_dropped() {
    let app = TestApp::start_with(TestDb::sqlite(), |settings| {
        settings.ws_frames_per_second = 1_000_000;
        settings.ws_ping_interval = Duration::from_millis(300);
    });
    let ada = app.viewer("ada");
    let socket = Socket::connect(app.address(), ada.token());
    let mut stream = socket.stream().try_clone().unwrap();
    let flood = frame(opcode::PING, true, &[b'x'; 125]).repeat(500);
    let began = Instant::now();
    // Until nothing goes any more, because it was hung up.
    while stream.write_all(&flood).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(60), "it is served for ever");
    }
    wait_for_connections(&app, 0, Duration::from_secs(10));
    drop(socket);
}

#[test]
fn a_slow_consumer_is_closed_and_the_others_get_everything() {
    const MESSAGES: usize = 1_000;
    const READERS: usize = 3;
    let app = start_unhurried();
    let ada = app.viewer("ada");
    let connect = || Socket::connect(app.address(), ada.token());
    let (mut slow, mut sender) = (connect(), connect());
    let (got, told) = mpsc::channel();
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let (mut socket, got) = (connect(), got.clone());
            std::thread::spawn(move || {
                for n in 0..MESSAGES {
                    assert_eq!(socket.json()["n"], n);
                    got.send(n).unwrap();
                }
            })
        })
        .collect();
    let filler = "y".repeat(60_000);
    let mut sent = 0;
    while sent < MESSAGES {
        sender.send(&json!({"n": sent, "filler": filler}));
        assert_eq!(sender.json()["n"], sent);
        // On a machine that is busy with other things they would be slow consumers too.
        for _ in 0..READERS {
            assert_eq!(told.recv_timeout(Duration::from_secs(30)).unwrap(), sent);
        }
        sent += 1;
    }
    for reader in readers {
        reader.join().unwrap();
    }
    // Its place is free, whether it reads or not.
    wait_for_connections(&app, 1, Duration::from_secs(30));
    // It learns why, if it reads in time. What it gets before has no gap.
    let mut next = 0;
    loop {
        match slow.next_frame() {
            Frame::Text(text) => {
                assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["n"], next);
                next += 1;
            }
            Frame::Close(code, _) => break assert_eq!(code, 1013),
            Frame::End => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(next < MESSAGES, "nothing was dropped");
}

/// Closed by its small queue before the buffers are full: then there is room for the reason.
#[test]
fn a_slow_consumer_is_told_1013() {
    let settings = HubSettings { queue: 2, ..HubSettings::default() };
    let hub = Hub::local(settings, Arc::new(SystemClock));
    let app = TestApp::start_as(TestDb::sqlite(), |setup| setup.hub = Some(hub));
    let ada = app.viewer("ada");
    let now = SystemClock.now();
    let item = Item {
        id: ItemId::new(now, &SystemEntropy),
        owner_id: ada.id().parse().unwrap(),
        title: Title::parse("Amber lamp").unwrap(),
        description: None,
        price: None,
        created_at: now,
        updated_at: now,
    };
    let mut slow = Socket::connect(app.address(), ada.token());
    let deadline = Instant::now() + Duration::from_secs(30);
    // Faster than any connection is served.
    while app.hub.connections() > 0 {
        assert!(Instant::now() < deadline);
        app.hub.publish(Event::item_updated(&item));
    }
    slow.expect_close(1013);
}
