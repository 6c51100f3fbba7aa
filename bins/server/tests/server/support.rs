//! The real binary, in a folder of its own, with an environment of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use plinth_testing::Client;
use tempfile::TempDir;

/// The cheapest hashing that there is.
pub(crate) const CHEAP: (&str, &str) = ("BCRYPT_COST", "4");

/// A signing key that is fit for production.
pub(crate) const GOOD_KEY: (&str, &str) = ("SECRET_KEY", "q2J0c3l6b0Fh-0123456789-ZXCVbnmas");

/// The password of those whom the tests sign up.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// How long anything here may take before the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// An empty folder to run the binary in.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The binary in that folder, with these variables and no other.
pub(crate) fn plinth(folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plinth"));
    command.env_clear().envs(variables.iter().copied()).current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs a subcommand to its end, which has to come.
pub(crate) fn run(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    run_with_input(folder, variables, arguments, "")
}

/// Runs a subcommand that reads that text from standard input.
pub(crate) fn run_with_input(
    folder: &Path,
    variables: &[(&str, &str)],
    arguments: &[&str],
    input: &str,
) -> Output {
    let mut command = plinth(folder, variables);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may refuse before it reads; then there is nobody to write to.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    finish(child)
}

/// Waits for the end of a process whose outputs are pipes; one that goes on for too long is killed.
pub(crate) fn finish(mut child: Child) -> Output {
    let read = |mut stream: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            bytes
        })
    };
    let stdout = read(Box::new(child.stdout.take().unwrap()));
    let stderr = read(Box::new(child.stderr.take().unwrap()));
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if Instant::now() > deadline => break None,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    if status.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let Some(status) = status else {
        panic!("it never ended; it wrote {}", String::from_utf8_lossy(&stdout))
    };
    Output { status, stdout, stderr }
}

/// Standard output and standard error of a run, as text.
pub(crate) fn texts(output: &Output) -> (String, String) {
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

/// A port that nothing listens on, below those that the system gives to outgoing connections: one of those could be
/// taken by any client in the moment before the server has it. Another process could take this one too; then the
/// server says so, and [`Server::start`] tries another.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 10_000;
    const COUNT: u32 = 5_000;
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Processes that start together begin their search far from each other.
    let start = (std::process::id() % 100) * 47;
    for _ in 0..COUNT {
        let offset = (start + u32::from(TRIED.fetch_add(1, Ordering::Relaxed))) % COUNT;
        let port = FIRST + u16::try_from(offset).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    /// Where it listens, on 127.0.0.1.
    pub(crate) port: u16,
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    complaints: Receiver<String>,
    complained: Vec<String>,
}

/// What is written there, line by line, until it is closed.
fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    let stream = BufReader::new(stream);
    std::thread::spawn(move || stream.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

impl Server {
    /// Starts a server in that folder on a free port and waits until it is ready.
    pub(crate) fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        loop {
            let mut server = Self::spawn(folder, variables, free_port());
            if server.gets_ready() {
                return server;
            }
            // Another process was quicker.
            let written: Vec<_> = server.seen.iter().chain(&server.complained).collect();
            assert!(
                written.iter().any(|line| line.contains("cannot listen")),
                "the server ended: {written:#?}"
            );
        }
    }

    /// Starts a server on that port and waits for nothing.
    pub(crate) fn spawn(folder: &Path, variables: &[(&str, &str)], port: u16) -> Self {
        let mut command = plinth(folder, variables);
        command.env("PORT", port.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let complaints = lines_of(child.stderr.take().unwrap());
        Self { port, child, lines, seen: Vec::new(), complaints, complained: Vec::new() }
    }

    /// Waits until readiness answers 200.
    pub(crate) fn wait_until_ready(&mut self) {
        assert!(self.gets_ready(), "the server ended; it wrote {:#?} {:#?}", self.seen, self.complained);
    }

    /// Waits until readiness answers 200, or until it has ended.
    fn gets_ready(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while get(self.port, "/health/ready").is_none_or(|status| status != 200) {
            if self.child.try_wait().unwrap().is_some() {
                self.wait_for_the_rest();
                return false;
            }
            assert!(Instant::now() < deadline, "not ready in time; it logged {:#?}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// A client of it, without a token.
    pub(crate) fn client(&self) -> Client {
        Client::new(format!("http://127.0.0.1:{}", self.port))
    }

    /// A client with an account of its own, that has signed in with [`PASSWORD`].
    pub(crate) fn sign_up(&self, email: &str) -> Client {
        let client = self.client();
        let account = serde_json::json!({"email": email, "password": PASSWORD});
        client.post("/api/auth/register", &account).expect(200);
        self.sign_in(email, PASSWORD)
    }

    /// A client that has signed in.
    pub(crate) fn sign_in(&self, email: &str, password: &str) -> Client {
        let client = self.client();
        let tokens =
            client.form("/api/auth/login", &[("username", email), ("password", password)]).expect(200);
        client.with_token(&tokens.text("access_token"))
    }

    /// The lines that it has logged so far.
    pub(crate) fn log(&mut self) -> &[String] {
        self.seen.extend(self.lines.try_iter());
        &self.seen
    }

    /// Waits for a line that contains that text, and returns it. What was logged may still be on its way.
    pub(crate) fn wait_for_line(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.log().iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            assert!(Instant::now() < deadline, "it never logged {text}; it logged {:#?}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status().unwrap();
        assert!(status.success(), "no signal {name} to {}", self.pid());
    }

    /// SIGKILL: it has no moment left for anything.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.wait();
    }

    /// All that it wrote to standard error; for one that has ended.
    pub(crate) fn wait_for_the_rest(&mut self) -> &[String] {
        self.seen.extend(self.lines.iter());
        self.complained.extend(self.complaints.iter());
        &self.complained
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.wait_for_the_rest();
                return status;
            }
            assert!(Instant::now() < deadline, "it did not end in time; it logged {:#?}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status of a GET on a connection of its own; `None` where nobody answers.
pub(crate) fn get(port: u16, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.get(9..12)?.parse().ok()
}
