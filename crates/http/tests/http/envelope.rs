//! What every answer carries, whoever made it.

use plinth_http::{Environment, HttpSettings};

use crate::support::{settings, start, start_with};

#[test]
fn unknown_paths_and_methods_are_problems() {
    let server = start();
    let answer = server.get("/nowhere");
    assert_eq!((answer.status, answer.problem().as_str()), (404, "unknown_route"));
    for (method, path, allow) in [
        ("PUT", "/things", "GET, HEAD, POST"),
        ("POST", "/things/x", "GET, HEAD, DELETE"),
        ("GET", "/form", "POST"),
        ("OPTIONS", "/form", "POST"),
        ("BREW", "/health", "GET, HEAD"),
    ] {
        let answer = server.send(method, path, &[], "");
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (405, "method_not_allowed"),
            "{method} {path}"
        );
        assert_eq!(answer.header("allow"), allow);
    }
}

#[test]
fn failures_say_nothing_about_their_cause() {
    let server = start();
    for path in ["/panic", "/fail"] {
        let mut client = server.connect();
        let answer = client.send("GET", path, &[("origin", "https://app.example.com")], "");
        assert_eq!((answer.status, answer.problem().as_str()), (500, "internal_error"), "{path}");
        assert!(!answer.text().contains("squirrel"), "{}", answer.text());
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(client.send("GET", "/things", &[], "").status, 200, "the connection goes on");
        assert_eq!(client.send("HEAD", path, &[], "").text(), "");
        assert_eq!(client.send("GET", "/things", &[], "").status, 200, "no body came with HEAD");
    }
}

#[test]
fn errors_carry_their_headers() {
    let server = start();
    let challenge = |code: &str| server.get(&format!("/fail/{code}")).header("www-authenticate").to_owned();
    assert_eq!(challenge("unauthenticated"), "Bearer");
    assert_eq!(challenge("invalid_token"), "Bearer error=\"invalid_token\"");
    let limited = server.get("/fail/rate_limited");
    assert_eq!((limited.status, limited.header("retry-after")), (429, "7"));
    let gone = server.get("/fail/unavailable");
    assert_eq!((gone.status, gone.header("retry-after")), (503, "2"));
    let grant = server.get("/fail/invalid_grant");
    assert_eq!((grant.status, grant.problem().as_str()), (400, "invalid_grant"));
    assert_eq!(grant.json()["error"], "invalid_grant");
    assert_eq!(grant.json()["error_description"], grant.json()["detail"]);
    assert_eq!(grant.header("cache-control"), "no-store");
    let plain = server.get("/fail/framework");
    assert_eq!((plain.status, plain.problem().as_str()), (413, "body_too_large"));
    assert!(!plain.text().contains("plain words"));
}

#[test]
fn every_answer_has_the_common_headers() {
    let server = start();
    for path in ["/things", "/nowhere", "/panic", "/health", "/docs"] {
        let answer = server.get(path);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
        for name in answer.names() {
            assert_eq!(answer.headers(name).len(), 1, "{path}: {name}");
        }
    }
    let strict = start_with(HttpSettings { environment: Environment::Production, ..settings() });
    assert!(!strict.get("/nowhere").header("strict-transport-security").is_empty());
}

#[test]
fn authenticated_answers_are_not_shared() {
    let server = start();
    let cached = |path: &str| {
        let answer = server.send("GET", path, &[("authorization", "Bearer x")], "");
        answer.header("cache-control").to_owned()
    };
    assert_eq!(cached("/things"), "private, no-cache");
    assert_eq!(cached("/fail/invalid_grant"), "no-store");
    assert_eq!(server.get("/things").header("cache-control"), "");
}

#[test]
fn the_request_id_is_the_callers_where_it_may_be() {
    let server = start();
    let id = |sent: &str| {
        server.send("GET", "/nowhere", &[("x-request-id", sent)], "").header("x-request-id").to_owned()
    };
    let longest = "a".repeat(128);
    for good in ["a", "A-b_c.9", &longest] {
        assert_eq!(id(good), good);
    }
    for bad in ["", "a b", "a/b", "é", &"a".repeat(129)] {
        let made = id(bad);
        assert_ne!(made, bad);
        assert_eq!((made.len(), made.as_bytes()[14]), (36, b'7'), "{made}");
    }
    assert_ne!(id(""), id(""));
    assert_eq!(server.get("/nowhere").problem(), "unknown_route");
}

#[test]
fn head_is_get_without_a_body() {
    let server = start();
    let mut client = server.connect();
    for path in
        ["/things", "/things/01990d5c-8a2f-7d10-8c5b-5a1e2f3d4c5b", "/nowhere", "/health", "/openapi.json"]
    {
        let get = client.send("GET", path, &[], "");
        let head = client.send("HEAD", path, &[], "");
        assert_eq!((head.status, head.text()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
}

#[test]
fn a_trailing_slash_makes_no_difference() {
    let server = start();
    assert_eq!(server.get("/things/?search=a%2Fb").json()["search"], "a/b");
    assert_eq!(server.get("/things/01990d5c-8a2f-7d10-8c5b-5a1e2f3d4c5b/").status, 200);
    assert_eq!(server.get("/").json()["name"], "Plinth");
    assert_eq!(server.get("//").status, 200);
    assert_eq!(server.get("/nowhere/").problem(), "unknown_route");
    assert_eq!(server.send("POST", "/things/", &[("content-type", "application/json")], "{}").status, 422);
}
