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
    /// The last active administrator would be gone.
    #[error("no other active administrator remains")]
    LastAdmin,
    /// A row holds what no version of Plinth would write there.
    #[error("a stored value is not valid: {0}")]
    Inconsistent(&'static str),
    /// Anything else: a fault of ours, or of the database.
    #[error("unexpected database error")]
    Unexpected(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a change of one row came to: one that touches none is an error, not a silence.
pub(crate) fn touched(rows: usize) -> Result<(), Error> {
    if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
}

impl Error {
    /// Whether what was asked may have happened all the same: the connection broke, perhaps at the commit.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unavailable(LOST, _))
    }
}

/// What [`Error::Unavailable`] says where the connection broke.
const LOST: &str = "the connection was lost";

/// The keys of which no two rows may share a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueKey {
    /// The email of a user that is not deleted.
    UserEmail,
    /// Any other, such as an id.
    Other,
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
        _ => {
            let outage = outage(kind, info.message());
            let source = diesel::result::Error::DatabaseError(kind, info).into();
            match outage {
                Some(what) => Error::Unavailable(what, Some(source)),
                None => Error::Unexpected(source),
            }
        }
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

/// Whether the database went away, or was too busy with others, and in which words. Diesel hands on no SQLSTATE, so
/// most of it is known by its message; a server that speaks another language (`lc_messages`) is understood less well.
fn outage(kind: DatabaseErrorKind, message: &str) -> Option<&'static str> {
    const GONE: [&str; 8] = [
        "terminating connection",
        "server closed the connection",
        "connection to server",
        "no connection to the server",
        "could not receive data from server",
        "could not send data to server",
        "the database system is",
        "SSL connection has been closed",
    ];
    const BUSY: [&str; 4] = [
        "deadlock detected",
        "canceling statement due to lock timeout",
        "canceling statement due to statement timeout",
        // SQLite: another process writes.
        "database is locked",
    ];
    let says = |signs: &[&str]| signs.iter().any(|sign| message.contains(sign));
    match kind {
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Some(LOST),
        DatabaseErrorKind::SerializationFailure => Some("others were in the way"),
        _ if says(&GONE) => Some(LOST),
        _ if says(&BUSY) => Some("others were in the way"),
        _ => None,
    }
}
