//! Where the database is.

use std::fmt;
use std::path::PathBuf;

/// Which database, and how many connections to it.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Where it is.
    pub location: Location,
    /// The most connections: readers on SQLite (there is one writer beside them), all connections on PostgreSQL.
    /// By default one for each core, on PostgreSQL four times as many.
    pub pool_size: Option<u32>,
}

/// A database, as its URL names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, as a connection URI for libpq.
    Postgres(SecretUrl),
}

/// A URL that may hold a password, and so is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The URL with everything in it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretUrl(…)")
    }
}

/// Why a URL names no database that Plinth can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Another database, or no URL at all.
    #[error("unknown scheme; use sqlite://path/to/file.db, postgres://… or postgresql://…")]
    UnknownScheme,
    /// No file, or one in memory, which connections would not share.
    #[error("an SQLite URL must name a file, such as sqlite://data/plinth.db, without options")]
    NoFile,
    /// libpq would read it in another way than it was meant, or repeat a part of it in its complaint.
    #[error(
        "a PostgreSQL URL must be like postgres://user:password@host:5432/database?name=value; percent-encode what is \
         special in the password and elsewhere, such as % as %25, @ as %40, / as %2F, ? as %3F, & as %26 \
         and a space as %20"
    )]
    Malformed,
}

impl Location {
    /// Reads a URL: `sqlite:` or `sqlite://` and a path (`sqlite://data/app.db` is relative to the working folder,
    /// `sqlite:///var/lib/app.db` absolute), or a `postgres://` or `postgresql://` URI as libpq defines it.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = url.split_once(':').ok_or(UrlError::UnknownScheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                if path.is_empty() || path.ends_with('/') || path.contains([':', '?', '\0']) {
                    return Err(UrlError::NoFile);
                }
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            "postgres" | "postgresql" if rest.starts_with("//") => {
                if !is_unmistakable(&rest[2..]) {
                    return Err(UrlError::Malformed);
                }
                // libpq knows both schemes, in lower case.
                Ok(Self::Postgres(SecretUrl(format!("postgresql:{}", with_defaults(rest)))))
            }
            _ => Err(UrlError::UnknownScheme),
        }
    }
}

/// Whether libpq reads all of a URL, given from behind `//` on, as whoever wrote it meant it. A password with special
/// characters in it is cut at the first of them, and libpq takes the rest for a host, a port or a parameter, and says
/// so in clear.
fn is_unmistakable(url: &str) -> bool {
    let (user_and_password, rest) = url.split_once('@').unwrap_or(("", url));
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let hosts = place.split('/').next().unwrap_or_default();
    let parameter = |pair: &str| {
        pair.split_once('=').is_some_and(|(name, value)| !name.is_empty() && !value.contains('='))
    };
    !url.contains(|c: char| c.is_whitespace() || c.is_control())
        && is_percent_encoded(url)
        && !user_and_password.contains(['/', '?'])
        && !rest.contains('@')
        && hosts.split(',').all(is_host)
        && (query.is_empty() || query.split('&').all(parameter))
}

/// Whether each `%` begins the code of a character other than U+0000.
fn is_percent_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let code = rest.as_bytes().get(..2).unwrap_or_default();
        code.len() == 2 && code.iter().all(u8::is_ascii_hexdigit) && code != b"00"
    })
}

/// A name or an address, perhaps in brackets, perhaps with a port.
fn is_host(text: &str) -> bool {
    let after = match text.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((address, after)) if !address.is_empty() => after,
            _ => return false,
        },
        None => text.find(':').map_or("", |at| &text[at..]),
    };
    after.is_empty()
        || after.strip_prefix(':').is_some_and(|port| {
            port.is_empty() || (port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok())
        })
}

/// Adds what keeps a lost server from holding our threads, unless the URL says otherwise.
fn with_defaults(rest: &str) -> String {
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut pairs: Vec<String> =
        query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    for (name, value) in [
        ("connect_timeout", "2"),
        ("application_name", "plinth"),
        ("tcp_user_timeout", "10000"),
        ("keepalives_idle", "10"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
    ] {
        if !pairs.iter().any(|pair| pair.split('=').next() == Some(name)) {
            pairs.push(format!("{name}={value}"));
        }
    }
    format!("{place}?{}", pairs.join("&"))
}
