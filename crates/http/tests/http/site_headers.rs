//! How files of the web app are sent: compressed or not, anew or not at all, and what a page may do.

use std::io::Read;

use plinth_http::Environment;
use plinth_testing::{TestApp, TestDb};

use crate::site::{Build, INDEX, PAGE, ask, script};

#[test]
fn each_client_gets_the_form_that_it_wants_most() {
    let build = Build::new();
    build.write("assets/noise-BxZ1a2b3.png", &script());
    let app = build.serve();
    let path = "/assets/index-BxZ1a2b3.js";
    for (accepted, coding) in [
        (None, ""),
        (Some(""), ""),
        (Some("gzip, deflate, br, zstd"), "br"),
        (Some("gzip, deflate"), "gzip"),
        (Some("GZIP"), "gzip"),
        (Some("br"), "br"),
        (Some("gzip;q=1.0, br;q=0.5"), "gzip"),
        (Some("br;q=0.5, gzip;q=0.5"), "br"),
        (Some("br;q=0, gzip"), "gzip"),
        (Some("br ; q=0.000 , gzip ; Q=0.001"), "gzip"),
        (Some("br;q=0, gzip;q=0"), ""),
        (Some("identity"), ""),
        (Some("identity;q=0.9, gzip;q=0.5"), ""),
        (Some("identity;q=0.5, gzip"), "gzip"),
        (Some("identity, gzip"), "gzip"),
        (Some("*"), "br"),
        (Some("br;q=0, *;q=0.1"), "gzip"),
        (Some("gzip, *;q=0"), "gzip"),
        (Some("*;q=0"), ""),
        (Some("identity;q=0"), ""),
        (Some("zstd, compress"), ""),
        (Some("br;q=2, gzip"), "gzip"),
        (Some("br;q=lots"), ""),
        (Some("brotli, x-gzip-like"), ""),
    ] {
        let headers: Vec<_> = accepted.iter().map(|accepted| ("accept-encoding", *accepted)).collect();
        let (answer, head) = (ask(&app, "GET", path, &headers), ask(&app, "HEAD", path, &headers));
        assert_eq!((answer.status, answer.header("content-encoding")), (200, coding), "{accepted:?}");
        assert_eq!(answer.vary(), ["accept-encoding"], "{accepted:?}");
        assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8", "{accepted:?}");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{accepted:?}");
        assert_eq!(head.header("content-length"), answer.header("content-length"), "{accepted:?}");
        assert_eq!(unpacked(coding, &answer.body), script(), "{accepted:?}");
        assert!(coding.is_empty() || answer.body.len() * 4 < script().len(), "{accepted:?}");
    }
    // What is compressed already is left as it is, whoever asks.
    let picture = ask(&app, "GET", "/assets/noise-BxZ1a2b3.png", &[("accept-encoding", "br, gzip")]);
    assert_eq!((picture.header("content-encoding"), picture.vary().len()), ("", 0));
    assert_eq!(picture.text(), script());
    // A page too.
    let page = ask(&app, "GET", "/login", &[PAGE, ("accept-encoding", "br")]);
    assert_eq!((page.header("content-encoding"), page.vary()), ("br", vec!["accept", "accept-encoding"]));
    assert_eq!(unpacked("br", &page.body), INDEX);
}

fn unpacked(coding: &str, bytes: &[u8]) -> String {
    let mut text = String::new();
    match coding {
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_string(&mut text).unwrap(),
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap(),
        _ => std::io::Cursor::new(bytes).read_to_string(&mut text).unwrap(),
    };
    text
}

#[test]
fn whoever_has_a_form_already_gets_nothing_new_and_no_two_forms_share_a_tag() {
    let build = Build::new();
    let app = build.serve();
    for path in ["/", "/index.html", "/login", "/favicon.svg", "/assets/index-BxZ1a2b3.js"] {
        let mut tags = Vec::new();
        for coding in ["identity", "gzip", "br"] {
            let wanted = [PAGE, ("accept-encoding", coding)];
            let first = ask(&app, "GET", path, &wanted);
            let tag = first.header("etag").to_owned();
            assert!(tag.starts_with('"') && tag.ends_with('"'), "{path} {tag} is strong");
            for condition in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
                for method in ["GET", "HEAD"] {
                    let again =
                        ask(&app, method, path, &[&wanted[..], &[("if-none-match", &condition)]].concat());
                    assert_eq!(
                        (again.status, again.body.len()),
                        (304, 0),
                        "{method} {path} {coding} {condition}"
                    );
                    for name in ["etag", "cache-control", "content-security-policy"] {
                        assert_eq!(again.header(name), first.header(name), "{path} {name}");
                    }
                    assert_eq!(again.vary(), first.vary(), "{path}");
                    assert_eq!(again.header("content-encoding"), "", "{path}");
                }
            }
            // The tag of another form is none of this one's.
            for other in tags.iter().chain([&"\"other\"".to_owned()]) {
                let answer = ask(&app, "GET", path, &[&wanted[..], &[("if-none-match", other)]].concat());
                assert_eq!(answer.status, 200, "{path} {coding} {other}");
            }
            tags.push(tag);
        }
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 3, "{path}");
    }
}

#[test]
fn a_page_may_load_what_is_here_and_nothing_else() {
    let build = Build::new();
    build.write("about.html", "<!doctype html>");
    let app = TestApp::start_with(TestDb::sqlite(), |settings| {
        settings.static_dir = Some(build.app());
        settings.environment = Environment::Production;
    });
    for path in ["/", "/index.html", "/about.html", "/login", "/favicon.svg"] {
        let answer = ask(&app, "GET", path, &[PAGE]);
        let policy = answer.header("content-security-policy");
        for directive in [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split("; ").any(|found| found == directive), "{path}: no {directive} in {policy}");
        }
    }
    // What every answer has, files have too, and those that are not there.
    for path in ["/", "/login", "/favicon.svg", "/assets/index-BxZ1a2b3.js", "/assets/gone.js"] {
        let answer = ask(&app, "GET", path, &[PAGE, ("x-request-id", "from-the-test")]);
        assert_eq!(answer.header("x-request-id"), "from-the-test", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
}

#[test]
fn another_origin_may_read_a_file_only_if_it_is_listed() {
    let build = Build::new();
    let app = build.serve();
    for (origin, allowed) in
        [("http://localhost:5173", "http://localhost:5173"), ("https://evil.example", "")]
    {
        let answer = ask(&app, "GET", "/assets/index-BxZ1a2b3.js", &[("origin", origin)]);
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, allowed));
        let vary = answer.header("vary");
        assert!(vary.starts_with("accept-encoding, Origin"), "{vary}");
    }
}
