//! The command line: one subcommand for each thing that the binary does.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::config;
use crate::{admin, app, health, keys, mail, migrate, seed};

/// Accounts, sessions, roles and your own resources over HTTP, on SQLite or PostgreSQL.
///
/// Settings come from the environment and from `.env` in the working directory; `check-config` lists them.
#[derive(Debug, Parser)]
#[command(name = "plinth", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server; this is also what happens without a subcommand
    Serve,
    /// Bring the database's schema up to date, take steps back, or show where it stands
    #[command(subcommand)]
    Migrate(Migrate),
    /// Make an administrator; the password is asked for, or read as one line from standard input
    CreateAdmin(CreateAdmin),
    /// Show the settings as they take effect, or everything that is wrong with them
    CheckConfig,
    /// Make, list or rotate the private keys that access tokens are signed with
    #[command(subcommand)]
    Keys(Keys),
    /// Show mail that waits or was given up, or send what was given up again
    #[command(subcommand)]
    Mail(Mail),
    /// Print the OpenAPI document
    Openapi,
    /// Fill the database with the users and items of the benchmark; refused in production
    Seed(Seed),
    /// Ask a running server whether it is ready; exit code 0 if it is
    Healthcheck(Healthcheck),
}

/// What to do with the schema.
#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Run every migration that has not been run
    Up,
    /// Undo the newest migrations; data that they made room for is lost
    Down {
        /// How many of them
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
    /// List every migration and whether it has been run
    Status,
}

/// What to do with mail on its way out.
#[derive(Debug, Subcommand)]
pub(crate) enum Mail {
    /// Count what waits and what was given up, and list the newest of the latter with the reason
    Status,
    /// Put everything that was given up on its way again
    Retry,
}

/// What to do with the private keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key file with an active key and the next one
    Generate(Generate),
    /// List the keys of the key file, without their private parts
    List,
    /// Let the next key sign, the active one retire, and make a new next one
    Rotate {
        /// Rotate although the next key has not been published for long; verifiers may not know it yet
        #[arg(long)]
        force: bool,
    },
}

/// The key file to make.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// What the keys are for, EdDSA or ES256; by default JWT_ALGORITHM if it is one of these, else EdDSA
    #[arg(long, value_parser = keys::asymmetric)]
    pub(crate) algorithm: Option<plinth_auth::Algorithm>,
    /// The file to make, which must not exist; by default the one that the server reads
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

/// The administrator to make.
#[derive(Debug, Args)]
pub(crate) struct CreateAdmin {
    /// The address to sign in with
    #[arg(long)]
    pub(crate) email: String,
    /// The person's name
    #[arg(long)]
    pub(crate) full_name: Option<String>,
}

/// How much to make.
#[derive(Debug, Args)]
pub(crate) struct Seed {
    /// Users; the first is the administrator admin@bench.test
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) users: u32,
    /// Items, dealt out to the users in turn
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(..=100_000_000))]
    pub(crate) items: u32,
}

/// Whom to ask.
#[derive(Debug, Args)]
pub(crate) struct Healthcheck {
    /// The address to ask, such as http://127.0.0.1:8000/health/ready; by default the one in HOST and PORT
    #[arg(long)]
    pub(crate) url: Option<String>,
}

/// Does what the command line asks. A failure is printed once, with its causes; wrong usage exits with 2.
pub(crate) fn run() -> ExitCode {
    let command = Cli::parse().command.unwrap_or(Command::Serve);
    let result = match command {
        Command::Serve => app::serve(),
        Command::Migrate(command) => migrate::run(&command),
        Command::CreateAdmin(wanted) => admin::create(&wanted),
        Command::CheckConfig => check_config(),
        Command::Keys(command) => keys::run(&command),
        Command::Mail(command) => mail::run(&command),
        Command::Openapi => app::openapi(),
        Command::Seed(wanted) => seed::run(&wanted),
        Command::Healthcheck(asked) => health::check(asked.url.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Ends the process with that failure, here and now: nothing is dropped, and no thread is waited for.
pub(crate) fn exit(error: &anyhow::Error) -> ! {
    complain(error);
    std::process::exit(1)
}

fn complain(error: &anyhow::Error) {
    say(&format!("{error:#}"));
}

fn say(text: &str) {
    // Where even this cannot be written, the exit code has to do.
    let _unheard = writeln!(io::stderr(), "plinth: {text}");
}

/// Prints every setting as it takes effect, warns of those that are hardly meant, and fails where one cannot be used.
/// Changes nothing.
fn check_config() -> anyhow::Result<()> {
    let outcome = config::inspect();
    let mut lines = String::new();
    for config::Effective { name, value, origin } in &outcome.effective {
        lines.push_str(&format!("{name}={value}  # {origin}\n"));
    }
    print(&lines)?;
    for warning in &outcome.warnings {
        say(&format!("warning: {warning}"));
    }
    outcome.settings?;
    Ok(())
}

/// Writes to standard output. That the reader has gone away, as `head` does, is not our failure.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write the output")
        }
        _ => Ok(()),
    }
}
