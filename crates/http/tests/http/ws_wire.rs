//! What goes over the wire of a WebSocket below its messages (RFC 6455): frames, their sizes, pings and close codes.

use std::time::{Duration, Instant};

use plinth_realtime::CloseReason;
use plinth_testing::socket::{Frame, Handshake, Socket, frame, opcode};
use plinth_testing::{TestApp, TestDb};
use serde_json::json;

/// The largest frame.
const LARGEST: usize = 64 * 1024;

fn start() -> TestApp {
    TestApp::start(TestDb::sqlite())
}

/// Waits until so many are connected.
#[track_caller]
pub(crate) fn wait_for_connections(app: &TestApp, count: usize, within: Duration) {
    let deadline = Instant::now() + within;
    while app.hub.connections() != count {
        assert!(Instant::now() < deadline, "{} connections, not {count}", app.hub.connections());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// An object whose JSON has exactly that many bytes.
fn object_of(length: usize) -> String {
    let text = format!(r#"{{"x":"{}"}}"#, "y".repeat(length - 8));
    assert_eq!(text.len(), length);
    text
}

#[test]
fn a_message_in_fragments_is_one_message() {
    let app = start();
    let ada = app.viewer("ada");
    let mut socket = Socket::connect(app.address(), ada.token());
    let text = r#"{"greeting":"grüß dich"}"#;
    let middle = text.find('ü').unwrap() + 1;
    // Within a character; and a ping may come between fragments (§5.4).
    socket.frame(opcode::TEXT, false, &text.as_bytes()[..middle]);
    socket.frame(opcode::PING, true, b"still there?");
    socket.frame(opcode::CONTINUATION, false, b"");
    socket.frame(opcode::CONTINUATION, true, &text.as_bytes()[middle..]);
    assert_eq!(socket.next_frame(), Frame::Pong(b"still there?".to_vec()));
    let received = socket.json();
    assert_eq!(received["greeting"], "grüß dich");
    // Byte by byte over the wire it is the same frame.
    for byte in frame(opcode::TEXT, true, br#"{"n":1}"#) {
        socket.raw(&[byte]).unwrap();
    }
    assert_eq!(socket.json()["n"], 1);
}

#[test]
fn frames_of_64_kib_pass_and_larger_ones_close_with_1009() {
    let app = start();
    let ada = app.viewer("ada");
    let connect = || Socket::connect(app.address(), ada.token());
    let mut whole = connect();
    whole.send_text(&object_of(LARGEST));
    assert_eq!(whole.json()["x"].as_str().unwrap().len(), LARGEST - 8);
    let text = object_of(LARGEST);
    whole.frame(opcode::TEXT, false, &text.as_bytes()[..40_000]);
    whole.frame(opcode::CONTINUATION, true, &text.as_bytes()[40_000..]);
    assert_eq!(whole.json()["x"].as_str().unwrap().len(), LARGEST - 8);

    whole.send_text(&object_of(LARGEST + 1));
    assert!(whole.expect_close(1009).is_empty());

    let mut in_two = connect();
    let text = object_of(LARGEST + 1);
    in_two.frame(opcode::TEXT, false, &text.as_bytes()[..40_000]);
    in_two.frame(opcode::CONTINUATION, true, &text.as_bytes()[40_000..]);
    assert!(in_two.expect_close(1009).is_empty());

    let mut endless = connect();
    endless.frame(opcode::TEXT, false, b"");
    for _ in 0..3 {
        endless.frame(opcode::CONTINUATION, false, &[b'x'; 30_000]);
    }
    assert!(endless.expect_close(1009).is_empty());

    // Those that only say that they will be large: 4 GiB, and more than there can be. What came before is served.
    let mut other = connect();
    for length in [[0, 0, 0, 1, 0, 0, 0, 0], [0xff; 8]] {
        let head = [&[0x81, 0xff][..], &length, &[1, 2, 3, 4]].concat();
        let mut announced = connect();
        announced.raw(&[frame(opcode::TEXT, true, br#"{"n":1}"#), head.clone()].concat()).unwrap();
        announced.expect_close(1009);
        assert_eq!(other.so_far().len(), 1);
        let mut announced = connect();
        for byte in head {
            announced.raw(&[byte]).unwrap();
        }
        assert!(announced.expect_close(1009).is_empty());
    }
    drop((whole, other));
    wait_for_connections(&app, 0, Duration::from_secs(30));
}

#[test]
fn what_is_not_text_in_utf_8_closes() {
    let app = start();
    let ada = app.viewer("ada");
    let close = |code: u16, frames: &[(u8, bool, &[u8])]| {
        let mut socket = Socket::connect(app.address(), ada.token());
        for (opcode, is_final, payload) in frames {
            socket.frame(*opcode, *is_final, payload);
        }
        assert!(socket.expect_close(code).is_empty());
    };
    close(1003, &[(opcode::BINARY, true, b"{}")]);
    close(1003, &[(opcode::BINARY, false, b"{"), (opcode::CONTINUATION, true, b"}")]);
    close(1007, &[(opcode::TEXT, true, b"{\"x\":\"\xff\"}")]);
    // A surrogate, and half a character at the end.
    close(1007, &[(opcode::TEXT, true, b"{\"x\":\"\xed\xa0\x80\"}")]);
    close(1007, &[(opcode::TEXT, false, b"{\"x\":\"\xc3"), (opcode::CONTINUATION, true, b"\"}")]);
    wait_for_connections(&app, 0, Duration::from_secs(30));
}

#[test]
fn what_is_not_the_protocol_closes_with_1002() {
    let app = start();
    let ada = app.viewer("ada");
    let close = |what: &str, bytes: &[u8]| {
        let mut socket = Socket::connect(app.address(), ada.token());
        socket.raw(bytes).unwrap();
        loop {
            match socket.next_frame() {
                Frame::Close(code, _) => break assert_eq!(code, 1002, "{what}"),
                Frame::End => panic!("{what}: no close frame"),
                _ => {}
            }
        }
    };
    close("not masked", b"\x81\x02{}");
    let mut reserved = frame(opcode::TEXT, true, b"{}");
    reserved[0] |= 0x40;
    close("a reserved bit", &reserved);
    close("no opcode", &frame(3, true, b"{}"));
    close("nothing to continue", &frame(opcode::CONTINUATION, true, b"{}"));
    let within = [frame(opcode::TEXT, false, b"{"), frame(opcode::TEXT, true, b"{}")].concat();
    close("a message within another", &within);
    close("a ping in fragments", &frame(opcode::PING, false, b"x"));
    close("a long ping", &frame(opcode::PING, true, &[b'x'; 126]));
    wait_for_connections(&app, 0, Duration::from_secs(30));
}

#[test]
fn a_client_that_closes_is_answered_and_let_go() {
    let app = start();
    let ada = app.viewer("ada");
    for code in [1000, 1001, 4000] {
        let mut socket = Socket::connect(app.address(), ada.token());
        socket.send(&json!({"last": "words"}));
        assert_eq!(socket.json()["last"], "words");
        socket.close(code);
        assert_eq!(socket.next_frame(), Frame::Close(code, String::new()));
        assert_eq!(socket.next_frame(), Frame::End);
    }
    let mut wordless = Socket::connect(app.address(), ada.token());
    wordless.frame(opcode::CLOSE, true, b"");
    assert_eq!(wordless.next_frame(), Frame::Close(1005, String::new()));
    assert_eq!(wordless.next_frame(), Frame::End);
    drop(Socket::connect(app.address(), ada.token()));
    let half = Socket::connect(app.address(), ada.token());
    half.shut_down_writing();
    wait_for_connections(&app, 0, Duration::from_secs(30));
}

#[test]
fn a_server_that_goes_away_says_1001_and_lets_nobody_in() {
    let app = start();
    let ada = app.viewer("ada");
    let mut sockets: Vec<_> = (0..5).map(|_| Socket::connect(app.address(), ada.token())).collect();
    sockets[0].send(&json!({"n": 1}));
    assert_eq!(sockets[0].json()["n"], 1);
    app.hub.close_all(CloseReason::GoingAway);
    for mut socket in sockets {
        socket.expect_close(1001);
    }
    assert_eq!(app.hub.connections(), 0);
    let refused = Handshake::new(app.address(), "/api/ws").offering(ada.token()).refused();
    refused.expect_problem(503, "unavailable");
}
