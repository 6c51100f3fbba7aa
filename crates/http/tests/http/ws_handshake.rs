//! Who gets a WebSocket, and how it is asked for.

use std::time::{Duration, Instant};

use plinth_auth::{AccessTokens, Grant, KeySet, SystemEntropy, TokenSettings};
use plinth_domain::{Clock, Role, SystemClock};
use plinth_realtime::{Hub, HubSettings};
use plinth_testing::socket::{Handshake, Socket};
use plinth_testing::{PASSWORD, SECRET, TestApp, TestDb, on_both};
use serde_json::json;

fn start() -> TestApp {
    TestApp::start(TestDb::sqlite())
}

fn handshake(app: &TestApp) -> Handshake {
    Handshake::new(app.address(), "/api/ws")
}

#[test]
fn a_token_comes_as_a_subprotocol_or_in_authorization() {
    let app = start();
    let ada = app.viewer("ada");
    let token = ada.token();
    let asked = |protocols: &str| {
        let mut socket = handshake(&app).with("Sec-WebSocket-Protocol", protocols).open();
        socket.send(&json!({"n": 1}));
        assert_eq!(socket.json(), json!({"n": 1, "from": ada.id()}));
        socket.protocol().map(str::to_owned)
    };
    let plinth = Some("plinth.v1".to_owned());
    assert_eq!(asked(&format!("plinth.v1, bearer.{token}")), plinth);
    assert_eq!(asked(&format!("bearer.{token},plinth.v1")), plinth);
    assert_eq!(asked(&format!("graphql-ws, bearer.{token} , plinth.v1")), plinth);
    // Never one that was not offered; and the token is none to answer.
    assert_eq!(asked(&format!("bearer.{token}")), None);
    assert_eq!(asked(&format!("plinth.v2, bearer.{token}")), None);
    assert_eq!(handshake(&app).bearer(token).open().protocol(), None);
    let in_two_headers = handshake(&app)
        .with("Sec-WebSocket-Protocol", "plinth.v1")
        .with("Sec-WebSocket-Protocol", &format!("bearer.{token}"));
    assert_eq!(in_two_headers.open().protocol(), Some("plinth.v1"));
    let header_and_protocol = handshake(&app).bearer(token).with("Sec-WebSocket-Protocol", "plinth.v1");
    assert_eq!(header_and_protocol.open().protocol(), Some("plinth.v1"));
    // The envelope of every answer.
    let answer = handshake(&app).bearer(token).with("X-Request-Id", "ws-1").open();
    assert_eq!(answer.headers()["x-request-id"], "ws-1");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
}

#[test]
fn without_a_good_token_there_is_none() {
    let app = start();
    let ada = app.viewer("ada");
    let token = ada.token();
    handshake(&app).refused().expect_problem(401, "unauthenticated");
    let only_protocol = handshake(&app).with("Sec-WebSocket-Protocol", "plinth.v1").refused();
    assert_eq!(only_protocol.header("www-authenticate"), "Bearer");
    only_protocol.expect_problem(401, "unauthenticated");
    handshake(&app).offering(token).bearer(token).refused().expect_problem(400, "ambiguous_authorization");
    handshake(&app).bearer(token).bearer(token).refused().expect_problem(400, "ambiguous_authorization");
    for garbage in ["", "x", "a.b.c", &token[1..], &token[..token.len() - 1]] {
        handshake(&app).offering(garbage).refused().expect_problem(401, "invalid_token");
        handshake(&app).bearer(garbage).refused().expect_problem(401, "invalid_token");
    }
    // The query string ends up in logs: it is no place for a token.
    for name in ["token", "access_token", "bearer"] {
        let path = format!("/api/ws?{name}={token}");
        Handshake::new(app.address(), &path).refused().expect_problem(401, "unauthenticated");
    }
    assert_eq!(app.hub.connections(), 0);
}

#[test]
fn a_token_that_has_expired_or_is_another_issuers_is_refused() {
    let app = start();
    let ada = app.viewer("ada");
    let foreign = AccessTokens::new(
        KeySet::from_secret(SECRET),
        TokenSettings {
            issuer: "somebody-else".to_owned(),
            audience: "plinth-test".to_owned(),
            access_ttl: Duration::from_secs(600),
        },
    );
    let claims = app.access.verify(ada.token(), SystemClock.now()).unwrap();
    let grant = Grant {
        user: claims.user,
        session: claims.session,
        generation: claims.generation,
        role: Role::Viewer,
    };
    let forged = foreign.issue(grant, SystemClock.now(), &SystemEntropy).unwrap();
    handshake(&app).offering(forged.as_str()).refused().expect_problem(401, "invalid_token");
    app.clock.advance(Duration::from_secs(31 * 60));
    handshake(&app).offering(ada.token()).refused().expect_problem(401, "invalid_token");
}

