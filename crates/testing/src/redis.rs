//! A real Redis for tests.
//!
//! [`url`] is that of the one that the tests of this process share: the server that `TEST_REDIS_URL` names, else a
//! private one from the installed `redis-server` (or `valkey-server`). Others may use it too, so a test works on keys
//! of its own. [`DedicatedRedis`] is for a single test, which may stop and pause it. A private server listens on the
//! loopback address alone, keeps nothing on disk, and is gone when the test process ends in whatever way, SIGKILL
//! among them.
//!
//! Where no Redis is installed the answer is `None`, and a line on standard error says so past the capture of the
//! test harness. With `REQUIRE_REDIS=1`, as in CI, that is a panic.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::keeper::{self, Keeper};
use crate::postgres::free_port;

/// Obeys `start`, `stop`, `pause` and `resume`; at the end of its input it ends the server and removes all.
const SCRIPT: &str = include_str!("redis/keeper.sh");

/// The URL of the Redis that the tests of this process share; `None` where there is none.
///
/// # Panics
///
/// With `REQUIRE_REDIS=1` and no Redis, and where the installed one does not start.
pub fn url() -> Option<&'static str> {
    static SHARED: OnceLock<Option<(String, Option<DedicatedRedis>)>> = OnceLock::new();

    let shared = SHARED.get_or_init(|| match std::env::var("TEST_REDIS_URL") {
        Ok(url) if !url.is_empty() => Some((url, None)),
        _ => DedicatedRedis::start().map(|server| (server.url(), Some(server))),
    });
    shared.as_ref().map(|(url, _)| url.as_str())
}

/// A private Redis for one test. Dropping it ends it.
pub struct DedicatedRedis {
    port: u16,
    tls: bool,
    keeper: Keeper,
}

impl DedicatedRedis {
    /// Starts one; `None` where Redis is not installed.
    ///
    /// # Panics
    ///
    /// With `REQUIRE_REDIS=1` and no Redis, and where the installed one does not start.
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// As [`DedicatedRedis::start`], with further arguments of `redis-server`, such as `["--requirepass", "…"]`.
    pub fn start_with(arguments: &[&str]) -> Option<Self> {
        Some(Self::run(&installed_or_say()?, false, arguments))
    }

    /// As [`DedicatedRedis::start`], over TLS only, with a certificate for `localhost` that nobody has signed.
    /// Needs the `openssl` program.
    pub fn start_with_tls() -> Option<Self> {
        Some(Self::run(&installed_or_say()?, true, &[]))
    }

    fn run(program: &Path, tls: bool, arguments: &[&str]) -> Self {
        let folder = keeper::folder("Redis", "plinth-redis-");
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "keeper"]).arg(program).arg(&folder);
        command.arg(if tls { "tls" } else { "plain" }).args(arguments);
        let mut server = Self { port: 0, tls, keeper: Keeper::start("Redis", folder, command) };
        // Another process may take the port between the look and the start.
        for _ in 0..10 {
            server.port = free_port();
            if server.keeper.ask(&format!("start {}", server.port)) {
                return server;
            }
        }
        server.keeper.expect_done("start", false);
        server
    }

    /// The URL of its database 0, without a password.
    pub fn url(&self) -> String {
        let (scheme, host) = if self.tls { ("rediss", "localhost") } else { ("redis", "127.0.0.1") };
        format!("{scheme}://{host}:{}/0", self.port)
    }

    /// The port on 127.0.0.1, the same for as long as this lives.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server at once: connections are cut, and all it holds is lost. Returns when it is gone.
    pub fn stop(&self) {
        self.keeper.order("stop");
    }

    /// Starts the stopped server, empty, on the port that it had. Returns when it takes connections.
    pub fn start_again(&self) {
        self.keeper.order(&format!("start {}", self.port));
    }

    /// Has the server stand still (SIGSTOP): connections stay and can even be made, and nothing is answered.
    pub fn pause(&self) {
        self.keeper.order("pause");
    }

    /// Has the paused server go on; what was asked meanwhile is answered.
    pub fn resume(&self) {
        self.keeper.order("resume");
    }
}

fn installed_or_say() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| ["redis-server", "valkey-server"].map(|name| folder.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        let what = "no Redis: neither TEST_REDIS_URL nor an installed redis-server";
        assert!(std::env::var_os("REQUIRE_REDIS").is_none_or(|v| v != "1"), "{what}, and REQUIRE_REDIS=1");
        // `eprintln!` would be captured with the output of the test, and nobody would see it.
        let _ = writeln!(std::io::stderr(), "\n*** {what}; what needs it is NOT TESTED ***");
    }
    found
}
