//! Reads one setting after another, and keeps what was found and what was wrong.

use std::fmt::Display;

use super::source::{Fault, Origin, Source};
use super::table::Setting;
use super::values::Parsed;

/// A setting as it takes effect, for `check-config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effective {
    /// The name of the setting.
    pub(crate) name: &'static str,
    /// Its value; what stands for a secret does not tell it.
    pub(crate) value: String,
    /// Where the value came from.
    pub(crate) origin: Origin,
}

/// Goes through the settings. Parsing goes on after a fault, so that every one is found.
#[derive(Debug)]
pub(crate) struct Reader {
    source: Source,
    /// Whether the defaults and rules of production apply.
    pub(crate) production: bool,
    /// Whether the files that settings name are to be read, to see whether they can be used.
    pub(crate) judges_files: bool,
    /// What was wrong so far.
    pub(crate) faults: Vec<Fault>,
    /// What can be used, but is hardly meant, in the form of a fault.
    pub(crate) warnings: Vec<Fault>,
    /// What was read so far.
    pub(crate) effective: Vec<Effective>,
}

impl Reader {
    pub(crate) fn new(mut source: Source) -> Self {
        let faults = std::mem::take(&mut source.faults);
        Self {
            source,
            production: false,
            judges_files: false,
            faults,
            warnings: Vec::new(),
            effective: Vec::new(),
        }
    }

    /// The value of a setting; `None` where there is none, and where it is wrong, which leaves a fault behind.
    pub(crate) fn take<T: Display>(
        &mut self,
        setting: &'static Setting,
        parse: impl Fn(&str) -> Parsed<T>,
    ) -> Option<T> {
        let (text, origin) = match self.source.get(setting) {
            Ok(Some(found)) => found,
            Ok(None) => (setting.default_in(self.production).to_owned(), Origin::Default),
            Err(fault) => {
                self.faults.push(fault);
                return None;
            }
        };
        if text.is_empty() && origin == Origin::Default {
            self.show(setting, String::new(), origin);
            return None;
        }
        // White space at the ends belongs to a secret, and to nothing else.
        match parse(if setting.secret { &text } else { text.trim() }) {
            Ok(value) => {
                self.show(setting, value.to_string(), origin);
                Some(value)
            }
            Err(wrong) => {
                let from = if origin == Origin::File { " (from .env)" } else { "" };
                self.fault(setting, format!("{wrong}{from}"));
                None
            }
        }
    }

    /// Notes what is wrong with a setting.
    pub(crate) fn fault(&mut self, setting: &Setting, what: impl Into<String>) {
        self.faults.push(Fault { name: setting.name, what: what.into() });
    }

    /// Notes what is hardly meant.
    pub(crate) fn warning(&mut self, setting: &Setting, what: impl Into<String>) {
        self.warnings.push(Fault { name: setting.name, what: what.into() });
    }

    /// Whether something was found to be wrong with it.
    pub(crate) fn is_faulty(&self, setting: &Setting) -> bool {
        self.faults.iter().any(|fault| fault.name == setting.name)
    }

    fn show(&mut self, setting: &Setting, value: String, origin: Origin) {
        self.effective.push(Effective { name: setting.name, value, origin });
    }
}
