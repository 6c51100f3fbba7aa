//! Peers that hold a connection without ever completing a request.

use std::time::{Duration, Instant};

use plinth_http::HttpSettings;

use crate::support::{Client, LARGE, Server, hurried, start_with};

/// Sends a byte of a head now and then until the server closes; how long that took.
fn dribble(client: &mut Client) -> Duration {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(8) {
        std::thread::sleep(Duration::from_millis(40));
        if !client.try_write("x") {
            return begun.elapsed();
        }
    }
    panic!("the connection was never closed");
}

/// Whether a request on a new connection is answered. On a busy machine its head too may take too long.
fn answers(server: &Server) -> bool {
    let mut client = server.connect();
    client.try_write("GET /things HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        && client.read_to_end().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

#[test]
fn a_slow_first_head_is_given_up() {
    let server = start_with(hurried());
    let mut client = server.connect();
    client.write("GET /things HTTP/1.1\r\nhost: x\r\nx-");
    let took = dribble(&mut client);
    assert!(took >= Duration::from_millis(250), "{took:?}");
}

#[test]
fn a_slow_second_head_is_given_up_too() {
    let server = start_with(hurried());
    let mut client = server.connect();
    assert_eq!(client.send("GET", "/things", &[], "").status, 200);
    client.write("GET /things HTTP/1.1\r\nhost: x\r\nx-");
    let took = dribble(&mut client);
    // Keep-alive and head timeout together are 1300 ms.
    assert!(took >= Duration::from_millis(1250), "{took:?}");
}

#[test]
fn the_endless_rest_of_a_refused_body_is_given_up() {
    let server = start_with(hurried());
    let mut client = server.connect();
    client.write(
        "POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    assert_eq!(client.read(false).status, 415);
    let begun = Instant::now();
    while client.try_write("1\r\n \r\n") {
        assert!(begun.elapsed() < Duration::from_secs(8), "the connection was never closed");
        std::thread::sleep(Duration::from_millis(40));
    }
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let server = start_with(HttpSettings { keep_alive: Duration::from_millis(1500), ..hurried() });
    let mut busy = server.connect();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2500) {
        assert_eq!(busy.send("GET", "/things", &[], "").status, 200);
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(busy.read_to_end().unwrap_or_default(), "");
}

#[test]
fn a_slow_reader_gets_all_of_a_large_answer() {
    let server = start_with(hurried());
    let mut client = server.connect();
    client.write("GET /large HTTP/1.1\r\nhost: x\r\n\r\n");
    // Longer than keep-alive and head timeout together, more than once.
    let mut left = LARGE;
    while left > 0 {
        std::thread::sleep(Duration::from_millis(1400));
        left = left.saturating_sub(LARGE / 4);
        assert_eq!(client.read_some(LARGE / 4), LARGE / 4, "cut off with {left} bytes left");
    }
    let begun = Instant::now();
    while !answers(&server) {
        assert!(begun.elapsed() < Duration::from_secs(10), "nobody else is answered any more");
    }
}

#[test]
fn who_takes_nothing_of_an_answer_is_given_up() {
    let server = start_with(HttpSettings { write_timeout: Duration::from_secs(1), ..hurried() });
    let mut client = server.connect();
    client.write("GET /large HTTP/1.1\r\nhost: x\r\n\r\n");
    std::thread::sleep(Duration::from_millis(2500));
    let got = client.read_some(LARGE);
    assert!(got < LARGE, "the connection stayed");
}

#[test]
fn a_slow_handler_is_waited_for() {
    let server = start_with(hurried());
    let mut client = server.connect();
    assert_eq!(client.send("GET", "/things", &[], "").status, 200);
    assert_eq!(client.send("GET", "/slow", &[], "").status, 200);
}
