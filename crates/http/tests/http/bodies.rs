//! Bodies that are refused before anybody looks into them, and what becomes of the connection.

use std::time::{Duration, Instant};

use crate::support::{hurried, start, start_with};

#[test]
fn what_is_no_json_is_malformed() {
    let server = start();
    for body in ["", "{", "{\"email\":}", "{\"a\":1}x", "{'a':1}", "\u{feff}{}", "nul", "{\"a\":1,}"] {
        let answer = server.send("POST", "/things", &[("content-type", "application/json")], body);
        assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed_json"), "{body:?}");
    }
    let mut client = server.connect();
    client.write_bytes(b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"email\":\"\xff");
    assert_eq!(client.read(false).problem(), "malformed_json");
}

#[test]
fn other_media_types_are_refused() {
    let server = start();
    let body = r#"{"email":"a@example.com"}"#;
    for good in
        ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\"; v=1"]
    {
        assert_eq!(server.send("POST", "/things", &[("content-type", good)], body).status, 201, "{good}");
    }
    for bad in [
        "text/plain",
        "application/json; charset=latin1",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let answer = server.send("POST", "/things", &[("content-type", bad)], body);
        assert_eq!((answer.status, answer.problem().as_str()), (415, "unsupported_media_type"), "{bad}");
    }
    assert_eq!(server.send("POST", "/things", &[], body).status, 415);
    let coded = |coding| {
        server
            .send(
                "POST",
                "/things",
                &[("content-type", "application/json"), ("content-encoding", coding)],
                body,
            )
            .status
    };
    assert_eq!((coded("gzip"), coded("identity")), (415, 201));
}

#[test]
fn a_body_over_the_limit_is_refused_however_it_is_sent() {
    let server = start();
    let exact = format!(r#"{{"email":"a@example.com"{}}}"#, " ".repeat(1000 - 25));
    assert_eq!(exact.len(), 1000);
    assert_eq!(server.post_json("/things", &exact).status, 201);
    let over = format!("{exact} ");
    let answer = server.post_json("/things", &over);
    assert_eq!((answer.status, answer.problem().as_str()), (413, "body_too_large"));
    let mut client = server.connect();
    client.write("POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
    for _ in 0..3 {
        client.write(&format!("190\r\n{}\r\n", " ".repeat(400)));
    }
    assert_eq!(client.read(false).problem(), "body_too_large");
    // A length that is announced is refused before the body comes.
    let mut client = server.connect();
    client.write("POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999999999\r\n\r\n");
    assert_eq!(client.read(false).status, 413);
}

#[test]
fn a_refused_body_is_never_taken_for_a_request() {
    let server = start();
    let smuggled = "GET /panic HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut client = server.connect();
    let answer = client.send("POST", "/things", &[("content-type", "text/plain")], smuggled);
    assert_eq!(answer.status, 415);
    // Either the connection is closed, or it goes on behind the body.
    if client.try_write("GET /things HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n") {
        let rest = client.read_to_end().unwrap_or_default();
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 200"), "{rest}");
    }
}

#[test]
fn methods_without_a_body_ignore_one() {
    let server = start();
    let answer = server.send("DELETE", "/things/01990d5c-8a2f-7d10-8c5b-5a1e2f3d4c5b", &[], "whatever");
    assert_eq!(answer.status, 200);
}

#[test]
fn a_body_that_dribbles_in_is_given_up() {
    let server = start_with(hurried());
    let mut client = server.connect();
    let begun = Instant::now();
    client.write(
        "POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    );
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(20));
        client.write(" ");
    }
    let answer = client.read(false);
    assert_eq!((answer.status, answer.problem().as_str()), (408, "body_timeout"));
    assert!(begun.elapsed() >= Duration::from_millis(290), "{:?}", begun.elapsed());
    assert_eq!(answer.header("connection"), "close");
    assert_eq!(client.read_to_end().unwrap_or_default(), "");
}

#[test]
fn several_requests_with_bodies_share_a_connection() {
    let server = start();
    let mut client = server.connect();
    for n in 0..5 {
        let body = format!(r#"{{"email":"user{n}@example.com"}}"#);
        let answer = client.send("POST", "/things", &[("content-type", "application/json")], &body);
        assert_eq!(answer.json()["email"], format!("user{n}@example.com"));
        assert_eq!(client.send("POST", "/things", &[("content-type", "application/json")], "{}").status, 422);
    }
}
