//! Secrets that no log shows, and which of them are no secrets at all.

use std::fmt;

/// A text that `Debug` and `Display` do not show.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

/// What stands where a secret would.
pub(crate) const REDACTED: &str = "[redacted]";

impl Secret {
    /// Takes a text that nobody is to see.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one who needs it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// The least bytes of a signing key: as many as SHA-256 gives (RFC 7518 §3.2).
pub(crate) const LEAST_KEY_BYTES: usize = 32;

/// Why a signing key is not fit for production.
pub(crate) fn weakness_of_key(key: &str) -> Option<String> {
    if key.len() < LEAST_KEY_BYTES {
        return Some(format!("must be at least {LEAST_KEY_BYTES} bytes long in production"));
    }
    if is_placeholder(key) {
        return Some("is a well-known placeholder; make one with `openssl rand -base64 32`".to_owned());
    }
    // In random hexadecimal digits one in sixteen does.
    let counts_up = key.as_bytes().windows(2).filter(|pair| pair[1] == pair[0].wrapping_add(1)).count();
    if counts_up > key.len() / 2 {
        return Some("counts up; make one with `openssl rand -base64 32`".to_owned());
    }
    // Neither happens to as many as one in 10^12 of keys of 32 random hexadecimal digits, the poorest alphabet in use.
    if distinct_bytes(key) < 6 || repeats_its_start(key.as_bytes()) {
        return Some("repeats a few characters; make one with `openssl rand -base64 32`".to_owned());
    }
    None
}

/// Whether it is what examples and templates write where a secret belongs.
pub(crate) fn is_placeholder(text: &str) -> bool {
    // Each is long enough not to turn up in a random text.
    const PARTS: [&str; 10] = [
        "changeme",
        "changethis",
        "changeit",
        "replaceme",
        "replacethis",
        "yoursecret",
        "supersecret",
        "placeholder",
        "insecure",
        "benchpassword",
    ];
    // The key in FastAPI's tutorial, which many a service runs with.
    const FASTAPI_TUTORIAL: &str = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7";
    let lower = text.to_lowercase();
    let letters: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    PARTS.iter().any(|part| letters.contains(part))
        || letters.trim_matches('0') == "secret"
        || lower == FASTAPI_TUTORIAL
}

fn distinct_bytes(text: &str) -> usize {
    let mut seen = [false; 256];
    text.bytes().for_each(|byte| seen[usize::from(byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

/// Whether all of it is a text of at most half its length, written again and again.
fn repeats_its_start(text: &[u8]) -> bool {
    (1..=text.len() / 2).any(|period| text[period..] == text[..text.len() - period])
}
