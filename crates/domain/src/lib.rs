//! The words and rules of a Plinth application, without any I/O.
//!
//! A value of a type here is valid: an [`Email`] is trimmed, lower-cased and has the shape of an address, a
//! [`Price`] has at most two decimals, a [`Timestamp`] has microseconds. Whatever comes from outside is parsed
//! into these types at the edge, and a [`Violation`] says what was wrong with it. Reading JSON parses too.
//!
//! Some doors are unchecked, and their callers vouch for the value: `from_stored` of the texts and of [`Price`], for
//! what a database has kept since it was parsed; and [`Password::claimed`], for what is only ever compared with a hash.
//! The structs of resources have public fields of valid types.
//!
//! Invariants:
//! - No I/O, no clock, no randomness of its own: they are passed in as [`Clock`] and [`Entropy`]. The one exception is
//!   [`SystemClock`], which reads the machine's and which nothing else here uses.
//! - What a role may do stands in one table, [`access::PERMISSIONS`], and nowhere else.
//! - Types serialise as the HTTP API shows them, and deserialise from that. A password hash is part of no type here.
//!
//! To add a resource: a module with its id ([`id_type!`]), its limits as types that parse, the struct that the API
//! shows, the keys it sorts by, and its rows in the permission table.

pub mod access;
pub mod audit;
pub mod clock;
pub mod context;
pub mod cursor;
pub mod fold;
pub mod ids;
pub mod items;
pub mod mail;
pub mod paging;
pub mod passwords;
pub mod price;
mod read;
pub mod sessions;
pub mod text;
pub mod users;

pub use access::{Forbidden, Permission, Role};
pub use audit::{AuditEntry, AuditEvent, AuditId};
pub use clock::{Clock, Entropy, SystemClock, Timestamp};
pub use context::{RequestContext, UserAgent};
pub use ids::{ItemId, SessionId, UserId};
pub use items::Item;
pub use mail::{Mail, MailId, MailKind, OneTimeToken, OneTimeTokenId, TokenPurpose};
pub use paging::{Page, PageRequest, Part, Position, Slice, Sort, SortValue};
pub use price::Price;
pub use sessions::Session;
pub use text::{Description, Email, FullName, Password, Title, Violation};
pub use users::User;

/// What the code that [`id_type!`] expands to needs. Not for use by hand: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use {serde, uuid};
}

/// The example of the readme file, compiled and run as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
