//! Limits, proxies and cookies of the running binary.

use plinth_testing::redis::DedicatedRedis;
use plinth_testing::{Answer, Client};
use serde_json::json;

use crate::support::{CHEAP, GOOD_KEY, PASSWORD, Server, folder, free_port};

const ADA: &str = "ada@example.com";

fn login(client: &Client, password: &str) -> Answer {
    client.form("/api/auth/login", &[("username", ADA), ("password", password)])
}

/// Fails to sign in until that is refused, at most so many times; how often it was answered.
fn guesses_until_refused(client: &Client, most: usize) -> usize {
    for n in 0..most {
        let answer = login(client, "a wrong password");
        if answer.status == 429 {
            let answer = answer.expect_problem(429, "rate_limited");
            assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
            return n;
        }
        answer.expect_problem(400, "invalid_grant");
    }
    panic!("{most} guesses and no end");
}

#[test]
fn limits_are_on_and_leave_live_sessions_alone() {
    let folder = folder();
    let server = Server::start(folder.path(), &[CHEAP]);
    let ada = server.sign_up(ADA);
    // 10 at once, and one more each 6 s.
    let guesses = guesses_until_refused(&server.client(), 40);
    assert!((10..20).contains(&guesses), "{guesses}");
    login(&server.client(), PASSWORD).expect_problem(429, "rate_limited");
    ada.get("/api/users/me").expect(200);

    let server = Server::start(folder.path(), &[CHEAP, ("RATE_LIMIT_ENABLED", "false")]);
    for _ in 0..25 {
        login(&server.client(), "a wrong password").expect_problem(400, "invalid_grant");
    }
    login(&server.client(), PASSWORD).expect(200);
}

#[test]
fn without_its_redis_each_process_limits_by_itself() {
    let folder = folder();
    let url = format!("redis://:hunter2@127.0.0.1:{}", free_port());
    let variables = [CHEAP, ("REDIS_URL", url.as_str()), ("RATE_LIMIT_LOGIN_PER_ACCOUNT", "3/1h")];
    let mut server = Server::start(folder.path(), &variables);
    let ada = server.sign_up(ADA);
    server.wait_for_line("Redis is away");
    assert_eq!(guesses_until_refused(&server.client(), 10), 3);
    ada.get("/api/users/me").expect(200);
    server.client().get("/health/ready").expect(200);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
    let complaints = server.wait_for_the_rest().to_vec();
    assert!(server.log().iter().chain(&complaints).all(|line| !line.contains("hunter2")));
}

#[test]
fn two_processes_share_a_limit_in_redis() {
    let Some(redis) = DedicatedRedis::start() else { return };
    let (folder, url) = (folder(), redis.url());
    let variables = [CHEAP, ("REDIS_URL", url.as_str()), ("RATE_LIMIT_LOGIN_PER_ACCOUNT", "4/1h")];
    let one = Server::start(folder.path(), &variables);
    let two = Server::start(folder.path(), &variables);
    let ada = one.sign_up(ADA);
    for server in [&one, &two, &one, &two] {
        login(&server.client(), "a wrong password").expect_problem(400, "invalid_grant");
    }
    for server in [&one, &two] {
        login(&server.client(), PASSWORD).expect_problem(429, "rate_limited");
        server.client().with_token(ada.token()).get("/api/users/me").expect(200);
    }
    // A restart forgets nothing.
    drop(one);
    let one = Server::start(folder.path(), &variables);
    login(&one.client(), PASSWORD).expect_problem(429, "rate_limited");
}

#[test]
fn only_named_proxies_tell_where_a_client_is() {
    for (trusted, ip) in [("", "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.7")] {
        let folder = folder();
        let variables = [
            CHEAP,
            ("TRUSTED_PROXIES", trusted),
            ("FIRST_SUPERUSER", "root@example.com"),
            ("FIRST_SUPERUSER_PASSWORD", PASSWORD),
        ];
        let server = Server::start(folder.path(), &variables);
        let headers =
            [("x-forwarded-for", "198.51.100.1, 203.0.113.7"), ("content-type", "application/json")];
        let account = json!({"email": ADA, "password": PASSWORD}).to_string();
        server.client().send("POST", "/api/auth/register", &headers, account.into_bytes()).expect(200);
        let root = server.sign_in("root@example.com", PASSWORD);
        let entries = root.get("/api/audit?event=registered").expect(200).json();
        assert_eq!(entries["items"][0]["ip"], ip, "TRUSTED_PROXIES={trusted}");
    }
}

#[test]
fn browsers_keep_the_refresh_token_in_a_cookie() {
    let production = [("ENVIRONMENT", "production"), GOOD_KEY, ("HOST", "127.0.0.1"), ("BCRYPT_COST", "10")];
    for (more, name, secure) in
        [(&[CHEAP][..], "plinth_refresh=", false), (&production[..], "__Host-plinth_refresh=", true)]
    {
        let folder = folder();
        let server = Server::start(folder.path(), &[more, &[("AUTH_COOKIES", "true")]].concat());
        let ada = server.sign_up(ADA);
        let tokens = login(&server.client(), PASSWORD).expect(200);
        assert!(tokens.json().get("refresh_token").is_none(), "it is in the body");
        let cookie = tokens.header("set-cookie").to_owned();
        assert!(cookie.starts_with(name), "{cookie}");
        for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            assert!(cookie.contains(part), "no {part} in {cookie}");
        }
        assert_eq!(cookie.contains("; Secure"), secure, "{cookie}");
        assert!(!cookie.contains("Domain"), "{cookie}");

        let pair = cookie.split(';').next().unwrap();
        let refresh =
            |headers: &[(&str, &str)]| server.client().send("POST", "/api/auth/refresh", headers, vec![]);
        refresh(&[("cookie", pair)]).expect_problem(400, "invalid_request");
        let next = refresh(&[("cookie", pair), ("x-requested-with", "fetch")]).expect(200);
        assert!(next.header("set-cookie").starts_with(name));
        let next = server.client().with_token(&next.text("access_token"));
        let gone = next.post("/api/auth/logout", &json!({})).expect(204);
        let cleared = gone.header("set-cookie");
        assert!(cleared.starts_with(&format!("{name};")) && cleared.contains("Max-Age=0"), "{cleared}");
        refresh(&[("cookie", pair), ("x-requested-with", "fetch")]).expect_problem(400, "invalid_grant");
        ada.get("/api/users/me").expect(200);
    }
}