on_both! {
    fn ended_sessions_and_accounts_that_may_not_act_are_refused(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let refused = |token: &str| {
            handshake(&app).offering(token).refused().expect_problem(401, "invalid_token");
        };
        let ada = app.viewer("ada");
        ada.post("/api/auth/logout", &json!({})).expect(204);
        refused(ada.token());
        let bob = app.viewer("bob");
        let path = format!("/api/users/{}", bob.id());
        admin.patch(&path, &json!({"is_active": false})).expect(200);
        refused(bob.token());
        let eve = app.viewer("eve");
        admin.delete(&format!("/api/users/{}", eve.id())).expect(204);
        refused(eve.token());
        assert_eq!(app.hub.connections(), 0);
        drop(Socket::connect(app.address(), admin.token()));
    }

    fn the_first_use_of_a_generation_may_be_a_handshake(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let tokens = app.login("ada@example.com", PASSWORD).expect(200);
        let renewed = app.refresh(&tokens.text("refresh_token")).expect(200);
        let mut socket = Socket::connect(app.address(), &renewed.text("access_token"));
        socket.send(&json!({"n": 1}));
        assert_eq!(socket.json()["n"], 1);
    }
}

#[test]
fn a_user_in_the_path_is_oneself() {
    let app = start();
    let (ada, admin) = (app.viewer("ada"), app.admin());
    let (id, admins) = (ada.id(), admin.id());
    let nobody = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e";
    for prefix in ["/api/ws", "/ws"] {
        let ask = |who: &str, token: &str| {
            Handshake::new(app.address(), &format!("{prefix}/{who}")).offering(token)
        };
        let mut own = ask(&id, ada.token()).open();
        own.send(&json!({"n": 1}));
        assert_eq!(own.json()["from"], id);
        ask(&id.to_uppercase(), ada.token()).open();
        ask(&admins, ada.token()).refused().expect_problem(403, "forbidden");
        ask(nobody, ada.token()).refused().expect_problem(403, "forbidden");
        // Not for administrators either.
        ask(&id, admin.token()).refused().expect_problem(403, "forbidden");
        ask("me", ada.token()).refused().expect_problem(404, "not_found");
        // Who they are comes first.
        Handshake::new(app.address(), &format!("{prefix}/me"))
            .refused()
            .expect_problem(401, "unauthenticated");
    }
    let root = Handshake::new(app.address(), "/ws").offering(ada.token()).refused();
    root.expect_problem(404, "unknown_route");
}

#[test]
fn pages_of_other_origins_are_refused() {
    let app = TestApp::start_with(TestDb::sqlite(), |settings| {
        settings.cors_origins = vec!["https://app.example.com".to_owned()];
        settings.app_origin = Some("https://www.example.com".to_owned());
    });
    let ada = app.viewer("ada");
    let ask = |origin: &str| handshake(&app).offering(ada.token()).with("Origin", origin);
    let own = format!("http://{}", app.address());
    for origin in ["https://app.example.com", "https://www.example.com", &own] {
        ask(origin).open();
    }
    for origin in [
        "https://evil.example.com",
        "https://app.example.com.evil.example.com",
        "https://app.example.com:8443",
        "http://app.example.com",
        "https://APP.example.com/",
        "null",
        "",
        "127.0.0.1",
    ] {
        ask(origin).refused().expect_problem(403, "origin_refused");
    }
    let twice = ask("https://app.example.com").with("Origin", "https://evil.example.com");
    twice.refused().expect_problem(403, "origin_refused");
    // What is no browser has none.
    handshake(&app).offering(ada.token()).open();
    // Without a token the origin does not matter.
    let anonymous = handshake(&app).with("Origin", "https://evil.example.com").refused();
    anonymous.expect_problem(401, "unauthenticated");
}

