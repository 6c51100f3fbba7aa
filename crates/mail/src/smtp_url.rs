//! Where the mail server is, and how to talk to it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// Where the mail server is: `smtp://user:password@host:port?tls=required|opportunistic|none`, or `smtps://…` for TLS
/// from the first byte (RFC 8314 §3.3).
///
/// Ports are 587 for `smtp` and 465 for `smtps` unless they are given. User and password are percent-encoded. Without
/// `tls`, a server on this machine is talked to in the clear, and every other one has to offer STARTTLS (RFC 3207):
/// messages hold links that open accounts. Neither `Debug` nor `Display` shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) credentials: Option<(String, String)>,
    pub(crate) tls: TlsMode,
}

/// How the conversation with the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// From the first byte: `smtps`.
    Implicit,
    /// By STARTTLS, or there is no conversation.
    Required,
    /// By STARTTLS if the server offers it. Somebody between here and there can take the offer out.
    Opportunistic,
    /// Not at all.
    None,
}

/// A text that is no URL of a mail server. It repeats nothing of the text, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSmtpUrl(&'static str);

const FORM: &str = "must be a URL such as smtp://user:password@mail.example.com:587 or smtps://mail.example.com \
    (special characters in user and password percent-encoded)";

impl SmtpUrl {
    /// How the conversation is encrypted.
    pub fn tls(&self) -> TlsMode {
        self.tls
    }
}

impl FromStr for SmtpUrl {
    type Err = BadSmtpUrl;

    fn from_str(text: &str) -> Result<Self, BadSmtpUrl> {
        let url = Url::parse(text).map_err(|_| BadSmtpUrl(FORM))?;
        let implicit = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(BadSmtpUrl("must begin with smtp:// or smtps://")),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(BadSmtpUrl(FORM));
        }
        let host = host(&url).ok_or(BadSmtpUrl(FORM))?;
        let tls = tls(&url, implicit, is_this_machine(&host))?;
        let port = match url.port() {
            Some(0) => return Err(BadSmtpUrl(FORM)),
            Some(port) => port,
            None => {
                if implicit {
                    465
                } else {
                    587
                }
            }
        };
        Ok(Self { host, port, credentials: credentials(&url)?, tls })
    }
}

fn host(url: &Url) -> Option<String> {
    match url.host()? {
        // The URL's own rules for hosts are laxer than those for names: schemes other than http keep what they find.
        Host::Domain(name) => {
            let name = percent_decode_str(name).decode_utf8().ok()?;
            idna::domain_to_ascii_cow(name.as_bytes(), idna::AsciiDenyList::URL)
                .ok()
                .map(|name| name.into_owned())
                .filter(|name| !name.is_empty())
        }
        Host::Ipv4(ip) => Some(ip.to_string()),
        Host::Ipv6(ip) => Some(ip.to_string()),
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn tls(url: &Url, implicit: bool, this_machine: bool) -> Result<TlsMode, BadSmtpUrl> {
    let mut asked = None;
    for (key, value) in url.query_pairs() {
        if key != "tls" || asked.is_some() {
            return Err(BadSmtpUrl(
                "must have no other query than one tls=required, tls=opportunistic or tls=none",
            ));
        }
        asked = Some(match value.as_ref() {
            "required" => TlsMode::Required,
            "opportunistic" => TlsMode::Opportunistic,
            "none" => TlsMode::None,
            _ => return Err(BadSmtpUrl("must have required, opportunistic or none as its tls")),
        });
    }
    match asked {
        None | Some(TlsMode::Required) if implicit => Ok(TlsMode::Implicit),
        Some(_) if implicit => {
            Err(BadSmtpUrl("must be smtp:// rather than smtps:// where TLS is not required"))
        }
        Some(tls) => Ok(tls),
        None if this_machine => Ok(TlsMode::None),
        None => Ok(TlsMode::Required),
    }
}

fn credentials(url: &Url) -> Result<Option<(String, String)>, BadSmtpUrl> {
    // U+0000 separates the two on the wire (RFC 4616 §2); the others mean that something was pasted along.
    let decoded = |part: &str| {
        percent_decode_str(part)
            .decode_utf8()
            .ok()
            .filter(|part| !part.chars().any(char::is_control))
            .map(|part| part.into_owned())
            .ok_or(BadSmtpUrl(
                "must have user and password in UTF-8, percent-encoded, without control characters",
            ))
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None | Some("")) => {
            Err(BadSmtpUrl("must have both user and password, or neither"))
        }
        (user, Some(password)) => Ok(Some((decoded(user)?, decoded(password)?))),
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.tls == TlsMode::Implicit { "smtps://" } else { "smtp://" })?;
        if self.credentials.is_some() {
            f.write_str("…@")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?
        } else {
            f.write_str(&self.host)?
        }
        write!(f, ":{}", self.port)?;
        f.write_str(match self.tls {
            TlsMode::Implicit => "",
            TlsMode::Required => "?tls=required",
            TlsMode::Opportunistic => "?tls=opportunistic",
            TlsMode::None => "?tls=none",
        })
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}
