//! What can go wrong with a query, in words that do not depend on the database.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind};

/// Why the database did not do what was asked.
///
/// `Display` never prints the source; whoever handles the error last logs the chain once.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such row.
    #[error("no such row")]
    NotFound,
    /// Another row has this value already.
    #[error("another row has the same {0:?}")]
    Conflict(UniqueKey),
    /// The row refers to one that does not exist.
    #[error("a referenced row does not exist")]
    ForeignKey,
    /// The database cannot be reached now, or has more to do than it can: try again.
    #[error("the database is not available: {0}")]
    Unavailable(&'static str, #[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// A row holds what no version of Plinth would write there.
    #[error("a stored value is not valid: {0}")]
    Inconsistent(&'static str),
    /// Anything else: a fault of ours, or of the database.
    #[error("unexpected database error")]
    Unexpected(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The keys of which no two rows may share a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueKey {
    /// The email of a user that is not deleted.
    UserEmail,
    /// Any other, such as an id.
    Other,
}

impl Error {
    /// Whether the connection that this happened on is of no further use.
    pub(crate) fn broke_the_connection(&self) -> bool {
        matches!(self, Self::Unavailable(..))
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::Error as Diesel;
        match error {
            Diesel::NotFound => Self::NotFound,
            Diesel::DatabaseError(kind, info) => from_database(kind, info),
            Diesel::BrokenTransactionManager => Self::Unavailable("the transaction broke off", None),
            other => Self::Unexpected(other.into()),
        }
    }
}

fn from_database(kind: DatabaseErrorKind, info: Box<dyn DatabaseErrorInformation + Send + Sync>) -> Error {
    match kind {
        DatabaseErrorKind::UniqueViolation => Error::Conflict(unique_key(&*info)),
        DatabaseErrorKind::ForeignKeyViolation => Error::ForeignKey,
        _ if is_an_outage(kind, info.message()) => Error::Unavailable(
            "the connection was lost",
            Some(diesel::result::Error::DatabaseError(kind, info).into()),
        ),
        _ => Error::Unexpected(diesel::result::Error::DatabaseError(kind, info).into()),
    }
}

/// PostgreSQL names the constraint; SQLite names table and columns in its message.
fn unique_key(info: &(dyn DatabaseErrorInformation + Send + Sync)) -> UniqueKey {
    match info.constraint_name().unwrap_or_else(|| info.message()) {
        "users_email_key" => UniqueKey::UserEmail,
        message if message.ends_with(" users.email") => UniqueKey::UserEmail,
        _ => UniqueKey::Other,
    }
}

/// Whether the database went away. Diesel hands on no SQLSTATE, so what a server says while it stops or starts is
/// known by its message.
fn is_an_outage(kind: DatabaseErrorKind, message: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "terminating connection",
        "server closed the connection",
        "connection to server",
        "no connection to the server",
        "could not receive data from server",
        "could not send data to server",
        "the database system is",
        "SSL connection has been closed",
    ];
    matches!(kind, DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand)
        || SIGNS.iter().any(|sign| message.contains(sign))
}
