//! Who may do what: roles, and the one table of permissions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::Violation;

/// What a user is allowed in general. Each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Uses the application: sees and changes what is their own.
    Viewer,
    /// Sees everybody's, and keeps viewers' names in order.
    Editor,
    /// May do everything.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Admin];

    /// The name that the API and the database use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Result<Self, Violation> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == name)
            .ok_or_else(|| Violation::new("invalid_choice", "must be one of admin, editor, viewer"))
    }

    /// Whether the table grants it.
    pub fn may(self, permission: Permission) -> bool {
        PERMISSIONS.iter().any(|(granted, least)| *granted == permission && self >= *least)
    }

    /// Refuses where the table does not grant it.
    pub fn require(self, permission: Permission) -> Result<(), Forbidden> {
        if self.may(permission) { Ok(()) } else { Err(Forbidden) }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Violation;

    /// [`Role::parse`].
    fn from_str(name: &str) -> Result<Self, Violation> {
        Self::parse(name)
    }
}

/// Something that not everybody may do. What concerns only one's own account and items needs no permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See any user, and the list of users.
    ReadUsers,
    /// See users that were deleted.
    ReadDeletedUsers,
    /// Change the full name of a viewer.
    RenameViewers,
    /// Create, change, delete and restore any user.
    ManageUsers,
    /// See everybody's items.
    ReadAllItems,
    /// Change and delete everybody's items.
    ManageAllItems,
    /// See the audit log.
    ReadAudit,
}

/// Each permission with the least role that has it: the only place where roles and rights meet.
pub const PERMISSIONS: [(Permission, Role); 7] = [
    (Permission::ReadUsers, Role::Editor),
    (Permission::ReadDeletedUsers, Role::Admin),
    (Permission::RenameViewers, Role::Editor),
    (Permission::ManageUsers, Role::Admin),
    (Permission::ReadAllItems, Role::Editor),
    (Permission::ManageAllItems, Role::Admin),
    (Permission::ReadAudit, Role::Admin),
];

/// The role is not enough for what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the role is not enough for this")]
pub struct Forbidden;
