//! A private cluster.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use super::installed::{Programs, User};
use crate::keeper::{self, Keeper};

/// Makes the cluster, then obeys `start` and `stop`; at the end of its input it stops the server and removes all.
const SCRIPT: &str = include_str!("keeper.sh");

/// A cluster in a folder of its own. Dropping it ends it.
pub(super) struct Cluster {
    port: u16,
    keeper: Keeper,
}

impl Cluster {
    /// Makes a cluster and starts it.
    pub(super) fn start(programs: &Programs, tls: bool) -> Self {
        let folder = keeper::folder("PostgreSQL", "plinth-pg-");
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "keeper"]).arg(programs.folder()).arg(&folder);
        command.arg(if tls { "tls" } else { "plain" });
        if let Some(user) = User::for_server(&folder) {
            if let Err(error) = user.own(&folder) {
                panic!("cannot give {} to PostgreSQL's user: {error}", folder.display());
            }
            user.run(&mut command);
        }
        let mut cluster = Self { port: 0, keeper: Keeper::start("PostgreSQL", folder, command) };

        cluster.keeper.expect_done("make the cluster", cluster.keeper.ask("make"));
        // Another process may take the port between the look and the start.
        for _ in 0..10 {
            cluster.port = free_port();
            if cluster.keeper.ask(&format!("port {}", cluster.port)) && cluster.keeper.ask("start") {
                return cluster;
            }
        }
        cluster.keeper.expect_done("start", false);
        cluster
    }

    /// The port on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Where the cluster keeps its files.
    pub(super) fn folder(&self) -> &Path {
        self.keeper.folder()
    }

    /// The certificate of the authority that signed the server's.
    pub(super) fn authority(&self) -> PathBuf {
        self.keeper.folder().join("authority.crt")
    }

    /// Has an order obeyed.
    pub(super) fn order(&self, order: &str) {
        self.keeper.order(order);
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
