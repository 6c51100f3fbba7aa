//! What clients send about users.

use plinth_domain::paging::{PageRequest, Sort, SortValue};
use plinth_domain::users::{Touches, UserFilter, UserSortKey};
use plinth_domain::{Email, FullName, Password, Role, User, Violation, text};
use utoipa::{IntoParams, ToSchema};

use crate::fields::{Fields, FromFields, Patch};
use crate::listing::{self, SortKey};

/// A new user.
#[derive(ToSchema)]
pub struct UserCreate {
    /// The address to sign in with.
    #[schema(value_type = String, format = Email, max_length = 254, example = "grace@example.com")]
    pub email: Email,
    /// The password; not the email.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256, example = "correct horse battery")]
    pub password: Password,
    /// The person's name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "Grace Hopper")]
    pub full_name: Option<FullName>,
    /// What the user may do; `viewer` unless it is sent.
    #[schema(value_type = Role, required = false, example = "viewer")]
    pub role: Role,
    /// Whether the user may sign in; true unless it is sent.
    #[schema(required = false, default = true)]
    pub is_active: bool,
}

impl FromFields for UserCreate {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        let password = fields.required("password", Password::parse);
        let full_name = fields.nullable("full_name", FullName::parse);
        let role = fields.optional("role", Role::parse);
        let is_active = fields.optional_bool("is_active");
        let (email, password) = (email?, password?);
        if let Err(violation) = password.differs_from(&email) {
            fields.report("password", violation);
        }
        // What is wrong with the rest is reported, and no reason to keep quiet about the password.
        Some(Self {
            email,
            password,
            full_name: full_name.unwrap_or_default().value(),
            role: role.flatten().unwrap_or(Role::Viewer),
            is_active: is_active.flatten().unwrap_or(true),
        })
    }
}

/// What to change of a user; what is left out stays.
#[derive(ToSchema)]
pub struct UserUpdate {
    /// The person's name; null clears it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "Grace Hopper")]
    pub full_name: Patch<FullName>,
    /// A new address to sign in with.
    #[schema(value_type = String, required = false, format = Email, max_length = 254, example = "grace@example.com")]
    pub email: Option<Email>,
    /// A new password; not the email.
    #[schema(value_type = String, required = false, format = Password, min_length = 8, max_length = 256, example = "battery staple horse")]
    pub password: Option<Password>,
    /// What the user may do.
    #[schema(value_type = Role, required = false)]
    pub role: Option<Role>,
    /// Whether the user may sign in.
    #[schema(value_type = bool, required = false)]
    pub is_active: Option<bool>,
    /// The password until now: needed for a new password or email of one's own.
    #[schema(value_type = String, required = false, format = Password, example = "correct horse battery")]
    pub current_password: Option<Password>,
    /// What was named, be it good or not.
    #[schema(ignore)]
    pub(crate) sent: Sent,
}

/// Which fields a request names. Who may not change them, and what has to come with them, depends on that alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) touches: Touches,
    pub(crate) password: bool,
    pub(crate) current_password: bool,
}

/// Always reads itself: what is wrong counts as left out, so that the rest can be held against the account, and all
/// that is wrong be named at once.
impl FromFields for UserUpdate {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let role = fields.optional("role", Role::parse).flatten();
        let is_active = fields.optional_bool("is_active").flatten();
        Some(Self { role, is_active, ..own_fields(fields) })
    }
}

impl UserUpdate {
    /// Whether it changes what the user signs in with.
    pub(crate) fn changes_credentials(&self, user: &User) -> bool {
        self.sent.password || self.email.as_ref().is_some_and(|email| *email != user.email)
    }
}

/// What to change of one's own account: the same without role and activity.
pub struct MeUpdate(pub(crate) UserUpdate);

impl FromFields for MeUpdate {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self(own_fields(fields)))
    }
}

/// What everybody may change of their own account.
fn own_fields(fields: &mut Fields<'_>) -> UserUpdate {
    let beyond = ["email", "password", "role", "is_active", "current_password"];
    let sent = Sent {
        touches: Touches { beyond_full_name: beyond.iter().any(|name| fields.contains(name)) },
        password: fields.contains("password"),
        current_password: fields.contains("current_password"),
    };
    let full_name = fields.nullable("full_name", FullName::parse);
    let email = fields.optional("email", Email::parse);
    let password = fields.optional("password", Password::parse);
    let current_password = fields.optional("current_password", claimed);
    UserUpdate {
        full_name: full_name.unwrap_or_default(),
        email: email.flatten(),
        password: password.flatten(),
        role: None,
        is_active: None,
        current_password: current_password.flatten(),
        sent,
    }
}

