//! A server that tests start, kept by a shell script that outlives this process by as much as it takes to clean up.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The script and its folder. Dropping it ends the server and removes the folder; so does the death of this process.
pub(crate) struct Keeper {
    /// What is kept, for the words of a failure.
    name: &'static str,
    folder: PathBuf,
    pipes: Mutex<Pipes>,
}

struct Pipes {
    process: Child,
    /// The end of this pipe, by drop or by the death of this process, is what ends the keeper. The standard
    /// library opens it close-on-exec, so that no other child holds it open.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// A folder for a server of that name. Short, and where any user may go: the server may run as another one.
pub(crate) fn folder(name: &'static str, prefix: &str) -> PathBuf {
    match tempfile::Builder::new().prefix(prefix).tempdir() {
        Ok(folder) => folder.keep(),
        Err(error) => panic!("no temporary folder for {name}: {error}"),
    }
}

impl Keeper {
    /// Starts the script in a shell: orders come on its standard input, one a line, and each is answered `done` or
    /// `failed`. `command` has been given the arguments.
    pub(crate) fn start(name: &'static str, folder: PathBuf, mut command: Command) -> Self {
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
        let pipes = Pipes { process, orders: Some(orders), answers: BufReader::new(answers) };
        Self { name, folder, pipes: Mutex::new(pipes) }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Gives an order; whether it was obeyed.
    pub(crate) fn ask(&self, order: &str) -> bool {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = pipes.orders.as_mut().is_some_and(|orders| writeln!(orders, "{order}").is_ok());
        let mut answer = String::new();
        sent && pipes.answers.read_line(&mut answer).is_ok() && answer == "done\n"
    }

    /// Has an order obeyed.
    pub(crate) fn order(&self, order: &str) {
        self.expect_done(order, self.ask(order));
    }

    /// Ends the test where something was not done.
    pub(crate) fn expect_done(&self, what: &str, done: bool) {
        if !done {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            panic!("{} did not {what}; its log:\n{log}", self.name);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let pipes = self.pipes.get_mut().unwrap_or_else(PoisonError::into_inner);
        pipes.orders = None;
        let _ = pipes.process.wait();
    }
}
