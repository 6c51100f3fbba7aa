//! What happens to a folder between looking at it and reading it, and what is wrong with it before.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, FileType, mknodat};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use tempfile::TempDir;

use super::*;

/// A folder with the build in `app`, and beside it what nobody must get to see.
fn build() -> TempDir {
    let outer = tempfile::tempdir().unwrap();
    for folder in ["app", "beside"] {
        let folder = outer.path().join(folder);
        fs::create_dir_all(folder.join("assets")).unwrap();
        fs::write(folder.join("index.html"), "page").unwrap();
        fs::write(folder.join("assets/app.js"), folder.to_str().unwrap()).unwrap();
    }
    outer
}

/// The complaint of `check`, with an API at `/api`.
fn complaint(app: &Path) -> String {
    check(app, "/api").unwrap_err().to_string()
}

#[test]
fn only_what_was_found_is_read() {
    type Replace = fn(&Path, &Path);
    let cases: [(&str, Replace); 7] = [
        ("a link to another file", |app, beside| {
            fs::remove_file(app.join("assets/app.js")).unwrap();
            symlink(beside.join("assets/app.js"), app.join("assets/app.js")).unwrap();
        }),
        ("a link to a folder with such a file", |app, beside| {
            fs::remove_dir_all(app.join("assets")).unwrap();
            symlink(beside.join("assets"), app.join("assets")).unwrap();
        }),
        ("another file", |app, beside| {
            fs::rename(beside.join("assets/app.js"), app.join("assets/app.js")).unwrap();
        }),
        ("a folder", |app, _| {
            fs::remove_file(app.join("assets/app.js")).unwrap();
            fs::create_dir(app.join("assets/app.js")).unwrap();
        }),
        ("a pipe that nobody writes to", |app, _| {
            fs::remove_file(app.join("assets/app.js")).unwrap();
            mknodat(CWD, app.join("assets/app.js"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        }),
        ("more in the same file", |app, _| {
            let mut file = File::options().append(true).open(app.join("assets/app.js")).unwrap();
            io::Write::write_all(&mut file, b"more").unwrap();
        }),
        ("something else of that length in the same file", |app, _| {
            // The clock of a file system goes by ticks, of 10 ms at most.
            thread::sleep(Duration::from_millis(20));
            let text = fs::read_to_string(app.join("assets/app.js")).unwrap();
            fs::write(app.join("assets/app.js"), text.to_uppercase()).unwrap();
        }),
    ];
    for (what, replace) in cases {
        let outer = build();
        let (app, beside) = (outer.path().join("app"), outer.path().join("beside"));
        let folder = Folder::survey(&app).unwrap();
        assert_eq!(folder.read().unwrap().len(), 2);
        replace(&app, &beside);
        let (answers, read) = mpsc::channel();
        thread::spawn(move || answers.send(folder.read()));
        let read = read.recv_timeout(Duration::from_secs(10)).unwrap();
        let wrong = read.expect_err(what).to_string();
        assert!(wrong.contains("assets/app.js changes while it is read"), "{what}: {wrong}");
    }
}

#[test]
fn check_opens_every_file() {
    let outer = build();
    let app = outer.path().join("app");
    check(&app, "/api").unwrap();
    fs::set_permissions(app.join("assets/app.js"), fs::Permissions::from_mode(0o000)).unwrap();
    // Without them root is like everybody. They are a thread's own, and the tests' threads may be used again.
    let like_everybody = thread::spawn(move || {
        let mut sets = capabilities(None).unwrap();
        sets.effective -= CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
        set_capabilities(None, sets).unwrap();
        complaint(&app)
    });
    let wrong = like_everybody.join().unwrap();
    assert!(wrong.contains("assets/app.js cannot be read: Permission denied"), "{wrong}");
}

#[test]
fn no_prefix_hides_what_the_page_loads() {
    let outer = build();
    let app = outer.path().join("app");
    fs::write(app.join("index.html"), r#"<script src="/assets/app.js"></script>"#).unwrap();
    for prefix in ["", "/api", "/asset", "/assets/app", "/index"] {
        check(&app, prefix).unwrap();
    }
    for prefix in ["/assets", "/assets/app.js"] {
        let wrong = check(&app, prefix).unwrap_err().to_string();
        assert!(wrong.contains("app has assets/app.js where") && wrong.contains(prefix), "{wrong}");
    }
    // What it does not load is missed by nobody, and what stands at the root hides a file whatever the prefix is.
    for other in ["api", "docs"] {
        fs::write(app.join(other), "").unwrap();
    }
    check(&app, "/api").unwrap();
}
