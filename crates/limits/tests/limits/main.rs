//! Limits as a server uses them: in memory, and on a real Redis.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod buckets;
mod fields;
mod key;
mod law;
mod memory;
mod outage;
mod rate;
mod redis;
mod support;
