//! User accounts, and who may change what about them.

use serde::{Serialize, Serializer};

use crate::access::{Forbidden, Permission, Role};
use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::text::{Email, FullName};

/// A user's account, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The identifier.
    pub id: UserId,
    /// The address that signs in.
    pub email: Email,
    /// The address that waits to be proven, where a change was asked for.
    pub pending_email: Option<Email>,
    /// The person's name.
    pub full_name: Option<FullName>,
    /// What the user may do.
    pub role: Role,
    /// Whether the user may sign in.
    pub is_active: bool,
    /// Whether the address is known to be the user's.
    pub email_verified: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was deleted, where it was.
    pub deleted_at: Option<Timestamp>,
}

impl User {
    /// A new account: active, with an address that nobody has proven yet.
    pub fn new(id: UserId, email: Email, full_name: Option<FullName>, role: Role, now: Timestamp) -> Self {
        Self {
            id,
            email,
            pending_email: None,
            full_name,
            role,
            is_active: true,
            email_verified: false,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Whether this is an administrator who can sign in. There is always one.
    pub fn is_active_admin(&self) -> bool {
        self.role == Role::Admin && self.is_active && self.deleted_at.is_none()
    }
}

/// A user's account.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = User))]
pub struct UserJson<'a> {
    /// The identifier.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Uuid, example = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e"))]
    id: UserId,
    /// The address that signs in: trimmed and lower-case.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Email, max_length = 254, example = "ada@example.com"))]
    email: &'a Email,
    /// A new address that waits until it is proven, else null.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Email, required = true))]
    pending_email: Option<&'a Email>,
    /// The person's name.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, min_length = 1, max_length = 100, required = true, example = "Ada Lovelace"))]
    full_name: Option<&'a FullName>,
    /// What the user may do.
    role: Role,
    /// Whether the user may sign in.
    is_active: bool,
    /// True for administrators.
    is_superuser: bool,
    /// Whether the address is known to be the user's.
    email_verified: bool,
    /// When the account was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime, example = "2026-11-20T10:15:25.123456Z"))]
    created_at: Timestamp,
    /// When it was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime, example = "2026-11-20T10:15:25.123456Z"))]
    updated_at: Timestamp,
    /// When it was deleted, else null.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required = true))]
    deleted_at: Option<Timestamp>,
}

impl<'a> From<&'a User> for UserJson<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id,
            email: &user.email,
            pending_email: user.pending_email.as_ref(),
            full_name: user.full_name.as_ref(),
            role: user.role,
            is_active: user.is_active,
            is_superuser: user.role == Role::Admin,
            email_verified: user.email_verified,
            created_at: user.created_at,
            updated_at: user.updated_at,
            deleted_at: user.deleted_at,
        }
    }
}

impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        UserJson::from(self).serialize(serializer)
    }
}

/// What a request to change a user names, to decide whether the asker may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touches {
    /// Anything beside the full name.
    pub beyond_full_name: bool,
}

impl User {
    /// Whether this user may look at that account. A viewer is refused whether or not the account exists.
    pub fn may_read(&self, id: UserId) -> Result<(), Forbidden> {
        if self.id == id { Ok(()) } else { self.role.require(Permission::ReadUsers) }
    }

    /// Whether there can be a user to whom this one may make that change, before it is known who is meant.
    pub fn may_change_some_users(&self, touches: Touches) -> Result<(), Forbidden> {
        let permission =
            if touches.beyond_full_name { Permission::ManageUsers } else { Permission::RenameViewers };
        self.role.require(permission)
    }

    /// Whether this user may make that change to `target`: an editor changes full names only, and only of viewers.
    pub fn may_change(&self, target: &Self, touches: Touches) -> Result<(), Forbidden> {
        if self.role.may(Permission::ManageUsers) {
            return Ok(());
        }
        if target.role == Role::Viewer && !touches.beyond_full_name {
            return self.role.require(Permission::RenameViewers);
        }
        Err(Forbidden)
    }
}

/// What a list of users is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserSortKey {
    /// When the account was made.
    CreatedAt,
    /// The address, case folded.
    Email,
    /// The name, case folded; users without one come last.
    FullName,
}

impl UserSortKey {
    /// Every key with its name in a query string.
    pub const NAMES: [(&'static str, Self); 3] =
        [("created_at", Self::CreatedAt), ("email", Self::Email), ("full_name", Self::FullName)];
}

/// Which users a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserFilter {
    /// Folded text that the email or the full name contains.
    pub search: Option<String>,
    /// Only that role.
    pub role: Option<Role>,
    /// Only active, or only inactive users.
    pub is_active: Option<bool>,
    /// Deleted users too.
    pub include_deleted: bool,
}
