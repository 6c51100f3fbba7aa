//! WebSockets of the running program: its end, its log, and what is left after hours of rough clients.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use plinth_testing::Client;
use plinth_testing::socket::{Frame, Handshake, Socket, frame, opcode};
use serde_json::json;

use crate::support::{CHEAP, PATIENCE, Server, folder};

/// How many connections a user may have in the soak.
const MOST: usize = 40;
/// How much more memory the program may hold after the soak than before it, in KiB: what allocators keep, not what a
/// connection would leave behind.
const MEMORY_SLACK: u64 = 48 * 1024;

fn address(server: &Server) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], server.port))
}

#[test]
fn sigterm_closes_them_with_1001() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[CHEAP]);
    let ada = server.sign_up("ada@example.com");
    let mut sockets: Vec<_> = (0..5).map(|_| Socket::connect(address(&server), ada.token())).collect();
    sockets[0].send(&json!({"n": 1}));
    for socket in &mut sockets {
        assert_eq!(socket.json()["n"], 1);
    }
    let told = Instant::now();
    server.signal("TERM");
    for socket in &mut sockets {
        socket.expect_close(1001);
    }
    assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
    assert!(told.elapsed() < Duration::from_secs(20), "{:?}", told.elapsed());
}

#[test]
fn tokens_are_in_no_log() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[CHEAP, ("LOG_LEVEL", "trace")]);
    let ada = server.sign_up("ada@example.com");
    let address = address(&server);
    let mut socket = Socket::connect(address, ada.token());
    socket.send(&json!({"text": "a secret message"}));
    socket.json();
    Handshake::new(address, "/api/ws").bearer(ada.token()).open().close(1000);
    let forged = format!("{}x", ada.token());
    Handshake::new(address, "/api/ws").offering(&forged).refused().expect(401);
    Handshake::new(address, "/api/ws").offering(ada.token()).bearer(ada.token()).refused().expect(400);
    Handshake::new(address, &format!("/api/ws?token={}", ada.token())).refused().expect(401);
    let both = format!("/api/ws?token={}", ada.token());
    Handshake::new(address, &both).bearer(ada.token()).refused().expect(422);
    socket.frame(opcode::BINARY, true, b"x");
    socket.expect_close(1003);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    let log = server.log().join("\n");
    assert!(log.contains("/api/ws"), "{log}");
    let signature = ada.token().rsplit_once('.').unwrap().1;
    assert!(!log.contains(signature), "a token is in the log");
    assert!(!log.contains("a secret message"), "a message is in the log");
}

/// How long rough clients go on, in seconds: `PLINTH_SOAK_SECONDS`.
fn soak() -> Duration {
    let seconds = std::env::var("PLINTH_SOAK_SECONDS").map_or(20, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds)
}

