//! Who may join which channel.

use plinth_domain::{Role, UserId};

/// The most characters in the name of a channel.
pub const MAX_CHANNEL_NAME: usize = 128;

/// Decides who may join a channel. A project that has rules of its own replaces [`StandardChannels`].
///
/// It is asked at each join, and about each channel that a connection is in when its user's role changes. It is asked
/// while nothing else is delivered: it has to answer from memory, and must not call the hub.
pub trait ChannelPolicy: Send + Sync {
    /// Whether a user with that role may be in that channel. The name is a valid one.
    fn may_join(&self, user: UserId, role: Role, channel: &str) -> bool;
}

/// The rules of the API: `user.<id>` is for that user and administrators, `role.<role>` for that role and those above
/// it, any other name for everyone. A name with one of these prefixes and something else behind it is for nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardChannels;

impl ChannelPolicy for StandardChannels {
    fn may_join(&self, user: UserId, role: Role, channel: &str) -> bool {
        if let Some(id) = channel.strip_prefix("user.") {
            return id.parse::<UserId>().is_ok_and(|id| id == user || role == Role::Admin);
        }
        if let Some(least) = channel.strip_prefix("role.") {
            return Role::parse(least).is_ok_and(|least| role >= least);
        }
        true
    }
}

/// Whether that can be the name of a channel: 1 to [`MAX_CHANNEL_NAME`] characters, none of them a control character.
pub(crate) fn is_channel_name(name: &str) -> bool {
    let mut count = 0;
    let fits = name.chars().all(|c| {
        count += 1;
        count <= MAX_CHANNEL_NAME && !c.is_control()
    });
    fits && count > 0
}
