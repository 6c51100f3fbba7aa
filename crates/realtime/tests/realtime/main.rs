//! Connections, channels, the event log and the bus.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends there")]

mod bounds;
mod channels;
mod connections;
mod events;
mod frames;
mod law;
mod many;
mod outage;
mod proxy;
mod roles;
mod shared;
mod support;
