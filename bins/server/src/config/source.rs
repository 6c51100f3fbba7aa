//! Where settings come from: the environment, then `.env` in the working directory.
//!
//! `.env` is read into a map and not into the process environment, so that child processes and other threads see
//! nothing of it. It is written as shells write it (dotenvy's dialect): `NAME=value`, quotes for values with spaces,
//! and `$` kept as it is only between single quotes.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use super::table::{Setting, TABLE};

/// The file that is read beside the environment.
const FILE: &str = ".env";

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The table of settings.
    Default,
    /// A variable of the environment.
    Environment,
    /// A line of `.env`.
    File,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Environment => "environment",
            Self::File => FILE,
        })
    }
}

/// What is wrong with a setting, to be read after its name. Never holds the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The setting, or `.env`.
    pub(crate) name: &'static str,
    /// What is wrong, and what would be right.
    pub(crate) what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.what)
    }
}

/// Whether the person at the terminal wants no colours from any program (no-color.org). No setting of ours.
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// The texts of the settings, as they were found.
#[derive(Debug, Default)]
pub(crate) struct Source {
    environment: BTreeMap<String, OsString>,
    file: BTreeMap<String, String>,
    /// What was wrong with `.env` itself.
    pub(crate) faults: Vec<Fault>,
}

impl Source {
    /// The environment of this process, and `.env` in that folder if there is one.
    pub(crate) fn of_process(folder: &Path) -> Self {
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let mut source = Self { environment: environment.collect(), ..Self::default() };
        match std::fs::read(folder.join(FILE)) {
            Ok(bytes) => source.read_file(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => source.fault(format!("cannot be read: {error}")),
        }
        source
    }

    /// A source with exactly these variables and that text of `.env`.
    #[cfg(test)]
    pub(crate) fn of(environment: &[(&str, &str)], file: &str) -> Self {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), value.into()));
        let mut source = Self { environment: environment.collect(), ..Self::default() };
        source.read_file(file.as_bytes());
        source
    }

    /// The text of a setting and where it came from. Set but empty counts as not set, unless the setting says
    /// otherwise.
    pub(crate) fn get(&self, setting: &Setting) -> Result<Option<(String, Origin)>, Fault> {
        let counts = |text: &str| setting.may_be_empty || !text.trim().is_empty();
        if let Some(value) = self.environment.get(setting.name) {
            match value.to_str() {
                Some(text) if counts(text) => return Ok(Some((text.to_owned(), Origin::Environment))),
                Some(_) => {}
                None => return Err(Fault { name: setting.name, what: "must be UTF-8".to_owned() }),
            }
        }
        let found = self.file.get(setting.name).filter(|text| counts(text));
        Ok(found.map(|text| (text.clone(), Origin::File)))
    }

    /// Reads `.env`, going on after a line that cannot be read, so that all of them are named.
    fn read_file(&mut self, bytes: &[u8]) {
        let Ok(text) = str::from_utf8(bytes) else {
            self.fault("must be UTF-8".to_owned());
            return;
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line = Rc::new(Cell::new(0));
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for pair in dotenvy::from_read_iter(Lines { rest: text.as_bytes(), read: Rc::clone(&line) }) {
            match pair {
                Ok((name, value)) => {
                    let known = TABLE.iter().any(|setting| setting.name == name);
                    if let Some(first) = places.insert(name.clone(), line.get()).filter(|_| known) {
                        self.fault(format!("line {}: {name} is set already on line {first}", line.get()));
                    }
                    self.file.insert(name, value);
                }
                // The line itself is left out: it may hold a secret.
                Err(dotenvy::Error::LineParse(unread, _)) => {
                    let first = line.get() - unread.trim_end_matches('\n').matches('\n').count();
                    let advice =
                        "must be NAME=value, with a value that has spaces, quotes, # or $ between '…'";
                    self.fault(format!("line {first}: {advice}"));
                }
                Err(_) => {
                    self.fault(format!("line {}: cannot be read", line.get()));
                    break;
                }
            }
        }
    }

    fn fault(&mut self, what: String) {
        self.faults.push(Fault { name: FILE, what });
    }
}

/// Hands out one line at each read and counts them, because dotenvy tells no line numbers.
struct Lines<'a> {
    rest: &'a [u8],
    read: Rc<Cell<usize>>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |at| at + 1);
        let len = end.min(buffer.len());
        let (now, rest) = self.rest.split_at(len);
        buffer[..len].copy_from_slice(now);
        // A line longer than the buffer comes in parts; its last part counts it.
        if len == end && len > 0 {
            self.read.set(self.read.get() + 1);
        }
        self.rest = rest;
        Ok(len)
    }
}
