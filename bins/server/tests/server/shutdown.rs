//! Signals while requests are in flight, and clients that take their time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::raw::{self, Lost, Reply, connect};
use crate::support::{CHEAP, PATIENCE, Server, folder};

const ACCOUNT: &str = r#"{"email": "ada@example.com", "password": "correct horse battery"}"#;

/// A registration whose body is sent up to its middle, and which the server has begun to read; and the other half.
fn half_a_registration(port: u16) -> (TcpStream, &'static str) {
    let mut stream = connect(port).unwrap();
    let length = ACCOUNT.len();
    let head = format!(
        "POST /api/auth/register HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {length}\r\n\
         Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    let (first, rest) = ACCOUNT.split_at(length / 2);
    stream.write_all(first.as_bytes()).unwrap();
    (stream, rest)
}

#[test]
fn a_request_in_flight_is_answered_after_either_signal() {
    for signal in ["TERM", "INT"] {
        let folder = folder();
        let mut server = Server::start(folder.path(), &[CHEAP]);
        let (mut stream, rest) = half_a_registration(server.port);
        server.signal(signal);
        let told = Instant::now();
        while connect(server.port).is_ok() {
            assert!(told.elapsed() < PATIENCE, "new connections are still taken");
            std::thread::sleep(Duration::from_millis(5));
        }
        stream.write_all(rest.as_bytes()).unwrap();
        let reply = Reply::read(&mut stream).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
        // It was not only answered, it was done.
        let server = Server::start(folder.path(), &[CHEAP]);
        server.sign_in("ada@example.com", "correct horse battery");
    }
}

#[test]
fn while_load_balancers_turn_away_new_requests_are_answered() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[CHEAP, ("SHUTDOWN_DELAY_SECONDS", "5")]);
    server.signal("TERM");
    server.wait_for_line("shutting down");
    server.client().get("/health/ready").expect(503);
    server.client().get("/health").expect(200);
    let ada = server.sign_up("ada@example.com");
    ada.get("/api/users/me").expect(200);
    assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
}

#[test]
fn a_second_signal_does_not_wait_for_requests() {
    for (first, second) in [("TERM", "TERM"), ("INT", "INT"), ("TERM", "INT")] {
        let folder = folder();
        let mut server = Server::start(folder.path(), &[CHEAP]);
        let (mut stream, rest) = half_a_registration(server.port);
        server.signal(first);
        server.wait_for_line("shutting down");
        let told = Instant::now();
        server.signal(second);
        assert_eq!(server.wait().code(), Some(1), "{:#?}", server.log());
        // A request may take 30 s to end; this did not.
        assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
        let _gone = stream.write_all(rest.as_bytes());
        assert_eq!(Reply::read(&mut stream).unwrap_err(), Lost::CutOff);
    }
}

/// The server has closed its port and waits for a write that waits for another process.
#[test]
fn a_second_signal_does_not_wait_for_the_database() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[CHEAP]);
    let token = server.sign_up("ada@example.com").token().to_owned();
    let file = folder.path().join("data/plinth.db");
    let mut other = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    let reply = raw::post(server.port, "/api/items", &token, &serde_json::json!({"title": "late"})).unwrap();
    assert_eq!(reply.status, 503, "{}", reply.body);
    server.signal("TERM");
    server.wait_for_line("shutting down");
    while connect(server.port).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(1), "{:#?}", server.log());
    // SQLite itself would have waited for 5 s.
    assert!(begun.elapsed() < Duration::from_millis(4800), "{:?}", begun.elapsed());
}

/// The head may take 10 s. (A body may take 30 s; that limit is tested in the HTTP crate, where it can be short.)
#[test]
fn a_head_that_never_ends_is_given_up() {
    let folder = folder();
    let server = Server::start(folder.path(), &[CHEAP]);
    let mut stream = connect(server.port).unwrap();
    let began = Instant::now();
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: 127").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
    let took = began.elapsed();
    assert!((5..20).contains(&took.as_secs()), "given up after {took:?}");
}

#[test]
fn a_body_may_have_a_mebibyte() {
    let folder = folder();
    let server = Server::start(folder.path(), &[CHEAP]);
    let client = server.client();
    let send = |size: usize| client.json_text("POST", "/api/auth/register", &" ".repeat(size));
    send(1024 * 1024).expect_problem(400, "malformed_json");
    send(1024 * 1024 + 1).expect_problem(413, "body_too_large");
}
