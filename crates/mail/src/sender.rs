//! Who messages come from.

use std::fmt;
use std::str::FromStr;

use lettre::Address;

use crate::address;

/// The mailbox that messages come from: `Plinth <no-reply@example.com>`, or an address alone (RFC 5322 §3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    name: Option<String>,
    address: Address,
}

/// A text that names no sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one address, such as `no-reply@example.com` or `Plinth <no-reply@example.com>`")]
pub struct BadSender;

impl Sender {
    /// The domain of the address, in ASCII. Messages are identified under it.
    pub fn domain(&self) -> &str {
        self.address.domain()
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn mailbox(&self) -> lettre::message::Mailbox {
        lettre::message::Mailbox::new(self.name.clone(), self.address.clone())
    }
}

impl FromStr for Sender {
    type Err = BadSender;

    fn from_str(text: &str) -> Result<Self, BadSender> {
        if text.chars().any(char::is_control) {
            return Err(BadSender);
        }
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (display_name(name.trim())?, address.trim()),
            None => (None, text),
        };
        // Every message has it in a header: it must not ask each receiving server for SMTPUTF8.
        let address = address::for_the_wire(address).filter(|address| address.user().is_ascii());
        Ok(Self { name, address: address.ok_or(BadSender)? })
    }
}

/// Reads what stands before the angle bracket, quoted or not. An `@` or a bracket outside of quotes means that several
/// addresses were given.
fn display_name(text: &str) -> Result<Option<String>, BadSender> {
    let name = match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => unquoted(quoted)?,
        None if text.contains(['@', '<', '>', '"']) => return Err(BadSender),
        None => text.to_owned(),
    };
    Ok(Some(name).filter(|name| !name.is_empty()))
}

fn unquoted(quoted: &str) -> Result<String, BadSender> {
    let mut name = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => name.push(chars.next().ok_or(BadSender)?),
            '"' => return Err(BadSender),
            c => name.push(c),
        }
    }
    Ok(name.trim().to_owned())
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) if name.contains(['"', '\\', '@', '<', '>']) => {
                write!(f, "\"{}\" <{}>", name.replace('\\', r"\\").replace('"', "\\\""), self.address)
            }
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}
