//! What handlers share.

use std::sync::Arc;

use plinth_auth::{AccessTokens, Passwords, RefreshTokens};
use plinth_domain::passwords::PasswordRules;
use plinth_domain::sessions::SessionLimits;
use plinth_domain::{Clock, Email, Entropy, Password, Timestamp};
use plinth_limits::Limits;
use plinth_mail::Mailbox;
use plinth_persistence::Database;
use plinth_realtime::Hub;
use tokio::sync::Notify;

use crate::problem::FieldError;
use crate::searches::Searches;
use crate::settings::HttpSettings;

/// An application's parts. Built by the server, or by a test, and shared by all of its workers.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Database,
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Issues and verifies access tokens.
    pub access: AccessTokens,
    /// Makes and reads refresh tokens.
    pub refresh: RefreshTokens,
    /// Which passwords are refused.
    pub password_rules: Arc<PasswordRules>,
    /// How often something may be tried.
    pub limits: Limits,
    /// Rung when mail was put into the outbox.
    pub mail_wakeup: Arc<Notify>,
    /// Who is connected, and who gets what.
    pub hub: Hub,
    /// Where mail is kept instead of sent, in development; `/dev/mail` shows it.
    pub mailbox: Option<Mailbox>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The turns of searches.
    pub searches: Searches,
    /// What the HTTP layer was told.
    pub settings: HttpSettings,
}

impl App {
    /// The current instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets whoever sends mail look into the outbox now.
    pub(crate) fn wake_mail(&self) {
        self.mail_wakeup.notify_one();
    }

    /// Adds to `errors` why the account with that address may not have that password, if so, unless the field is
    /// among them already.
    pub(crate) fn check_password(
        &self,
        pointer: &str,
        password: &Password,
        email: &Email,
        errors: &mut Vec<FieldError>,
    ) {
        if errors.iter().any(|error| error.pointer == pointer) {
            return;
        }
        if let Err(violation) = self.password_rules.check(password, email) {
            errors.push(FieldError::new(pointer.to_owned(), violation));
        }
    }

    /// How long sessions live.
    pub(crate) fn session_limits(&self) -> SessionLimits {
        SessionLimits {
            idle: self.settings.refresh_idle,
            absolute: self.settings.session_max,
            grace: self.settings.refresh_grace,
        }
    }
}
