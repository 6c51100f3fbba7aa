//! Mail to the people who have accounts, and the one-time tokens that some of it carries.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::text::Email;

crate::id_type! {
    /// A message that is on its way out.
    MailId
}

crate::id_type! {
    /// A one-time token. Its text is derived from this under a key, and stored nowhere.
    OneTimeTokenId
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// Asks to prove that the address is the account's.
    VerifyEmail,
    /// Lets a password be set anew.
    ResetPassword,
    /// Tells the present address that another one is to take its place.
    EmailChangeRequested,
    /// Tells the address until now that another one has taken its place.
    EmailChanged,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 4] =
        [Self::VerifyEmail, Self::ResetPassword, Self::EmailChangeRequested, Self::EmailChanged];

    /// The name, as it is stored and logged, and as its templates are called.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What the token in it is for, where it carries one.
    pub fn purpose(self) -> Option<TokenPurpose> {
        match self {
            Self::VerifyEmail => Some(TokenPurpose::VerifyEmail),
            Self::ResetPassword => Some(TokenPurpose::ResetPassword),
            Self::EmailChangeRequested | Self::EmailChanged => None,
        }
    }
}

/// What a one-time token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenPurpose {
    /// Proving an address.
    VerifyEmail,
    /// Setting a password anew.
    ResetPassword,
}

impl TokenPurpose {
    /// The name, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }

    /// How long such a token is good.
    pub fn lifetime(self) -> Duration {
        match self {
            Self::VerifyEmail => Duration::from_secs(24 * 60 * 60),
            Self::ResetPassword => Duration::from_secs(30 * 60),
        }
    }

    /// The path of the web app's page that takes it.
    pub fn page(self) -> &'static str {
        match self {
            Self::VerifyEmail => "/verify-email",
            Self::ResetPassword => "/reset-password",
        }
    }
}

/// A one-time token, as it is stored: what it is for and until when, never its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeToken {
    /// The identifier.
    pub id: OneTimeTokenId,
    /// Whose it is.
    pub user_id: UserId,
    /// What it is good for.
    pub purpose: TokenPurpose,
    /// The address that it was sent to, and that showing it proves.
    pub email: Email,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is no longer good.
    pub expires_at: Timestamp,
}

/// A message that is on its way out. What it says is made when it is sent, so no link or token waits in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The identifier. The same at every attempt, and so is the `Message-ID` that is made of it.
    pub id: MailId,
    /// What it is about.
    pub kind: MailKind,
    /// Where it goes.
    pub to: Email,
    /// Whose account it is about. `None` where that is looked up when it is sent: whoever asks for a new password may
    /// not learn, not even by the time it takes, whether there is such an account.
    pub user_id: Option<UserId>,
    /// The address that takes the place of another one, where it is about that.
    pub new_email: Option<Email>,
    /// The token that it carries, once it has been prepared.
    pub token_id: Option<OneTimeTokenId>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// How often sending it was begun.
    pub attempts: u32,
}

/// How often sending a message is tried before it counts as undeliverable. With [`retry_delay`] that takes two days.
pub const MAX_ATTEMPTS: u32 = 20;

/// How long to wait after that many attempts have failed: twice as long each time, from ten seconds up to three hours.
pub fn retry_delay(attempts: u32) -> Duration {
    const FIRST: u64 = 10;
    const LONGEST: u64 = 3 * 60 * 60;
    let doublings = attempts.saturating_sub(1).min(20);
    Duration::from_secs((FIRST << doublings).min(LONGEST))
}
