//! Where a request comes from: what sessions and the audit log keep of it beside the account.

use std::fmt;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

/// Where a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestContext {
    /// The client's address, as far as it is known.
    pub ip: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<UserAgent>,
    /// The id under which the request is found in the log.
    pub request_id: String,
}

/// What a client calls itself (RFC 9110 §10.1.5): one line, cut to [`UserAgent::MAX_CHARS`]. It proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// The most characters that are kept.
    pub const MAX_CHARS: usize = 256;

    /// What is kept of a header; nothing where nothing readable is in it.
    ///
    /// ```
    /// use plinth_domain::UserAgent;
    ///
    /// assert_eq!(UserAgent::read(" curl/8.5\u{7} ").unwrap().as_str(), "curl/8.5");
    /// assert_eq!(UserAgent::read("  "), None);
    /// ```
    pub fn read(header: &str) -> Option<Self> {
        let plain: String = header.chars().filter(|c| !c.is_control()).take(Self::MAX_CHARS).collect();
        let plain = plain.trim();
        if plain.is_empty() { None } else { Some(Self(plain.to_owned())) }
    }

    /// A text that was read when it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for UserAgent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
