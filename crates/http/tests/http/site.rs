//! The web app on the API's origin: who gets a file, a page of the app, or nothing.
//!
//! Requests are written byte by byte: a client library would put their paths in order first.

use std::fs;
use std::path::PathBuf;

use plinth_http::ROOT_SEGMENTS;
use plinth_testing::{TestApp, TestDb};
use tempfile::TempDir;

use crate::support::{Answer, Client};

pub(crate) const INDEX: &str = "<!doctype html><title>The app</title><script type=\"module\" src=\"/assets/index-BxZ1a2b3.js\">\
                     </script><div id=\"root\"></div><p>The app, with a root for it, and with a script for the root.</p>";
/// What nobody must get to see.
pub(crate) const SECRET: &str = "hunter2";
/// What a browser sends that goes to a page.
pub(crate) const PAGE: (&str, &str) =
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A folder with the build in `app`, and a secret beside it.
pub(crate) struct Build {
    pub(crate) folder: TempDir,
}

impl Build {
    pub(crate) fn new() -> Self {
        let build = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(build.app()).unwrap();
        fs::write(build.folder.path().join("secret.txt"), SECRET).unwrap();
        build.write("index.html", INDEX);
        build.write("favicon.svg", &format!("<svg>{}</svg>", "<path d=\"M0 0\"/>".repeat(20)));
        build.write("assets/index-BxZ1a2b3.js", &script());
        build
    }

    pub(crate) fn app(&self) -> PathBuf {
        self.folder.path().join("app")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.app().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn serve(&self) -> TestApp {
        TestApp::start_with(TestDb::sqlite(), |settings| settings.static_dir = Some(self.app()))
    }
}

/// A script that gets smaller when it is compressed.
pub(crate) fn script() -> String {
    "console.log('the app runs');\n".repeat(200)
}

impl Answer {
    /// What the answer depends on, apart from what CORS adds everywhere.
    pub(crate) fn vary(&self) -> Vec<&str> {
        let names = self.header("vary").split(", ").filter(|name| !name.is_empty());
        names.take_while(|name| *name != "Origin").collect()
    }

