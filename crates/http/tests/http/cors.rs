//! Which origins a browser lets in.

use crate::support::{Answer, settings, start, start_with};

const APP: &str = "https://app.example.com";
const VARY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// What a page may read beside the headers that it always may, each of which is sent.
const EXPOSED: [&str; 7] =
    ["etag", "location", "ratelimit", "ratelimit-policy", "retry-after", "www-authenticate", "x-request-id"];

fn access_control(answer: &Answer) -> Vec<&str> {
    answer.names().into_iter().filter(|name| name.starts_with("access-control")).collect()
}

#[test]
fn a_listed_origin_may_read_answers() {
    let server = start();
    for origin in [APP, "http://localhost:5173"] {
        for path in ["/things", "/nowhere"] {
            let answer = server.send("GET", path, &[("origin", origin)], "");
            assert_eq!(answer.header("access-control-allow-origin"), origin);
            assert_eq!(answer.header("access-control-allow-credentials"), "true");
            let exposed = answer.header("access-control-expose-headers");
            let mut exposed: Vec<_> = exposed.split(", ").map(str::to_ascii_lowercase).collect();
            exposed.sort_unstable();
            assert_eq!(exposed, EXPOSED);
            assert_eq!(answer.headers("vary"), [VARY]);
        }
    }
}

#[test]
fn any_other_origin_gets_no_such_header() {
    let server = start();
    for origin in
        ["https://evil.example", "null", "https://app.example.com.evil", "*", "HTTPS://APP.EXAMPLE.COM"]
    {
        let answer = server.send("GET", "/things", &[("origin", origin)], "");
        assert_eq!((answer.status, access_control(&answer)), (200, vec![]), "{origin}");
        assert_eq!(answer.headers("vary"), [VARY]);
    }
    let answer = server.get("/things");
    assert_eq!((access_control(&answer), answer.headers("vary")), (vec![], vec![VARY]));
}

#[test]
fn a_star_in_the_list_lets_nobody_in() {
    let server = start_with(plinth_http::HttpSettings { cors_origins: vec!["*".to_owned()], ..settings() });
    for origin in ["*", "https://evil.example"] {
        assert!(access_control(&server.send("GET", "/things", &[("origin", origin)], "")).is_empty());
    }
}

fn preflight(origin: &str, method: &str, headers: &str) -> Answer {
    let asked = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", headers),
    ];
    start().send("OPTIONS", "/things", &asked, "")
}

#[test]
fn preflights_of_listed_origins_are_granted() {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] {
        let answer = preflight(
            APP,
            method,
            "authorization,content-type, IF-MATCH, if-none-match, idempotency-key, x-request-id",
        );
        assert_eq!((answer.status, answer.text()), (200, ""), "{method} {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), APP);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert_eq!(answer.header("access-control-max-age"), "600");
        assert!(answer.header("access-control-allow-methods").contains(method));
        assert!(answer.header("access-control-allow-headers").to_lowercase().contains("idempotency-key"));
        let vary = answer.headers("vary").join(", ");
        assert_eq!(vary, VARY);
        assert!(!answer.header("x-request-id").is_empty());
    }
}

#[test]
fn other_preflights_are_refused() {
    for (origin, method, headers) in [
        ("https://evil.example", "GET", "authorization"),
        (APP, "TRACE", "authorization"),
        (APP, "GET", "x-secret"),
    ] {
        let answer = preflight(origin, method, headers);
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (403, "cors_refused"),
            "{origin} {method} {headers}"
        );
        assert!(access_control(&answer).is_empty(), "{answer:?}");
    }
}
