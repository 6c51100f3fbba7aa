//! Refreshes that the server has committed and nobody was told of: it was killed before its answer arrived.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

use plinth_testing::{Answer, postgres};
use serde_json::{Value, json};

use crate::raw::{self, Lost};
use crate::support::{CHEAP, PASSWORD, PATIENCE, Server, folder};

const UNLIMITED: (&str, &str) = ("RATE_LIMIT_ENABLED", "false");

/// A case on both databases: the folder to run in and the variables to run with.
fn on_both(case: impl Fn(&Path, &[(&str, &str)])) {
    case(folder().path(), &[CHEAP, UNLIMITED]);
    if let Some(server) = postgres::server() {
        let url = server.create_database("plinth_refresh");
        case(folder().path(), &[CHEAP, UNLIMITED, ("DATABASE_URL", &url)]);
        server.drop_database(&url);
    }
}

fn login(server: &Server) -> Answer {
    server
        .client()
        .form("/api/auth/login", &[("username", "ada@example.com"), ("password", PASSWORD)])
        .expect(200)
}

fn refresh(server: &Server, token: &str) -> Answer {
    server.client().post("/api/auth/refresh", &json!({ "refresh_token": token }))
}

/// Takes one connection to a server and lets the request through, but not the answer: that it keeps for the test, and
/// the client waits until the test says that it waited long enough.
struct Swallower {
    port: u16,
    taking: JoinHandle<String>,
}

impl Swallower {
    fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let taking = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut upstream = raw::connect(server).unwrap();
            let mut request = client.try_clone().unwrap();
            let mut to_server = upstream.try_clone().unwrap();
            let passing = std::thread::spawn(move || std::io::copy(&mut request, &mut to_server));
            let mut answer = String::new();
            upstream.read_to_string(&mut answer).unwrap();
            // The client has got nothing.
            client.flush().unwrap();
            client.shutdown(Shutdown::Both).unwrap();
            let _cut_off = passing.join().unwrap();
            answer
        });
        Self { port, taking }
    }

    fn answer(self) -> Value {
        let answer = self.taking.join().unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        serde_json::from_str(body).unwrap()
    }
}

#[test]
fn an_answer_that_dies_with_the_server_is_repaired_by_the_old_token() {
    on_both(|folder, variables| {
        let mut server = Server::start(folder, variables);
        server.sign_up("ada@example.com");
        let first = login(&server).text("refresh_token");
        let swallower = Swallower::before(server.port);
        let lost = raw::post(swallower.port, "/api/auth/refresh", "none", &json!({ "refresh_token": first }));
        assert_eq!(lost.unwrap_err(), Lost::CutOff);
        server.kill();
        let swallowed = swallower.answer();

        let server = Server::start(folder, variables);
        let second = refresh(&server, &first).expect(200);
        assert_eq!(second.json()["refresh_token"], swallowed["refresh_token"], "it was committed");
        let client = server.client();
        for access in [&second.text("access_token"), swallowed["access_token"].as_str().unwrap()] {
            client.with_token(access).get("/api/users/me").expect(200);
        }
        assert_eq!(refresh(&server, &second.text("refresh_token")).expect(200).status, 200);
    });
}

/// The session of a client that refreshes as fast as it can survives every kill, wherever between request, commit and
/// answer that comes. Without a window every refresh advances.
#[test]
fn a_client_that_retries_stays_signed_in_through_kills() {
    on_both(|folder, variables| {
        let variables = [variables, &[("REFRESH_GRACE_SECONDS", "0")]].concat();
        let mut server = Server::start(folder, &variables);
        server.sign_up("ada@example.com");
        let mut held = login(&server).text("refresh_token");
        let mut cut_off = 0;
        for round in 0..8_u64 {
            let port = server.port;
            let mut newest = held.clone();
            let (told, answered) = channel();
            let client = std::thread::spawn(move || {
                loop {
                    match raw::post(port, "/api/auth/refresh", "none", &json!({ "refresh_token": newest })) {
                        Ok(reply) => {
                            assert_eq!(reply.status, 200, "{}", reply.body);
                            reply.json()["refresh_token"].as_str().unwrap().clone_into(&mut newest);
                            let _nobody_waits = told.send(());
                        }
                        Err(lost) => return (newest, usize::from(lost == Lost::CutOff)),
                    }
                }
            });
            for _ in 0..3 {
                answered.recv_timeout(PATIENCE).expect("an answer");
            }
            // Here and there in the middle of the next.
            std::thread::sleep(Duration::from_micros(round * 700));
            server.kill();
            let (newest, cut) = client.join().unwrap();
            (held, cut_off) = (newest, cut_off + cut);
            server = Server::start(folder, &variables);
            let answer = refresh(&server, &held).expect(200);
            held = answer.text("refresh_token");
            server.client().with_token(&answer.text("access_token")).get("/api/users/me").expect(200);
        }
        assert!(cut_off > 0, "no request was in flight when it was killed");
    });
}

/// Two processes on one database: what one does counts at once for the other.
#[test]
fn several_instances_are_one_to_a_session() {
    on_both(|folder, variables| {
        let variables = [
            variables,
            &[("REFRESH_GRACE_SECONDS", "5"), ("FIRST_SUPERUSER", "root@example.com")],
            &[("FIRST_SUPERUSER_PASSWORD", PASSWORD)],
        ]
        .concat();
        let mut servers = [Server::start(folder, &variables), Server::start(folder, &variables)];
        servers[0].sign_up("ada@example.com");
        let first = login(&servers[0]).text("refresh_token");
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let refreshes: Vec<_> = (0..20)
                .map(|n| {
                    let (client, body) = (servers[n % 2].client(), json!({ "refresh_token": first }));
                    scope.spawn(move || client.post("/api/auth/refresh", &body))
                })
                .collect();
            refreshes.into_iter().map(|refresh| refresh.join().unwrap().expect(200)).collect()
        });
        let successors: HashSet<String> = answers.iter().map(|answer| answer.text("refresh_token")).collect();
        assert_eq!(successors.len(), 1);
        for (n, answer) in answers.iter().enumerate() {
            servers[(n + 1) % 2]
                .client()
                .with_token(&answer.text("access_token"))
                .get("/api/users/me")
                .expect(200);
        }

        // After the window the first token is a thief's.
        std::thread::sleep(Duration::from_millis(5_100));
        refresh(&servers[1], &first).expect_problem(400, "invalid_grant");
        for (n, answer) in answers.iter().enumerate() {
            let client = servers[n % 2].client().with_token(&answer.text("access_token"));
            client.get("/api/users/me").expect_problem(401, "invalid_token");
        }
        refresh(&servers[0], &answers[0].text("refresh_token")).expect_problem(400, "invalid_grant");
        let root = servers[0].sign_in("root@example.com", PASSWORD);
        let entries = root.get("/api/audit?event=refresh_reused").expect(200).json();
        assert_eq!(entries["items"].as_array().unwrap().len(), 1, "{entries}");

        let line = servers[1].wait_for_line("an old refresh token was used");
        assert!(line.contains("WARN"), "{line}");
        for server in &mut servers {
            server.signal("TERM");
            assert_eq!(server.wait().code(), Some(0));
            assert!(server.log().iter().all(|line| !line.contains(&first)), "a token is in the log");
        }
    });
}