    pub(crate) fn is_page(&self) -> bool {
        self.status == 200
            && self.text() == INDEX
            && self.header("content-type") == "text/html; charset=utf-8"
    }
}

/// One request on a connection of its own, with the path as it is written here.
pub(crate) fn ask(app: &TestApp, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut client = Client::connect(app.address());
    let answer = client.send(method, path, &[&[("connection", "close")], headers].concat(), "");
    assert_eq!(client.read_to_end().unwrap(), "", "{method} {path} is answered with more than it says");
    answer
}

#[test]
fn whoever_comes_to_the_origin_gets_the_app() {
    let build = Build::new();
    let app = build.serve();
    for headers in [&[][..], &[("accept", "*/*")], &[PAGE]] {
        for path in ["/", "//", "/?from=mail", "/index.html", "http://localhost/"] {
            let (get, head) = (ask(&app, "GET", path, headers), ask(&app, "HEAD", path, headers));
            assert!(get.is_page(), "{path}: {} {}", get.status, get.text());
            assert_eq!(get.header("cache-control"), "no-cache");
            assert_eq!(get.header("content-length"), INDEX.len().to_string());
            assert_eq!((head.status, head.body.len()), (200, 0));
            for name in ["content-type", "content-length", "etag", "cache-control", "content-security-policy"]
            {
                assert_eq!(head.header(name), get.header(name), "{name}");
            }
        }
    }
    // Without the setting nothing has changed.
    let bare = TestApp::start(TestDb::sqlite());
    assert_eq!(bare.anyone().get("/").expect(200).text("docs"), "/docs");
    assert_eq!(ask(&bare, "GET", "/login", &[PAGE]).problem(), "unknown_route");
    assert_eq!(ask(&bare, "GET", "/index.html", &[PAGE]).problem(), "unknown_route");
}

#[test]
fn files_are_served_at_their_paths_with_their_types() {
    let build = Build::new();
    let cases = [
        ("assets/index-BxZ1a2b3.js", "text/javascript; charset=utf-8", IMMUTABLE),
        ("assets/index-BxZ1a2b3.js.map", "application/json", IMMUTABLE),
        ("assets/index-BEFIdb-_.js", "text/javascript; charset=utf-8", IMMUTABLE),
        ("assets/a-b-12345678.css", "text/css; charset=utf-8", IMMUTABLE),
        ("assets/codicon-DCmgc-ay.woff2", "font/woff2", IMMUTABLE),
        ("assets/solver--QdMvsKi.wasm", "application/wasm", IMMUTABLE),
        ("assets/pdf.worker-DBMMZsPs.mjs", "text/javascript; charset=utf-8", IMMUTABLE),
        ("assets/inner/photo-QTnfLwEv.png", "image/png", IMMUTABLE),
        // It could be a hash.
        ("assets/logo-settings.svg", "image/svg+xml", IMMUTABLE),
        // No hash in the name, or not where Vite puts it.
        ("assets/logo.svg", "image/svg+xml", "no-cache"),
        ("assets/index-1234567.js", "text/javascript; charset=utf-8", "no-cache"),
        ("assets/index-123456789.js", "text/javascript; charset=utf-8", "no-cache"),
        ("assets/index-1234+678.js", "text/javascript; charset=utf-8", "no-cache"),
        ("assets/index-BxZ1a2b3.min.js", "text/javascript; charset=utf-8", "no-cache"),
        ("assets/index_BxZ1a2b3.js", "text/javascript; charset=utf-8", "no-cache"),
        ("assets/BxZ1a2b3.js", "text/javascript; charset=utf-8", "no-cache"),
        ("assets/index-BxZ1a2b3", "application/octet-stream", "no-cache"),
        ("assets/v-12345678.d/readme", "application/octet-stream", "no-cache"),
        ("other/assets/index-BxZ1a2b3.js", "text/javascript; charset=utf-8", "no-cache"),
        ("index-BxZ1a2b3.js", "text/javascript; charset=utf-8", "no-cache"),
        ("about.html", "text/html; charset=utf-8", "no-cache"),
        ("manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("data.json", "application/json", "no-cache"),
        ("robots.txt", "text/plain; charset=utf-8", "no-cache"),
        ("favicon.ico", "image/x-icon", "no-cache"),
        ("LICENSE", "application/octet-stream", "no-cache"),
    ];
    for (path, ..) in cases {
        build.write(path, &format!("the content of {path}"));
    }
    let app = build.serve();
    for (path, media_type, caching) in cases {
        // What somebody accepts makes no difference to a file, nor does a slash at the end.
        for (asked, headers) in [(format!("/{path}"), &[][..]), (format!("/{path}/?v=1"), &[PAGE])] {
            let answer = ask(&app, "GET", &asked, headers);
            assert_eq!((answer.status, answer.text()), (200, &*format!("the content of {path}")), "{asked}");
            assert_eq!(answer.header("content-type"), media_type, "{asked}");
            assert_eq!(answer.header("cache-control"), caching, "{asked}");
            assert!(!answer.header("etag").is_empty(), "{asked}");
        }
    }
}

#[test]
fn a_name_is_asked_for_as_it_is_encoded() {
    let build = Build::new();
    for name in
        ["a file.txt", "a+b.txt", "100%.txt", "über.txt", "a%20b.txt", "q?.txt", "[id].txt", "~tilde.txt"]
    {
        build.write(name, name);
    }
    let app = build.serve();
    for (path, name) in [
        ("/a%20file.txt", "a file.txt"),
        ("/a+b.txt", "a+b.txt"),
        ("/a%2Bb.txt", "a+b.txt"),
        ("/100%25.txt", "100%.txt"),
        ("/%C3%BCber.txt", "über.txt"),
        ("/a%2520b.txt", "a%20b.txt"),
        ("/q%3F.txt", "q?.txt"),
        ("/%5Bid%5D.txt", "[id].txt"),
        ("/%7Etilde.txt", "~tilde.txt"),
        ("/%66avicon.svg", "favicon.svg"),
        ("/a%20file.txt/", "a file.txt"),
        ("/q%3F.txt/", "q?.txt"),
    ] {
        let answer = ask(&app, "GET", path, &[]);
        assert_eq!(answer.status, 200, "{path}");
        if name != "favicon.svg" {
            assert_eq!(answer.text(), name, "{path}");
        }
    }
}

#[test]
fn a_browser_that_goes_to_a_page_of_the_app_gets_it() {
    let build = Build::new();
    let app = build.serve();
    let html =
        [PAGE, ("accept", "text/html"), ("accept", "TEXT/HTML;level=1"), ("accept", "*/*, text/html;q=0.1")];
    for path in [
        "/login",
        "/items/018f-77",
        "/a/b/c",
        "/login/",
        "/login?next=a.b",
        "/%C3%BC",
        "/%",
        "/apis",
        "/healthy",
    ] {
        for headers in html {
            let answer = ask(&app, "GET", path, &[headers]);
            assert!(answer.is_page(), "{path} {headers:?}: {}", answer.text());
            assert_eq!(answer.header("cache-control"), "no-cache");
            assert_eq!(answer.vary(), ["accept", "accept-encoding"], "{path}");
        }
        let head = ask(&app, "HEAD", path, &[PAGE]);
        assert_eq!((head.status, head.header("content-length")), (200, INDEX.len().to_string().as_str()));
        // A script, an image or a program does not want a page.
        let others =
            ["*/*", "application/json", "text/css,*/*;q=0.1", "text/html;q=0, */*", "text/*", "text/htmlx"];
        for accept in others.into_iter().map(Some).chain([None]) {
            let headers: Vec<_> = accept.iter().map(|accept| ("accept", *accept)).collect();
            let answer = ask(&app, "GET", path, &headers);
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (404, "unknown_route"),
                "{path} {accept:?}"
            );
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = ask(&app, method, path, &[PAGE]);
            assert_eq!((answer.status, answer.problem().as_str()), (404, "unknown_route"), "{method} {path}");
        }
    }
}

#[test]
fn a_file_that_is_gone_is_never_a_page() {
    let build = Build::new();
    let app = build.serve();
    for path in [
        "/assets/index-OldHash1.js",
        "/logo.png",
        "/assets/",
        "/assets",
        "/users/ada@example.com",
        "/a.b/c.d",
    ] {
        for headers in [&[][..], &[PAGE]] {
            if path.starts_with("/assets") && !path.contains('.') && !headers.is_empty() {
                // A folder has no listing, and its path may be one of the app's own.
                assert!(ask(&app, "GET", path, headers).is_page(), "{path}");
                continue;
            }
            let answer = ask(&app, "GET", path, headers);
            assert_eq!((answer.status, answer.problem().as_str()), (404, "unknown_route"), "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[test]
fn a_file_can_be_read_and_nothing_else() {
    let build = Build::new();
    let app = build.serve();
    for path in ["/", "/index.html", "/favicon.svg", "/assets/index-BxZ1a2b3.js"] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let answer = ask(&app, method, path, &[PAGE]);
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (405, "method_not_allowed"),
                "{method} {path}"
            );
            assert_eq!(answer.header("allow"), "GET, HEAD", "{method} {path}");
        }
    }
}

#[test]
fn what_is_the_apis_answers_as_without_the_app() {
    let build = Build::new();
    for path in [
        "docs/own.js",
        "docs/index.html",
        "api/own.js",
        "api/users/index.html",
        "health/own.txt",
        "ws/a",
        "token.js",
    ] {
        build.write(path, "a file of the app");
    }
    fs::write(build.app().join("redoc"), "a file of the app").unwrap();
    let (with, without) = (build.serve(), TestApp::start(TestDb::sqlite()));
    let mut paths: Vec<String> =
        ["docs/own.js", "api/own.js", "api/users/index.html", "health/own.txt", "ws/a"]
            .into_iter()
            .chain(ROOT_SEGMENTS)
            .chain([
                "api",
                "api/nothing",
                "api/nothing.js",
                "dev/mail",
                "dev/nothing",
                "docs/assets/nothing.js",
            ])
            .map(|path| format!("/{path}"))
            .collect();
    paths.extend(ROOT_SEGMENTS.map(|segment| format!("/{segment}/no/such/thing")));
    // Every path of the document, so that a route which is added to the root is not forgotten.
    let document = without.openapi();
    for path in document["paths"].as_object().unwrap().keys().filter(|path| *path != "/") {
        let first = path.split('/').nth(1).unwrap();
        paths.extend([path.replace(['{', '}'], ""), format!("/{first}/no/such/thing")]);
    }
    for path in &paths {
        for method in ["GET", "DELETE"] {
            let (here, there) = (ask(&with, method, path, &[PAGE]), ask(&without, method, path, &[PAGE]));
            assert_eq!(
                (here.status, here.header("content-type"), here.header("allow")),
                (there.status, there.header("content-type"), there.header("allow")),
                "{method} {path}"
            );
            assert!(!here.is_page() && !here.text().contains("a file of the app"), "{method} {path}");
        }
    }
    // A name that only begins like one of the API's is the app's.
    assert_eq!(ask(&with, "GET", "/token.js", &[]).text(), "a file of the app");
    // Its document does not promise what it does not answer.
    let document = with.openapi();
    assert!(document["paths"]["/"].is_null() && document["components"]["schemas"]["Start"].is_null());
    assert!(document["paths"]["/health"].is_object());
}

#[test]
fn without_a_prefix_the_routes_of_the_api_go_first() {
    let build = Build::new();
    build.write("items", "a file of the app");
    build.write("itemized", "a file of the app");
    let app = TestApp::start_with(TestDb::sqlite(), |settings| {
        settings.static_dir = Some(build.app());
        settings.api_prefix = String::new();
    });
    assert_eq!(ask(&app, "GET", "/items", &[PAGE]).problem(), "unauthenticated");
    assert_eq!(ask(&app, "GET", "/itemized", &[]).text(), "a file of the app");
    assert!(ask(&app, "GET", "/", &[PAGE]).is_page());
    assert!(ask(&app, "GET", "/profile", &[PAGE]).is_page());
    assert_eq!(ask(&app, "GET", "/ws/no/such", &[PAGE]).problem(), "unknown_route");
}
