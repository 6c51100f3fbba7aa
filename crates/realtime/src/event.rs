//! What the server itself has to say: a row has changed.

use plinth_domain::{Item, Permission, Role, Timestamp, User, UserId};
use serde::{Deserialize, Serialize};

/// A change of an item or a user, to be published once it is committed.
///
/// It is serialised here, once: what goes to receivers only gets its number added.
#[derive(Clone, Debug)]
pub struct Event {
    pub(crate) audience: Audience,
    pub(crate) account: Option<AccountChange>,
    /// The JSON object that receivers get, without its end: `{"event":"item.created","item":{…}`
    pub(crate) body: String,
}

impl Event {
    /// An item was made.
    pub fn item_created(item: &Item) -> Self {
        Self::of_item("item.created", item)
    }

    /// An item was changed; it is as it is now.
    pub fn item_updated(item: &Item) -> Self {
        Self::of_item("item.updated", item)
    }

    /// An item was deleted; it is as it was, but for `updated_at`, which is later than that of every version there was.
    ///
    /// Deletion is final: an `item.updated` that arrives after it is an older one.
    pub fn item_deleted(item: &Item) -> Self {
        let deleted = Item { updated_at: item.updated_at.next(), ..item.clone() };
        Self::of_item("item.deleted", &deleted)
    }

    /// A user was changed, or restored; the user is as of now.
    ///
    /// Its delivery gives that user's connections the role, and ends those of a user who is not active, on every
    /// instance. Of two changes that arrive in the wrong order the one with the later `updated_at` counts.
    pub fn user_updated(user: &User) -> Self {
        Self::of_user("user.updated", user, !user.is_active)
    }

    /// A user was deleted; the user is as of the deletion, which has advanced `updated_at` as every change does. Its
    /// delivery ends that user's connections, on every instance.
    ///
    /// Only a user that was restored comes back, with an `updated_at` that is later still.
    pub fn user_deleted(user: &User) -> Self {
        Self::of_user("user.deleted", user, true)
    }

    fn of_item(name: &str, item: &Item) -> Self {
        Self { audience: Audience::Item(item.owner_id), account: None, body: body(name, "item", item) }
    }

    fn of_user(name: &str, user: &User, ends: bool) -> Self {
        let account = AccountChange { user: user.id, role: user.role, at: user.updated_at.micros(), ends };
        Self { audience: Audience::User(user.id), account: Some(account), body: body(name, "user", user) }
    }
}

fn body(name: &str, what: &str, row: &impl Serialize) -> String {
    // The rows of the domain serialise to JSON without fail: their keys are strings, and none has a custom error.
    let row = serde_json::to_string(row).unwrap_or_else(|_| "null".to_owned());
    format!(r#"{{"event":"{name}","{what}":{row}"#)
}

/// Who gets an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Audience {
    /// The owner of an item, and who may read all items.
    Item(UserId),
    /// A user, and who may manage users.
    User(UserId),
}

impl Audience {
    pub(crate) fn has(self, user: UserId, role: Role) -> bool {
        match self {
            Self::Item(owner) => owner == user || role.may(Permission::ReadAllItems),
            Self::User(id) => id == user || role.may(Permission::ManageUsers),
        }
    }
}

/// What an event means for the connections of a user.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct AccountChange {
    pub(crate) user: UserId,
    pub(crate) role: Role,
    /// The `updated_at` of the change, in microseconds since the Unix epoch.
    pub(crate) at: i64,
    /// Whether the user may no longer be connected.
    pub(crate) ends: bool,
}

/// The number after the last, for an event that happens now: microseconds since the Unix epoch, so that it grows over
/// restarts too. Below 2^53 until the year 2255, so every JSON parser reads it exactly.
pub(crate) fn next_seq(now: Timestamp, last: u64) -> u64 {
    u64::try_from(now.micros()).unwrap_or(0).max(last + 1)
}
