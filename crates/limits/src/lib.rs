//! Limits on how often something may be tried, in memory or shared through Redis.
//!
//! A [`Limit`] has a [`Rate`], and a bucket for each [`Key`]. [`Limits::take`] takes one attempt out of a bucket, or
//! refuses and says when to come back. The buckets are in this process, or in a Redis that several instances share;
//! while that is away each instance limits by itself. [`fields`] has what clients are told.
//!
//! Invariants:
//! - Never more is allowed than the count of the rate and what is refilled since, however many try at once, and
//!   however many keys there are: a bucket that has to be forgotten counts on for the keys that could be its.
//! - One thing has one bucket, however it is spelled: only [`Key`]'s constructors make keys.
//! - Keys are hashes. Neither memory, Redis nor a log holds an address, and no log or error holds the Redis URL.
//! - Memory is bounded, and so is the time that Redis may cost.
//! - A clock that is put back empties no bucket further than empty.
//! - No decision is an error: without Redis there is still an answer.
//!
//! Deliberately absent: which request takes from which bucket, and the refusal; that is for the HTTP side.
//!
//! To add a limit: a variant of [`Limit`], its place in `ALL`, its name, and its rate in [`Rates`] with the default
//! and the setting; a constructor of [`Key`] if it counts by something new, with a kind of its own.

mod buckets;
mod decision;
pub mod fields;
mod key;
mod limit;
mod limits;
mod local;
mod rate;
mod shared;

pub use decision::Decision;
pub use key::Key;
pub use limit::{Limit, Rates};
pub use limits::Limits;
pub use rate::{NotARate, Rate};
pub use shared::NotARedisUrl;
