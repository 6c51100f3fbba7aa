//! What is bounded, and by how much.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use plinth_domain::{Role, SessionId, Timestamp, UserId};

use crate::policy::{ChannelPolicy, StandardChannels};

/// The bounds and rules of a [`Hub`](crate::Hub).
#[derive(Clone)]
pub struct HubSettings {
    /// The most connections of one user on this instance.
    pub max_per_user: usize,
    /// The most connections from one address on this instance: an IPv4 address, or the first 64 bits of an IPv6 one.
    pub max_per_address: usize,
    /// The most messages that wait for one connection; one more, and it is closed as a slow consumer.
    pub queue: usize,
    /// The most bytes of text that wait for one connection, where it is more than one message; likewise.
    pub queue_bytes: usize,
    /// How many bytes a second the frames of one user may have on this instance, from all connections together. A frame
    /// beyond that is refused as `too_much_data`.
    pub user_bytes_per_second: u32,
    /// How many bytes they may have at once, after a pause. A frame larger than that is always refused.
    pub user_burst_bytes: u32,
    /// The most events that are kept for those who resume.
    pub log_events: usize,
    /// The most bytes of text in the events that are kept.
    pub log_bytes: usize,
    /// The roles that may send to everyone.
    pub broadcast_roles: Vec<Role>,
    /// Who may join which channel.
    pub policy: Arc<dyn ChannelPolicy>,
    /// The most channels that one connection is in.
    pub max_channels: usize,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self {
            max_per_user: 20,
            max_per_address: 200,
            queue: 256,
            queue_bytes: 1024 * 1024,
            user_bytes_per_second: 1024 * 1024,
            user_burst_bytes: 4 * 1024 * 1024,
            log_events: 10_000,
            log_bytes: 16 * 1024 * 1024,
            broadcast_roles: Role::ALL.to_vec(),
            policy: Arc::new(StandardChannels),
            max_channels: 100,
        }
    }
}

impl fmt::Debug for HubSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubSettings")
            .field("max_per_user", &self.max_per_user)
            .field("max_per_address", &self.max_per_address)
            .field("queue", &self.queue)
            .field("queue_bytes", &self.queue_bytes)
            .field("user_bytes_per_second", &self.user_bytes_per_second)
            .field("user_burst_bytes", &self.user_burst_bytes)
            .field("log_events", &self.log_events)
            .field("log_bytes", &self.log_bytes)
            .field("broadcast_roles", &self.broadcast_roles)
            .field("max_channels", &self.max_channels)
            .finish_non_exhaustive()
    }
}

/// Who connects.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The user.
    pub user: UserId,
    /// The user's role as it was read; changes come with [`Event::user_updated`](crate::Event::user_updated).
    pub role: Role,
    /// The `updated_at` of the user as it was read: where a later change is known already, that one counts.
    pub at: Timestamp,
    /// The session whose end ends the connection.
    pub session: SessionId,
    /// Where the connection comes from; those from nowhere known are counted for no address.
    pub address: Option<IpAddr>,
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The user has as many as is allowed.
    #[error("the user has too many connections")]
    TooManyOfUser,
    /// The address has as many as is allowed.
    #[error("the address has too many connections")]
    TooManyOfAddress,
    /// The server is going away.
    #[error("the server is shutting down")]
    Closing,
}
