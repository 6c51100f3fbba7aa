//! Who is connected, who gets what, what was missed, and the bus between instances.
//!
//! A [`Hub`] knows the connections of this instance. [`Hub::connect`] lets somebody in and gives a [`Link`]:
//! [`Link::next`] has what is to be sent, [`Link::receive`] takes in a text frame of the client, and dropping it
//! disconnects. [`Hub::publish`] tells of a change that is committed, as an [`Event`]. [`Hub::local`] is alone;
//! [`Hub::shared`] is one of several instances on a Redis, which its [`Bus`] connects.
//!
//! Promise: a client gets every event that it may read, once and in the order of `seq`, also over a reconnect with the
//! last `seq` it has seen; or else it gets a `resync`, and has to fetch anew what it shows. Which of the two is up to
//! memory, Redis and luck; silence about a loss is not among them, as long as the process that published lives.
//! Messages between clients are delivered at most once, to who is connected.
//!
//! Invariants:
//! - Joining the connections and reading the log is one step, and so is numbering an event and delivering it: nothing
//!   falls between what was missed and what happens.
//! - Who may read an event is decided connection by connection when it is delivered, by the role of that moment. What
//!   says which role that is comes over the bus and from the database, in any order: the later `updated_at` counts.
//! - One text is shared by all its receivers. Queues are bounded and never waited for: who does not keep up is closed,
//!   and the others do not notice.
//! - All instances deliver events in one order. What an instance publishes comes back to it over the bus, and only then
//!   is delivered: there is one path. While Redis is away messages go to the connections of this instance alone, and an
//!   event becomes a `resync`.
//! - Memory is bounded, by number and in bytes: connections, queues, channels, the log, and what waits for the bus. So is
//!   what one user may send, since each frame may go to everyone.
//! - An event that was published has been delivered, or a `resync` will be: whatever fails, is cancelled, or is dropped.
//! - No log line or error has the Redis URL, or anything of a message.
//!
//! Refused and malformed frames are answered `{"error": {"code", "detail"}}`, with one of these codes: `invalid_json`,
//! `not_an_object`, `reserved_key`, `ambiguous_frame`, `invalid_user_id`, `invalid_channel`, `channel_forbidden`,
//! `not_a_member`, `too_many_channels`, `broadcast_forbidden`, `too_much_data`, and `overloaded`, which says to send it
//! again.
//!
//! To clients: of two versions of a row the one with the later `updated_at` holds, and deletion is final: its
//! `updated_at` is later than that of every version before it. A `resync` counts whatever its `seq` is: that is the
//! number to come back with, and says nothing about whether the client is up to date. While an instance is cut off from
//! the others it is at least the one that the client came with.
//!
//! Deliberately absent: sockets, authentication, the size and number of frames, pings; those are the endpoint's. So is
//! asking from time to time whether the [`Hub::sessions`] still live, with the roles they have: the end of one may have
//! been lost with Redis, or with an instance.
//!
//! To add an event: a constructor of [`Event`] with its name and row, and where none of the audiences fits one more
//! variant of `Audience` with its rule; where it says something about an account, the `AccountChange` to go with it.
//! A rule about channels is a [`ChannelPolicy`] of the project's own, in [`HubSettings::policy`]. A change to what
//! instances say to each other (`wire.rs`) that an older one would misread is a new version.

mod budget;
mod bus;
mod event;
mod frame;
mod hub;
mod link;
mod log;
mod outbound;
mod policy;
mod redis_line;
mod replay;
mod settings;
mod state;
mod under_way;
mod wire;

pub use bus::{Bus, NotARedisUrl};
pub use event::Event;
pub use hub::Hub;
pub use link::{CloseReason, Link, Out};
pub use policy::{ChannelPolicy, MAX_CHANNEL_NAME, StandardChannels};
pub use settings::{HubSettings, Member, Refused};
