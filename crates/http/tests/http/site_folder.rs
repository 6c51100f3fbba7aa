//! The folder of the web app: which can be served, and what happens when it changes while the server runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use plinth_http::service::site::check;
use plinth_testing::TestApp;

use crate::site::{Build, ask};

/// Why a folder cannot be served.
fn fault(folder: &Path) -> String {
    check(folder, "/api").unwrap_err().to_string()
}

#[test]
fn a_folder_that_is_no_build_is_refused_with_what_to_do() {
    let build = Build::new();
    assert_eq!(check(&build.app(), "/api"), Ok(()));
    let missing = fault(&build.app().join("dist"));
    assert!(missing.contains("dist does not exist; build the app first"), "{missing}");
    let file = fault(&build.app().join("index.html"));
    assert!(file.contains("is not a folder; build the app first"), "{file}");
    let assets = fault(&build.app().join("assets"));
    assert!(assets.contains("assets has no index.html that is a file"), "{assets}");
    assert!(fault(Path::new("/")).contains("has no index.html"), "nothing of it is looked at");
    // An index that is a link could be anything.
    symlink("../index.html", build.app().join("assets/index.html")).unwrap();
    let link = fault(&build.app().join("assets"));
    assert!(
        link.contains("no index.html that is a file (links within the folder are not followed)"),
        "{link}"
    );
    // The folder itself may be one.
    let link = build.app().join("current");
    symlink(build.app(), &link).unwrap();
    assert_eq!(check(&link, "/api"), Ok(()));
}

#[test]
fn a_folder_that_would_eat_the_memory_is_refused() {
    let build = Build::new();
    let video = fs::File::create(build.app().join("video.mp4")).unwrap();
    video.set_len(64 << 20).unwrap();
    let large = fault(&build.app());
    assert!(large.contains("more than 64 MiB") && large.contains("kept in memory"), "{large}");
    video.set_len(1).unwrap();
    assert_eq!(check(&build.app(), "/api"), Ok(()));
    fs::create_dir(build.app().join("many")).unwrap();
    for number in 0..5_000 {
        fs::File::create(build.app().join(format!("many/{number}"))).unwrap();
    }
    let many = fault(&build.app());
    assert!(many.contains("more than 5000 files and folders"), "{many}");
}

/// Asks until the answer is that, which it has to be soon.
#[track_caller]
fn eventually(app: &TestApp, path: &str, expected: (u16, &str)) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = ask(app, "GET", path, &[]);
        let text = if answer.status == 200 { answer.text() } else { "" };
        if (answer.status, text) == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{path}: {} {text}", answer.status);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_new_build_is_served_whole_without_a_restart() {
    let build = Build::new();
    let app = build.serve();
    assert_eq!(ask(&app, "GET", "/assets/index-BxZ1a2b3.js", &[]).status, 200);
    // A build begins by throwing the old one away.
    fs::remove_dir_all(build.app()).unwrap();
    build.write("assets/index-Cv6bi7od.js", "the next script");
    build.write("index.html", "the next page");
    eventually(&app, "/", (200, "the next page"));
    assert_eq!(ask(&app, "GET", "/assets/index-Cv6bi7od.js", &[]).text(), "the next script");
    assert_eq!(ask(&app, "GET", "/assets/index-BxZ1a2b3.js", &[]).status, 404, "it belongs to the old page");

    // A deployment that switches a link.
    let next = Build::new();
    next.write("index.html", "a page from elsewhere");
    fs::rename(build.app(), build.app().with_file_name("old")).unwrap();
    symlink(next.app(), build.app()).unwrap();
    eventually(&app, "/", (200, "a page from elsewhere"));
}
