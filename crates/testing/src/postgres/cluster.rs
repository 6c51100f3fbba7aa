//! A private cluster, kept by a shell script that outlives this process by as much as it takes to clean up.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};

use super::installed::{Programs, User};

/// Makes the cluster, then obeys `start` and `stop`; at the end of its input it stops the server and removes all.
const KEEPER: &str = include_str!("keeper.sh");

/// A cluster in a folder of its own. Dropping it ends it.
pub(super) struct Cluster {
    port: u16,
    folder: PathBuf,
    keeper: Mutex<Keeper>,
}

struct Keeper {
    process: Child,
    /// The end of this pipe, by drop or by the death of this process, is what ends the keeper. The standard
    /// library opens it close-on-exec, so that no other child holds it open.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Cluster {
    /// Makes a cluster and starts it.
    pub(super) fn start(programs: &Programs, tls: bool) -> Self {
        // Short, and where any user may go: the server may run as another one.
        let folder = match tempfile::Builder::new().prefix("plinth-pg-").tempdir() {
            Ok(folder) => folder.keep(),
            Err(error) => panic!("no temporary folder for PostgreSQL: {error}"),
        };
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(programs.folder()).arg(&folder);
        command.arg(if tls { "tls" } else { "plain" });
        if let Some(user) = User::for_server(&folder) {
            if let Err(error) = user.own(&folder) {
                panic!("cannot give {} to PostgreSQL's user: {error}", folder.display());
            }
            user.run(&mut command);
        }
        // A group of its own: Ctrl-C in a terminal is for the tests, the end of the pipe for the keeper.
        command.current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = match command.spawn() {
            Ok(process) => process,
            Err(error) => panic!("cannot start sh: {error}"),
        };
        let (Some(orders), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            unreachable!("both were asked to be pipes")
        };
        let answers = BufReader::new(answers);
        let keeper = Mutex::new(Keeper { process, orders: Some(orders), answers });
        let mut cluster = Self { port: 0, folder, keeper };

        cluster.expect_done("make the cluster", cluster.ask("make"));
        // Another process may take the port between the look and the start.
        for _ in 0..10 {
            cluster.port = free_port();
            if cluster.ask(&format!("port {}", cluster.port)) && cluster.ask("start") {
                return cluster;
            }
        }
        cluster.expect_done("start", false);
        cluster
    }

    /// The port on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Where the cluster keeps its files.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The certificate of the authority that signed the server's.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.join("authority.crt")
    }

    /// Has an order obeyed.
    pub(super) fn order(&self, order: &str) {
        self.expect_done(order, self.ask(order));
    }

    fn ask(&self, order: &str) -> bool {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = keeper.orders.as_mut().is_some_and(|orders| writeln!(orders, "{order}").is_ok());
        let mut answer = String::new();
        sent && keeper.answers.read_line(&mut answer).is_ok() && answer == "done\n"
    }

    fn expect_done(&self, what: &str, done: bool) {
        if !done {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            panic!("PostgreSQL did not {what}; its log:\n{log}");
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner);
        keeper.orders = None;
        let _ = keeper.process.wait();
    }
}

/// A free port below those that the system gives to outgoing connections.
///
/// A stopped server's port must stay free for it. From the range of outgoing connections it could be taken by any
/// of them, or by a client that keeps trying and, by chance, connects to itself.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 15_000;
    const COUNT: u16 = 17_000;
    static TRIED: AtomicU16 = AtomicU16::new(0);

    // Processes that start together begin their search far from each other.
    let start = (std::process::id() % 1_000) * 17;
    for _ in 0..COUNT {
        let next = u32::from(TRIED.fetch_add(1, Ordering::Relaxed));
        let offset = u16::try_from((start + next) % u32::from(COUNT)).unwrap_or(0);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, FIRST + offset)).is_ok() {
            return FIRST + offset;
        }
    }
    panic!("no free port on 127.0.0.1 from {FIRST} on");
}
