//! What the tests of the other crates rely on when they ask for a PostgreSQL.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use plinth_testing::postgres::{self, DedicatedServer};

#[test]
fn databases_are_made_apart_and_copied() {
    let Some(server) = postgres::server() else { return };
    let first = server.create_database("Made-apart");
    let second = server.create_database("made_apart");
    server.query(&first, "CREATE TABLE notes (body text); INSERT INTO notes VALUES ('kept')");
    assert_eq!(server.query(&second, "SELECT to_regclass('notes') IS NULL"), "t");

    let copy = server.create_database_from("copy", &first);
    assert_eq!(server.query(&copy, "SELECT body FROM notes"), "kept");

    for url in [&first, &second, &copy] {
        server.drop_database(url);
    }
    let left = "SELECT count(*) FROM pg_database WHERE datname ~ '^(madeapart|made_apart|copy)_'";
    assert_eq!(server.query(&server.url("postgres"), left), "0");
}

#[test]
fn a_restart_keeps_port_and_data() {
    let Some(server) = DedicatedServer::start() else { return };
    let url = server.create_database("restart");
    server.query(&url, "CREATE TABLE notes (body text); INSERT INTO notes VALUES ('kept')");

    server.stop();
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err(), "still listening");
    server.start_again();
    assert_eq!(server.query(&url, "SELECT body FROM notes"), "kept");
    server.restart();
    assert_eq!(server.query(&url, "SELECT body FROM notes"), "kept");
}

#[test]
fn a_dropped_server_leaves_nothing() {
    let Some(server) = DedicatedServer::start() else { return };
    let (port, folder) = (server.port(), server.folder().to_owned());
    assert!(folder.exists());
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "still listening");
    assert!(!folder.exists(), "its folder is still there");
}

#[test]
fn tls_is_verified_and_required() {
    let Some(server) = DedicatedServer::start_with_tls() else { return };
    let url = server.create_database("tls");
    let used = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(server.query(&url, used), "t");

    let port = server.port();
    let authority = server.authority();
    let authority = authority.display();
    // The certificate names `localhost`, and a plain connection is not taken.
    for refused in [
        format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=verify-full&sslrootcert={authority}"),
        format!("postgres://postgres@localhost:{port}/postgres?sslmode=disable"),
    ] {
        let psql = Command::new("psql").args(["-X", "-w", "-c", "SELECT 1", "-d", &refused]).output();
        assert!(!psql.expect("psql runs").status.success(), "{refused} was taken");
    }
}

/// Set in the process that [`a_killed_test_process_leaves_nothing`] starts and kills.
const HOLD: &str = "PLINTH_TEST_HOLD";

#[test]
fn a_killed_test_process_leaves_nothing() {
    if std::env::var_os(HOLD).is_some() {
        let Some(server) = DedicatedServer::start() else { return };
        println!("\nholding {} {}", server.port(), server.folder().display());
        std::thread::sleep(Duration::from_secs(120));
        return;
    }
    if postgres::server().is_none() {
        return;
    }
    let mut child = Command::new(std::env::current_exe().expect("the path of this program"))
        .args(["--exact", "a_killed_test_process_leaves_nothing", "--nocapture"])
        .env(HOLD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let line = lines.into_iter().find(|line| line.starts_with("holding ")).expect("the child holds a server");
    let [_, port, folder] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    let port: u16 = port.parse().expect("a port");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok(), "not listening");

    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let deadline = Instant::now() + Duration::from_secs(60);
    while Path::new(folder).exists() || TcpStream::connect(("127.0.0.1", port)).is_ok() {
        assert!(Instant::now() < deadline, "the server outlived the process that it was for");
        std::thread::sleep(Duration::from_millis(50));
    }
}