#[test]
fn what_asks_for_no_websocket_gets_none() {
    let app = start();
    let ada = app.viewer("ada");
    let ask = || handshake(&app).offering(ada.token());
    let plain = ask().without("Upgrade").without("Connection").refused();
    assert!(plain.header("upgrade").eq_ignore_ascii_case("websocket"));
    plain.expect_problem(426, "upgrade_required");
    ask().without("Upgrade").with("Upgrade", "h2c").refused().expect_problem(426, "upgrade_required");
    ada.get("/api/ws").expect_problem(426, "upgrade_required");
    for method in ["POST", "PUT", "DELETE"] {
        let answer = ada.send(method, "/api/ws", &[], Vec::new());
        assert!(answer.header("allow").contains("GET"), "{}", answer.header("allow"));
        answer.expect_problem(405, "method_not_allowed");
    }
    let post = ask().method("POST").with("Content-Length", "0").refused();
    post.expect_problem(405, "method_not_allowed");
    let bad = |change: Handshake| {
        change.refused().expect_problem(400, "bad_request");
    };
    bad(ask().without("Sec-WebSocket-Version"));
    bad(ask().without("Sec-WebSocket-Version").with("Sec-WebSocket-Version", "8"));
    bad(ask().without("Sec-WebSocket-Key"));
    bad(ask().without("Connection").with("Connection", "keep-alive"));
    assert_eq!(app.hub.connections(), 0);
}

#[test]
fn the_query_string_has_since_and_nothing_else() {
    let app = start();
    let ada = app.viewer("ada");
    let ask = |query: &str| Handshake::new(app.address(), &format!("/api/ws?{query}")).offering(ada.token());
    for since in ["", "x", "-1", "1.5", "18446744073709551616", "0x10", "1e3"] {
        let answer = ask(&format!("since={since}")).refused();
        let problem = answer.expect_problem(422, "invalid_fields").json();
        assert_eq!(problem["errors"][0]["pointer"], "query/since", "{since}: {problem}");
    }
    ask("since=1&since=2").refused().expect_problem(422, "invalid_fields");
    ask("limit=5").refused().expect_problem(422, "invalid_fields");
    ask(&format!("token={}", ada.token())).refused().expect_problem(422, "invalid_fields");
    for since in ["0", "1", "9007199254740991"] {
        let mut socket = ask(&format!("since={since}")).open();
        assert_eq!(socket.json()["event"], "resync", "{since}");
    }
    assert!(ask("").open().so_far().is_empty());
}

#[test]
fn a_user_has_at_most_20_connections() {
    let app = start();
    let (ada, bob) = (app.viewer("ada"), app.viewer("bob"));
    let mut sockets: Vec<_> = (0..20).map(|_| Socket::connect(app.address(), ada.token())).collect();
    let one_more = handshake(&app).offering(ada.token());
    let refused = one_more.refused();
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    refused.expect_problem(429, "too_many_connections");
    // Another session of the same user is the same user; another user is not.
    let again = app.login("ada@example.com", PASSWORD).expect(200).text("access_token");
    handshake(&app).offering(&again).refused().expect_problem(429, "too_many_connections");
    Socket::connect(app.address(), bob.token());
    // All are still there.
    sockets[0].send(&json!({"n": 1}));
    for socket in &mut sockets {
        assert_eq!(socket.json()["n"], 1);
    }
    // What is closed, in order or not, makes room.
    sockets.pop().unwrap().close(1000);
    drop(sockets.pop());
    let mut opened = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(30);
    while opened.len() < 2 {
        opened.extend(one_more.send());
        assert!(Instant::now() < deadline, "no room");
    }
    one_more.refused().expect_problem(429, "too_many_connections");
}

#[test]
fn an_address_has_at_most_so_many() {
    let settings = HubSettings { max_per_address: 3, ..HubSettings::default() };
    let hub = Hub::local(settings, std::sync::Arc::new(SystemClock));
    let app = TestApp::start_as(TestDb::sqlite(), |setup| setup.hub = Some(hub));
    let users = ["ada", "bob", "eve", "joe"].map(|name| app.viewer(name));
    let mut sockets: Vec<_> =
        users[..3].iter().map(|user| Socket::connect(app.address(), user.token())).collect();
    let one_more = handshake(&app).offering(users[3].token());
    let refused = one_more.refused();
    assert_ne!(refused.header("retry-after"), "");
    refused.expect_problem(429, "too_many_connections");
    drop(sockets.pop());
    let deadline = Instant::now() + Duration::from_secs(30);
    while one_more.send().is_err() {
        assert!(Instant::now() < deadline, "no room");
    }
}

#[test]
fn a_client_that_is_gone_before_it_is_let_in_leaves_nothing_behind() {
    let app = start();
    let ada = app.viewer("ada");
    for round in 0..60_u64 {
        let stream = handshake(&app).offering(ada.token()).dispatch();
        std::thread::sleep(Duration::from_micros(round * 100));
        drop(stream);
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    // More came than a user may have: those before have gone.
    while app.hub.connections() > 0 {
        assert!(Instant::now() < deadline, "{} are left", app.hub.connections());
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(Socket::connect(app.address(), ada.token()));
}
