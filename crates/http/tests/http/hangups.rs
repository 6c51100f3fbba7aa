//! Clients that do not wait for the answer: what was begun for them must not count for or against anybody.

use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use plinth_domain::{Email, Role};
use plinth_limits::{Key, Limit};
use plinth_persistence::users;
use plinth_testing::{PASSWORD, on_both};
use serde_json::json;

use crate::forgot::forgot;
use crate::limits::{Limited, Start, WRONG, only};

const ADA: &str = "ada@example.com";
const NEW_PASSWORD: &str = "battery staple horse";
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends a request on a connection of its own, and leaves the answer to the caller.
fn ask(app: &Limited, head: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.address()).unwrap();
    let length = body.len();
    write!(stream, "{head}\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    stream
}

/// Breaks the connection off. One that is only closed may still be waiting for its answer, as far as a server can tell.
fn hang_up(stream: TcpStream) {
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// How many more attempts Ada's account has.
fn left(app: &Limited) -> u32 {
    let key = Key::account(&Email::parse(ADA).unwrap());
    app.db.block_on(async {
        let decision = app.limits.take(Limit::LoginPerAccount, key).await;
        assert!(decision.allowed);
        app.limits.give_back(Limit::LoginPerAccount, key).await;
        decision.remaining + 1
    })
}

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

on_both! {
    fn an_attempt_that_nobody_waits_for_is_given_back(db) {
        // So that a password is still being checked when the client goes.
        let app = Start::new(db, None).app_as(|rates| rates.login_per_account = only(5), |setup| setup.cost = 13);
        let ada = app.viewer("ada");
        assert_eq!(left(&app), 5);
        let login = || {
            let head = "POST /api/auth/login HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded";
            ask(&app, head, &format!("username={ADA}&password=wrong"))
        };
        let change = || {
            let token = ada.token();
            let head = format!(
                "PATCH /api/users/me HTTP/1.1\r\nauthorization: Bearer {token}\r\ncontent-type: application/json"
            );
            ask(&app, &head, &json!({"password": NEW_PASSWORD, "current_password": WRONG}).to_string())
        };
        for way in [&login as &dyn Fn() -> TcpStream, &change] {
            let stream = way();
            until("it is counted", || left(&app) == 4);
            hang_up(stream);
            until("it is given back", || left(&app) == 5);
        }
        // Whoever waits for the answer has made an attempt.
        app.fail(ADA).expect_problem(400, "invalid_grant");
        assert_eq!(left(&app), 4);
    }

    fn a_reset_that_nobody_waits_for_clears_the_failures(db) {
        let app = Start::new(db, None).app(|rates| rates.login_per_account = only(2));
        let user = app.user(Role::Viewer, "ada");
        forgot(&app, ADA).expect(202);
        let token = app.token_mailed(ADA, "/reset-password", 1);
        for _ in 0..2 {
            app.fail(ADA).expect_problem(400, "invalid_grant");
        }
        app.login(ADA, PASSWORD).expect_problem(429, "rate_limited");
        let reset_and_hang_up = || {
            let (held, is_held) = mpsc::channel();
            let (release, released) = mpsc::channel::<()>();
            std::thread::scope(|scope| {
                // Somebody else has the account in hand, so the reset has to wait.
                scope.spawn(|| {
                    let found = app.db.write(move |connection| {
                        users::find_for_change(connection, user.id)?;
                        held.send(()).unwrap();
                        let _ended = released.recv();
                        Ok::<_, plinth_persistence::Error>(())
                    });
                    found.unwrap();
                });
                is_held.recv().unwrap();
                let head = "POST /api/auth/password/reset HTTP/1.1\r\ncontent-type: application/json";
                let body = json!({"token": token, "new_password": NEW_PASSWORD}).to_string();
                let stream = ask(&app, head, &body);
                // Until it waits, and then until the server has noticed that nobody is there. It waits for 2 s at most.
                std::thread::sleep(Duration::from_secs(1));
                hang_up(stream);
                std::thread::sleep(Duration::from_millis(300));
                release.send(()).unwrap();
            });
        };
        // Again where a busy machine had not begun with it: then it was not done, and the token is still good.
        until("the new password works", || {
            reset_and_hang_up();
            (0..100).any(|_| {
                std::thread::sleep(Duration::from_millis(20));
                app.login(ADA, NEW_PASSWORD).status == 200
            })
        });
    }
}