#[test]
fn nothing_is_left_of_rough_clients() {
    let folder = folder();
    let most = MOST.to_string();
    let variables = [
        CHEAP,
        ("WS_MAX_CONNECTIONS_PER_USER", most.as_str()),
        ("WS_MAX_FRAMES_PER_SECOND", "200"),
        ("LOG_LEVEL", "warn"),
    ];
    let mut server = Server::start(folder.path(), &variables);
    let users: Vec<Client> = (0..4).map(|n| server.sign_up(&format!("user{n}@example.com"))).collect();
    let address = address(&server);
    // Once round, so that everything that stays has been made.
    go_wild(address, &users, Duration::from_secs(3));
    assert_all_places_are_free(address, &users);
    let (memory, descriptors) = (memory(server.pid()), descriptors(server.pid()));

    let opened = go_wild(address, &users, soak());
    assert!(opened > 200, "only {opened} connections");
    assert_all_places_are_free(address, &users);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (memory_now, descriptors_now) = (self::memory(server.pid()), self::descriptors(server.pid()));
        if memory_now < memory + MEMORY_SLACK && descriptors_now <= descriptors + 4 {
            eprintln!("{opened} connections; {memory} KiB before, {memory_now} KiB after");
            break;
        }
        assert!(
            Instant::now() < deadline,
            "after {opened} connections: {memory_now} KiB, {descriptors_now} descriptors; before: {memory} KiB, {descriptors}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
    let log = server.log().join("\n");
    assert!(!log.contains("panic") && !log.contains("ERROR"), "{log}");
}

/// Connects in every way that a client should not, for that long. Says how many connections were let in.
fn go_wild(address: SocketAddr, users: &[Client], time: Duration) -> usize {
    let (opened, kept) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let end = Instant::now() + time;
    let connect = |user: &Client| {
        let socket = Handshake::new(address, "/api/ws").offering(user.token()).send().ok()?;
        opened.fetch_add(1, Ordering::Relaxed);
        Some(socket)
    };
    let again = |act: &dyn Fn()| {
        while Instant::now() < end {
            act();
        }
    };
    std::thread::scope(|scope| {
        let (connect, again, kept, opened) = (&connect, &again, &kept, &opened);
        // Comes and goes, in order and out of it.
        scope.spawn(move || {
            again(&|| {
                let Some(mut socket) = connect(&users[0]) else { return };
                socket.send(&json!({"join": "lobby"}));
                let _ = socket.next_frame();
                if opened.load(Ordering::Relaxed).is_multiple_of(2) {
                    socket.close(1000);
                    while socket.next_frame() != Frame::End {}
                }
            });
        });
        // Is gone before it is let in.
        scope.spawn(move || {
            again(&|| {
                drop(Handshake::new(address, "/api/ws").offering(users[0].token()).dispatch());
                std::thread::sleep(Duration::from_millis(20));
            });
        });
        // Talks a lot to everybody, and reads what it gets.
        scope.spawn(move || {
            let filler = "x".repeat(30_000);
            again(&|| {
                let Some(mut socket) = connect(&users[1]) else { return };
                while Instant::now() < end {
                    let sent = frame(opcode::TEXT, true, json!({"filler": filler}).to_string().as_bytes());
                    if socket.raw(&sent).is_err()
                        || matches!(socket.next_frame(), Frame::Close(..) | Frame::End)
                    {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(8));
                }
            });
        });
        // Reads nothing of it.
        for _ in 0..3 {
            scope.spawn(move || {
                again(&|| {
                    let slow = connect(&users[2]);
                    std::thread::sleep(
                        Duration::from_secs(4).min(end.saturating_duration_since(Instant::now())),
                    );
                    drop(slow);
                });
            });
        }
        // Sends too much: at once, piece by piece, or without an end.
        scope.spawn(move || {
            let large = frame(opcode::TEXT, true, &[b'x'; 100_000]);
            let part = frame(opcode::CONTINUATION, false, &[b'x'; 30_000]);
            let begin = frame(opcode::TEXT, false, b"{");
            let endless =
                [&[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4][..], &[b'x'; 1 << 20][..]].concat();
            let flood = frame(opcode::PING, true, b"x").repeat(2_000);
            again(&|| {
                for bytes in [&large, &[begin.clone(), part.repeat(4)].concat(), &endless, &flood] {
                    let Some(mut socket) = connect(&users[3]) else { return };
                    // It is cut off within.
                    let _ = socket.raw(bytes);
                    while !matches!(socket.next_frame(), Frame::Close(..) | Frame::End) {}
                }
            });
        });
        // Says nothing, answers nothing, and stays; or has not even finished asking.
        scope.spawn(move || {
            again(&|| {
                let mut kept = kept.lock().unwrap();
                if kept.len() < MOST / 2 {
                    kept.extend(connect(&users[3]).map(|mut socket| {
                        socket.ignore_pings();
                        let _ = socket.raw(&frame(opcode::TEXT, false, b"{\"half\":")[..8]);
                        socket
                    }));
                }
                drop(kept);
                let mut half = std::net::TcpStream::connect(address).unwrap();
                half.write_all(b"GET /api/ws HTTP/1.1\r\nHost: x\r\nUpgr").unwrap();
                std::thread::sleep(Duration::from_millis(200));
            });
        });
    });
    opened.into_inner()
}

/// Each user can open as many as it may: so none of the places is taken.
fn assert_all_places_are_free(address: SocketAddr, users: &[Client]) {
    for user in users {
        let deadline = Instant::now() + PATIENCE;
        let ask = Handshake::new(address, "/api/ws").offering(user.token());
        loop {
            let sockets: Vec<_> = (0..MOST).map_while(|_| ask.send().ok()).collect();
            if sockets.len() == MOST {
                ask.refused().expect_problem(429, "too_many_connections");
                break;
            }
            assert!(Instant::now() < deadline, "room for {} only", sockets.len());
            drop(sockets);
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// The resident memory of a process, in KiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// How many files and sockets a process has open.
fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}
