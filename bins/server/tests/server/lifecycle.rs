//! From start to end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::support::{CHEAP, PATIENCE, Server, folder, free_port, get, run, texts};

#[test]
fn starts_on_an_empty_folder_and_ends_on_either_signal() {
    let folder = folder();
    let mut keys = Vec::new();
    for signal in ["TERM", "INT"] {
        let mut server = Server::start(folder.path(), &[CHEAP]);
        let port = server.port;
        server.wait_for_line(&format!("http://127.0.0.1:{port}/docs"));
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
        let key = folder.path().join("data/secret_key");
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        keys.push(std::fs::read_to_string(key).unwrap());
    }
    assert_eq!(keys[0], keys[1], "the key is made once");
    let data = folder.path().join("data");
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    let mut files: Vec<_> =
        std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(
        files,
        ["plinth.db", "secret_key"],
        "neither a draft of the key nor a log of SQLite's is left"
    );
}

#[test]
fn nobody_else_may_read_what_is_kept() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[CHEAP]);
    server.sign_up("ada@example.com");
    let data = folder.path().join("data");
    for name in ["plinth.db", "plinth.db-wal", "plinth.db-shm", "secret_key"] {
        let mode = std::fs::metadata(data.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name} has {mode:o}");
    }
    server.kill();
    // Whoever opens it for a group on purpose finds it so after the next start.
    let shared = || std::fs::metadata(data.join("plinth.db")).unwrap().permissions().mode() & 0o777;
    std::fs::set_permissions(data.join("plinth.db"), std::fs::Permissions::from_mode(0o660)).unwrap();
    Server::start(folder.path(), &[CHEAP]);
    assert_eq!(shared(), 0o660);
}

#[test]
fn instances_that_start_at_once_agree_on_key_and_administrator() {
    let folder = folder();
    let admin =
        [CHEAP, ("FIRST_SUPERUSER", "ada@example.com"), ("FIRST_SUPERUSER_PASSWORD", "correct horse")];
    let mut servers: Vec<_> = (0..4).map(|_| Server::spawn(folder.path(), &admin, free_port())).collect();
    servers.iter_mut().for_each(Server::wait_until_ready);
    let mut made = 0;
    for server in &mut servers {
        server.signal("TERM");
        assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
        made += server.log().iter().filter(|line| line.contains("first administrator")).count();
    }
    assert_eq!(made, 1);
    assert_eq!(std::fs::read_to_string(folder.path().join("data/secret_key")).unwrap().trim().len(), 43);
}

#[test]
fn readiness_turns_first_and_requests_still_get_answers() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[CHEAP, ("SHUTDOWN_DELAY_SECONDS", "5")]);
    // Idle connections must not hold it up.
    let _idle: Vec<_> = (0..8).map(|_| kept_alive(server.port)).collect();
    let told = Instant::now();
    server.signal("TERM");
    wait_until_unready(&server);
    assert_eq!(get(server.port, "/health"), Some(200));
    assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
    assert!(told.elapsed() >= Duration::from_secs(5), "it did not wait");
    assert!(told.elapsed() < Duration::from_secs(15), "it waited for idle connections");
    assert_eq!(get(server.port, "/health"), None);
}

fn wait_until_unready(server: &Server) {
    let deadline = Instant::now() + PATIENCE;
    while get(server.port, "/health/ready") != Some(503) {
        assert!(Instant::now() < deadline, "readiness never turned");
    }
}

/// A connection that has had an answer and could ask again.
fn kept_alive(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    stream
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[CHEAP, ("SHUTDOWN_DELAY_SECONDS", "60")]);
    server.signal("TERM");
    wait_until_unready(&server);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(1));
}

#[test]
fn a_port_in_use_is_said_in_words() {
    let folder = folder();
    let server = Server::start(folder.path(), &[CHEAP]);
    let port = server.port.to_string();
    let output = run(folder.path(), &[CHEAP, ("PORT", &port)], &["serve"]);
    let (_, err) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        err.contains(&format!("cannot listen on 127.0.0.1 port {port}")) && err.contains("PORT"),
        "{err}"
    );
}

#[test]
fn healthcheck_tells_by_its_exit_code() {
    let folder = folder();
    let port = free_port().to_string();
    let check = |variables: &[(&str, &str)], arguments: &[&str]| {
        run(folder.path(), variables, &[&["healthcheck"], arguments].concat()).status.code()
    };
    assert_eq!(check(&[("PORT", &port)], &[]), Some(1), "nobody is there");
    let server =
        Server::start(folder.path(), &[CHEAP, ("HOST", "0.0.0.0"), ("SHUTDOWN_DELAY_SECONDS", "60")]);
    let port = server.port.to_string();
    let url = format!("http://127.0.0.1:{port}/health/ready");
    assert_eq!(check(&[("PORT", &port), ("HOST", "0.0.0.0")], &[]), Some(0));
    assert_eq!(check(&[], &["--url", &url]), Some(0));
    assert_eq!(check(&[], &["--url", &format!("http://127.0.0.1:{port}/nowhere")]), Some(1));
    assert_eq!(check(&[], &["--url", "https://127.0.0.1/"]), Some(1));
    server.signal("TERM");
    wait_until_unready(&server);
    assert_eq!(check(&[], &["--url", &url]), Some(1), "it is going away");
}

#[test]
fn json_lines_are_flat() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[CHEAP, ("LOG_FORMAT", "json")]);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    let port = server.port;
    let lines: Vec<serde_json::Value> =
        server.log().iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    let listening = lines.iter().find(|line| line["message"] == "listening").expect("a line that says so");
    assert_eq!(listening["url"], format!("http://127.0.0.1:{port}"));
    assert_eq!(listening["level"], "INFO");
    assert!(listening["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{listening}");
}
