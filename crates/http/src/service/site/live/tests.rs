//! What is served while the folder changes, without waiting for the timer that looks at it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;

use plinth_testing::Log;
use tempfile::TempDir;
use tracing::subscriber::DefaultGuard;

use super::*;

/// What the log says, once, when something cannot be served.
const KEPT: &str = "the one from before is served";

/// A folder with a build, read and looked at, and the log of this thread.
struct Watched {
    outer: TempDir,
    watcher: Watcher,
    log: Log,
    _subscriber: DefaultGuard,
}

impl Watched {
    fn new() -> Self {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
        let subscriber = tracing::subscriber::set_default(subscriber);
        let outer = tempfile::tempdir().unwrap();
        fs::create_dir(outer.path().join("app")).unwrap();
        fs::write(outer.path().join("app/index.html"), "page 1").unwrap();
        let watcher = Watcher::new(outer.path().join("app"), "/api").unwrap();
        Self { outer, watcher, log, _subscriber: subscriber }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.outer.path().join("app").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path("")).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn served(&self) -> Arc<Site> {
        self.watcher.live.0.load_full()
    }

    /// Looks that often, and says whether something else is served then.
    fn changes_with(&mut self, looks: usize) -> bool {
        self.changes(|watcher| (0..looks).for_each(|_| watcher.look()))
    }

    fn changes(&mut self, act: impl FnOnce(&mut Watcher)) -> bool {
        let before = self.served();
        act(&mut self.watcher);
        !Arc::ptr_eq(&before, &self.served())
    }
}

#[test]
fn what_a_build_throws_away_is_served_until_the_next_one_is_complete() {
    let mut app = Watched::new();
    assert!(!app.changes_with(3), "nothing has happened");
    fs::remove_dir_all(app.path("")).unwrap();
    assert!(!app.changes_with(5));
    assert_eq!((app.log.count(KEPT), app.log.count("does not exist")), (1, 1));
    // It has begun: no page yet, a page and nothing that it loads, more of it at each look.
    app.write("first.js", "");
    assert!(!app.changes_with(1));
    app.write("index.html", "page 2");
    assert!(!app.changes_with(1));
    app.write("second.js", "");
    assert!(!app.changes_with(1), "that is new");
    assert!(app.changes_with(1), "that was so before");
    assert_eq!(app.served().files.len(), 3);
    assert!(!app.changes_with(3), "it is read once");
    // A fault that was mended is worth a line when it is back.
    fs::remove_dir_all(app.path("")).unwrap();
    assert!(!app.changes_with(2));
    assert_eq!(app.log.count(KEPT), 2);
}

#[test]
fn what_is_too_large_is_not_read_until_it_is_gone() {
    let mut app = Watched::new();
    File::create(app.path("video.mp4")).unwrap().set_len(65 << 20).unwrap();
    app.write("second.js", "");
    assert!(!app.changes_with(5));
    assert_eq!((app.log.count(KEPT), app.log.count("more than 64 MiB")), (1, 1));
    fs::remove_file(app.path("video.mp4")).unwrap();
    assert!(app.changes_with(2));
    assert!(app.served().files.contains_key("second.js"));
}

#[test]
fn what_cannot_be_read_is_tried_once() {
    let mut app = Watched::new();
    let found = found_and_gone(&app);
    assert!(!app.changes(|watcher| (0..2).for_each(|_| watcher.consider(found.clone()))));
    assert_eq!((app.log.count(KEPT), app.log.count("late.js cannot be read")), (1, 1));
    // It could be read now, but as far as looks can tell nothing has changed.
    app.write("late.js", "");
    assert!(!app.changes(|watcher| (0..5).for_each(|_| watcher.consider(found.clone()))));
    // Another build with the same fault is tried, and worth no other line.
    app.write("second.js", "");
    let found = found_and_gone(&app);
    assert!(!app.changes(|watcher| (0..2).for_each(|_| watcher.consider(found.clone()))));
    assert_eq!(app.watcher.tried, found);
    assert_eq!(app.log.count(KEPT), 1);
    app.write("late.js", "");
    assert!(app.changes_with(2));
    assert!(app.served().files.contains_key("late.js"));
}

/// What a look finds just before a file is gone, which then cannot be read. (Permissions would not do: there are users
/// who may read everything.)
fn found_and_gone(app: &Watched) -> Look {
    app.write("late.js", "");
    let found = Folder::survey(&app.path(""));
    fs::remove_file(app.path("late.js")).unwrap();
    found
}

#[test]
fn a_file_that_becomes_a_link_is_not_read() {
    let mut app = Watched::new();
    fs::write(app.outer.path().join("secret"), "secret").unwrap();
    let found = found_and_gone(&app);
    symlink(app.outer.path().join("secret"), app.path("late.js")).unwrap();
    assert!(!app.changes(|watcher| (0..2).for_each(|_| watcher.consider(found.clone()))));
    assert_eq!((app.log.count(KEPT), app.log.count("late.js changes while it is read")), (1, 1));
    // What is there by then is tried, and the link is no part of it.
    app.write("second.js", "");
    assert!(app.changes_with(2));
    assert!(!app.served().files.contains_key("late.js"));
}

#[test]
fn a_build_that_the_api_would_hide_is_not_served() {
    let mut app = Watched::new();
    app.write("api", "");
    app.write("index.html", r#"<script src="/api"></script>"#);
    assert!(!app.changes_with(3));
    assert_eq!((app.log.count(KEPT), app.log.count("has api where the API stands")), (1, 1));
}

#[test]
fn it_is_said_when_nobody_looks_any_more() {
    let app = Watched::new();
    let panicking = app.watcher.aside(|_| panic!("a file that cannot be compressed"));
    assert!(actix_web::rt::System::new().block_on(panicking).is_none());
    assert_eq!((app.log.count("ERROR"), app.log.count("not looked for any more")), (1, 1));
}

#[test]
fn a_build_of_the_same_sizes_and_times_is_another_one() {
    let mut app = Watched::new();
    let index = app.path("index.html");
    let modified = index.metadata().unwrap().modified().unwrap();
    // The clock of a file system goes by ticks, of 10 ms at most.
    thread::sleep(Duration::from_millis(20));
    app.write("index.html", "page 2");
    File::options().write(true).open(&index).unwrap().set_modified(modified).unwrap();
    assert!(app.changes_with(2));
    // Who may not read it may be allowed to later.
    thread::sleep(Duration::from_millis(20));
    fs::set_permissions(&index, Permissions::from_mode(0o640)).unwrap();
    assert!(app.changes_with(2));
}
