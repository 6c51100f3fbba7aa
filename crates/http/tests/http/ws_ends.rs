//! No WebSocket outlives its session: not on the instance where it ends, and not on one that nobody tells.

use std::time::{Duration, Instant};

use plinth_domain::Role;
use plinth_testing::socket::{Frame, Socket};
use plinth_testing::{Answer, Client, PASSWORD, TestApp, on_both};
use serde_json::json;

/// What the contract allows.
const LIMIT: Duration = Duration::from_secs(5);
const SESSIONS: &str = "/api/auth/sessions";

/// Ada, signed in twice, and somebody else, each on two instances that share nothing but the database.
struct Scene {
    /// Goes first: its database is the other's too.
    apart: TestApp,
    app: TestApp,
    tokens: [Answer; 2],
    bob: Client,
}

impl Scene {
    fn new(db: plinth_testing::TestDb) -> Self {
        let apart = TestApp::start(db.once_more());
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let login = || app.login("ada@example.com", PASSWORD).expect(200);
        let tokens = [login(), login()];
        let bob = app.viewer("bob");
        Self { apart, app, tokens, bob }
    }

    fn ada(&self, session: usize) -> Client {
        self.app.bearer(&self.tokens[session])
    }

    /// Does that, and expects that the sockets of these sessions of Ada's are closed, on both instances and in time,
    /// and no others.
    fn ends(&self, sessions: &[usize], what: impl FnOnce()) {
        let mut ending = Vec::new();
        let mut staying = Vec::new();
        for app in [&self.app, &self.apart] {
            for session in [0, 1] {
                let socket = Socket::connect(app.address(), self.ada(session).token());
                if sessions.contains(&session) { &mut ending } else { &mut staying }.push(socket);
            }
            staying.push(Socket::connect(app.address(), self.bob.token()));
        }
        what();
        let deadline = Instant::now() + LIMIT;
        for mut socket in ending {
            loop {
                match socket.next_within(deadline.saturating_duration_since(Instant::now())) {
                    // The event itself, on the instance that knows.
                    Some(Frame::Text(_)) => {}
                    Some(Frame::Close(code, reason)) => break assert_eq!(code, 4401, "{reason}"),
                    other => panic!("not closed in time: {other:?}"),
                }
            }
        }
        for mut socket in staying {
            socket.send(&json!({"to": "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e"}));
            socket.so_far();
        }
    }
}

on_both! {
    fn logout(db) {
        let scene = Scene::new(db);
        scene.ends(&[0], || drop(scene.ada(0).post("/api/auth/logout", &json!({})).expect(204)));
    }

    fn a_session_ended_from_another(db) {
        let scene = Scene::new(db);
        let (id, _) = scene.app.refresh.read(&scene.tokens[1].text("refresh_token")).unwrap();
        scene.ends(&[1], || drop(scene.ada(0).delete(&format!("{SESSIONS}/{id}")).expect(204)));
    }

    fn all_other_sessions(db) {
        let scene = Scene::new(db);
        scene.ends(&[1], || drop(scene.ada(0).delete(SESSIONS).expect(204)));
    }

    fn a_new_password(db) {
        let scene = Scene::new(db);
        let body = json!({"password": "another good password", "current_password": PASSWORD});
        scene.ends(&[1], || drop(scene.ada(0).patch("/api/users/me", &body).expect(200)));
    }

    fn a_password_reset(db) {
        let scene = Scene::new(db);
        scene.app.anyone().post("/api/auth/password/forgot", &json!({"email": "ada@example.com"})).expect(202);
        let token = scene.app.token_mailed("ada@example.com", "/reset-password", 1);
        let body = json!({"token": token, "new_password": "another good password"});
        scene.ends(&[0, 1], || drop(scene.app.anyone().post("/api/auth/password/reset", &body).expect(204)));
    }

    fn deactivation(db) {
        let scene = Scene::new(db);
        let (admin, path) = (scene.app.admin(), format!("/api/users/{}", scene.ada(0).id()));
        scene.ends(&[0, 1], || drop(admin.patch(&path, &json!({"is_active": false})).expect(200)));
    }

    fn deletion(db) {
        let scene = Scene::new(db);
        let (admin, path) = (scene.app.admin(), format!("/api/users/{}", scene.ada(0).id()));
        scene.ends(&[0, 1], || drop(admin.delete(&path).expect(204)));
    }

    fn a_refresh_token_used_again(db) {
        let scene = Scene::new(db);
        let mut newest = scene.tokens[0].clone();
        let oldest = newest.text("refresh_token");
        // Each generation is seen, and the grace window passes, so the first is nothing but stolen.
        for _ in 0..2 {
            for app in [&scene.app, &scene.apart] {
                app.clock.advance(Duration::from_secs(11));
            }
            newest = scene.app.refresh(&newest.text("refresh_token")).expect(200);
            scene.app.bearer(&newest).get("/api/users/me").expect(200);
        }
        scene.ends(&[0], || drop(scene.app.refresh(&oldest).expect_problem(400, "invalid_grant")));
    }
}

#[test]
fn a_token_that_expires() {
    let app = TestApp::start_as(plinth_testing::TestDb::sqlite(), |setup| {
        setup.access_ttl = Duration::from_secs(3);
    });
    let ada = app.viewer("ada");
    let issued = Instant::now();
    let mut socket = Socket::connect(app.address(), ada.token());
    // A newer token of the same session, and its socket.
    let mut other = {
        let tokens = app.login("ada@example.com", PASSWORD).expect(200);
        std::thread::sleep(Duration::from_secs(1));
        let renewed = app.refresh(&tokens.text("refresh_token")).expect(200);
        Socket::connect(app.address(), &renewed.text("access_token"))
    };
    let renewed_at = Instant::now();
    assert_eq!(socket.next_within(LIMIT * 2), Some(Frame::Close(4401, "the session has ended".to_owned())));
    let after = issued.elapsed();
    // Times in tokens are in whole seconds, and a token may be accepted for up to five more.
    assert!(after > Duration::from_secs(1) && after < Duration::from_secs(3) + LIMIT, "{after:?}");
    other.expect_close(4401);
    assert!(renewed_at.elapsed() < Duration::from_secs(3) + LIMIT);
}

#[test]
fn a_frame_after_the_end_does_nothing() {
    let app = TestApp::start(plinth_testing::TestDb::sqlite());
    let (ada, bob) = (app.viewer("ada"), app.viewer("bob"));
    let mut watching = Socket::connect(app.address(), bob.token());
    for _ in 0..5 {
        let again = app.bearer(&app.login("ada@example.com", PASSWORD).expect(200));
        let mut socket = Socket::connect(app.address(), again.token());
        again.post("/api/auth/logout", &json!({})).expect(204);
        socket.send(&json!({"text": "too late"}));
        assert!(socket.expect_close(4401).is_empty());
    }
    assert!(watching.so_far().is_empty());
    assert_eq!(app.hub.connections(), 1);
    drop(ada);
}
