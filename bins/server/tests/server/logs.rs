//! What a whole session leaves in the log: a line for each request, and no secret.

use std::collections::BTreeMap;

use plinth_testing::{Answer, Client};
use serde_json::{Value, json};

use crate::support::{CHEAP, Server, folder, run};

/// What is in the log of no server.
struct Secrets(Vec<String>);

impl Secrets {
    /// A text, and its base64 parts, if it is a token.
    fn add(&mut self, secret: &str) -> String {
        self.0.extend(secret.split('.').filter(|part| part.len() > 20).map(str::to_owned));
        self.0.push(secret.to_owned());
        secret.to_owned()
    }
}

/// A request that was made, as the log should tell it.
struct Asked {
    id: String,
    method: &'static str,
    route: &'static str,
    status: u16,
    user: Option<String>,
}

/// Makes requests under ids of their own and remembers them.
struct Session {
    client: Client,
    asked: Vec<Asked>,
    secrets: Secrets,
    user: Option<String>,
}

impl Session {
    /// One request; `route` is what should be logged in the place of its path.
    fn ask(
        &mut self,
        (method, path): (&'static str, &str),
        route: &'static str,
        (media_type, body): (&str, &str),
        status: u16,
    ) -> Answer {
        let id = format!("request-{}", self.asked.len());
        let mut headers = vec![("x-request-id", id.as_str())];
        if !body.is_empty() {
            headers.push(("content-type", media_type));
        }
        let answer = self.client.send(method, path, &headers, body.as_bytes().to_vec()).expect(status);
        self.asked.push(Asked { id, method, route, status, user: self.user.clone() });
        answer
    }

    fn json(&mut self, method: &'static str, route: &'static str, body: &Value, status: u16) -> Answer {
        self.ask((method, route), route, ("application/json", &body.to_string()), status)
    }

    fn login(&mut self, password: &str, status: u16) -> Answer {
        let form = format!("username=ada%40example.com&password={password}");
        self.ask(
            ("POST", "/api/auth/login"),
            "/api/auth/login",
            ("application/x-www-form-urlencoded", &form),
            status,
        )
    }

    fn take_tokens(&mut self, tokens: &Answer) -> String {
        let access = self.secrets.add(&tokens.text("access_token"));
        self.client = self.client.with_token(&access);
        self.secrets.add(&tokens.text("refresh_token"))
    }
}

/// Registers, signs in, and does what people do, right and wrong.
fn whole_session(client: Client) -> Session {
    let mut session = Session { client, asked: Vec::new(), secrets: Secrets(Vec::new()), user: None };
    let password = session.secrets.add("first-Passw0rd-of-ada");
    let newer = session.secrets.add("second-Passw0rd-of-ada");
    let wrong = session.secrets.add("wrong-Passw0rd-of-ada");
    let query = session.secrets.add("query-string-t0ken");

    let account = json!({"email": "ada@example.com", "password": password});
    let ada = session.json("POST", "/api/auth/register", &account, 200).text("id");
    session.json("POST", "/api/auth/register", &account, 409);
    session.login(&wrong, 400);
    let tokens = session.login(&password, 200);
    let refresh = session.take_tokens(&tokens);
    let (most, last) = refresh.split_at(refresh.len() - 4);
    let forged = session.secrets.add(&format!("{most}{}", if last == "AAAA" { "BBBB" } else { "AAAA" }));
    session.json("POST", "/api/auth/refresh", &json!({"refresh_token": forged}), 400);
    let tokens = session.json("POST", "/api/auth/refresh", &json!({"refresh_token": refresh}), 200);
    session.take_tokens(&tokens);

    session.user = Some(ada.clone());
    let me = "/api/users/me";
    session.json("PATCH", me, &json!({"password": newer, "current_password": wrong}), 400);
    session.json("PATCH", me, &json!({"password": newer, "current_password": password}), 200);
    session.json("PATCH", me, &json!({"password": newer, "current_password": 7, "pass": wrong}), 422);
    session.ask(("GET", &format!("/api/users/{ada}")), "/api/users/{id}", ("", ""), 200);
    let item = session.json("POST", "/api/items", &json!({"title": "a lamp"}), 201).text("id");
    session.ask(("GET", &format!("/api/items/{item}/")), "/api/items/{id}", ("", ""), 200);
    session.ask(("GET", &format!("/api/items?search={query}")), "/api/items", ("", ""), 200);
    session.ask(("GET", &format!("/api/items?{query}=1")), "/api/items", ("", ""), 422);
    session.user = None;
    let broken = format!(r#"{{"email": "eve@example.com", "password": "{wrong}""#);
    session.ask(("POST", "/api/auth/register"), "/api/auth/register", ("application/json", &broken), 400);
    session.ask(("POST", "/api/auth/register"), "/api/auth/register", ("text/plain", &broken), 415);
    session.ask(("GET", &format!("/{query}?token={query}")), "-", ("", ""), 404);
    let access = session.client.token().to_owned();
    session.client = session.client.with_token(&session.secrets.add(&format!("{access}x")));
    session.ask(("GET", me), me, ("", ""), 401);
    session.client = session.client.with_token(&access);
    session
}

/// Everything that a server with this log format and level writes while that happens, and what happened.
fn logged(format: &str, level: &str) -> (Vec<String>, Session) {
    let folder = folder();
    let variables = [CHEAP, ("LOG_FORMAT", format), ("LOG_LEVEL", level)];
    let mut server = Server::start(folder.path(), &variables);
    let mut session = whole_session(server.client());
    // A fault of ours, as real as they come: the tables are gone.
    let down = run(folder.path(), &[], &["migrate", "down", "--steps", "100"]);
    assert!(down.status.success());
    let failed = session.ask(("GET", "/api/users/me"), "/api/users/me", ("", ""), 500);
    let body = String::from_utf8_lossy(&failed.body).into_owned();
    assert!(!body.contains("table") && !body.contains("users"), "{body}");
    failed.expect_problem(500, "internal_error");

    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    let key = std::fs::read_to_string(folder.path().join("data/secret_key")).unwrap();
    session.secrets.add(key.trim());
    let mut lines = server.log().to_vec();
    lines.extend_from_slice(server.wait_for_the_rest());
    (lines, session)
}

fn assert_no_secret(lines: &[String], secrets: &Secrets) {
    for line in lines {
        for secret in secrets.0.iter().map(String::as_str).chain(["$bcrypt-sha256$", "$2b$", "Bearer ey"]) {
            assert!(!line.contains(secret), "{secret} in {line}");
        }
    }
}

#[test]
fn every_request_is_one_line_of_fields() {
    let (lines, session) = logged("json", "info");
    assert_no_secret(&lines, &session.secrets);
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    let mut requests: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line["message"] == "request") {
        requests.entry(line["request_id"].as_str().unwrap()).or_default().push(line);
    }
    assert_eq!(requests.len(), session.asked.len(), "{requests:#?}");
    for Asked { id, method, route, status, user } in &session.asked {
        let [line] = requests[id.as_str()][..] else { panic!("{id} is logged more than once") };
        assert_eq!((&line["method"], &line["route"]), (&json!(method), &json!(route)));
        assert_eq!((&line["status"], &line["level"]), (&json!(status), &json!("INFO")), "{line}");
        assert!(line["duration_ms"].as_f64().is_some_and(|took| took > 0.0), "{line}");
        // Who registers or signs in is known only afterwards, and may or may not be named.
        if user.is_some() || !(200..300).contains(status) {
            assert!(*status == 500 || line["user_id"] == json!(user), "{line}");
        }
    }
    let failures: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    let [failure] = failures[..] else { panic!("not one failure: {failures:#?}") };
    assert_eq!(failure["request_id"], session.asked.last().unwrap().id.as_str());
    assert!(failure["cause"].as_str().is_some_and(|cause| cause.contains("no such table")), "{failure}");
    assert_eq!(failure["code"], "internal_error");
}

#[test]
fn the_most_talkative_log_holds_no_secret_either() {
    for format in ["json", "human"] {
        let (lines, session) = logged(format, "trace");
        assert!(lines.iter().any(|line| line.contains("TRACE")), "it is not talkative");
        assert_no_secret(&lines, &session.secrets);
    }
}