/// What is wrong where the current password is missing.
pub(super) fn proof_required() -> Violation {
    Violation::new("required", "must be there to change the password or the email")
}

/// What to change of one's own account; what is left out stays.
#[derive(ToSchema)]
#[schema(as = MeUpdate)]
#[expect(dead_code, reason = "documents what MeUpdate reads")]
pub(crate) struct MeUpdateJson {
    /// The person's name; null clears it.
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    full_name: Option<String>,
    /// A new address to sign in with; needs `current_password`.
    #[schema(value_type = String, required = false, format = Email, max_length = 254, example = "ada@example.com")]
    email: Option<String>,
    /// A new password; needs `current_password`, and ends the other sessions.
    #[schema(value_type = String, required = false, format = Password, min_length = 8, max_length = 256, example = "battery staple horse")]
    password: Option<String>,
    /// The password until now.
    #[schema(value_type = String, required = false, format = Password, example = "correct horse battery")]
    current_password: Option<String>,
}

/// A password to be verified. No password is nearly as long, and hashing takes time by its length.
fn claimed(text: &str) -> Result<Password, Violation> {
    text::without_nul(text)?;
    if text.len() > Password::LONGEST_CLAIM {
        let most = Password::LONGEST_CLAIM;
        return Err(Violation::new("too_long", format!("must be at most {most} bytes long")));
    }
    Ok(Password::claimed(text))
}

/// The proof that it is the user who deletes the account.
#[derive(ToSchema)]
pub struct DeleteMe {
    /// The password.
    #[schema(value_type = String, format = Password, example = "correct horse battery")]
    pub current_password: Password,
}

impl FromFields for DeleteMe {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let current_password = fields.required("current_password", claimed);
        Some(Self { current_password: current_password? })
    }
}

/// Which users, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query string that UserList reads")]
pub(crate) struct UserListParams {
    /// Only users whose email or full name contains this, in any case.
    #[param(max_length = 200)]
    search: Option<String>,
    /// Only users with this role.
    role: Option<Role>,
    /// Only active, or only inactive users.
    is_active: Option<bool>,
    /// Deleted users too; for administrators.
    #[param(default = false)]
    include_deleted: Option<bool>,
    /// What to sort by; `-` before it for descending order. Users without a full name come last.
    #[param(inline, example = "-created_at")]
    sort: Option<UserSort>,
}

/// The orders of a list of users.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the values of sort")]
pub(crate) enum UserSort {
    #[schema(rename = "created_at")]
    CreatedAt,
    #[schema(rename = "-created_at")]
    CreatedAtDescending,
    #[schema(rename = "email")]
    Email,
    #[schema(rename = "-email")]
    EmailDescending,
    #[schema(rename = "full_name")]
    FullName,
    #[schema(rename = "-full_name")]
    FullNameDescending,
}

impl SortKey for UserSortKey {
    fn holds(self, value: &SortValue) -> bool {
        match self {
            Self::CreatedAt => listing::is_time(value),
            Self::Email => matches!(value, SortValue::Text(_)),
            Self::FullName => matches!(value, SortValue::Text(_) | SortValue::Missing),
        }
    }
}

/// The query string of the list.
pub(crate) struct UserList(pub(crate) PageRequest<UserSortKey, UserFilter>);

impl FromFields for UserList {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let search = listing::search(fields);
        let role = fields.optional("role", Role::parse);
        let is_active = fields.optional_bool("is_active");
        let include_deleted = fields.optional_bool("include_deleted");
        let filter = match (search, role, is_active, include_deleted) {
            (Some(search), Some(role), Some(is_active), Some(include_deleted)) => Some(UserFilter {
                search,
                role,
                is_active,
                include_deleted: include_deleted.unwrap_or(false),
            }),
            _ => None,
        };
        let newest_first = Sort { key: UserSortKey::CreatedAt, descending: true };
        listing::read(fields, filter, &UserSortKey::NAMES, newest_first).map(Self)
    }
}
