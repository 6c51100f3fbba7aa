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
                // libpq knows both schemes, in lower case.
                Ok(Self::Postgres(SecretUrl(format!("postgresql:{}", with_defaults(rest)))))
            }
            _ => Err(UrlError::UnknownScheme),
        }
    }

    /// The database's name in messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

/// Adds what keeps a lost server from holding our threads, unless the URL says otherwise.
fn with_defaults(rest: &str) -> String {
    let mut url = rest.to_owned();
    for (name, value) in [
        ("connect_timeout", "2"),
        ("application_name", "plinth"),
        ("tcp_user_timeout", "10000"),
        ("keepalives_idle", "10"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
    ] {
        if !rest.contains(&format!("{name}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&format!("{name}={value}"));
        }
    }
    url
}
