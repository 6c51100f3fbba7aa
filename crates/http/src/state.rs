//! What handlers share.

use std::sync::Arc;

use plinth_auth::{AccessTokens, Passwords, RefreshTokens};
use plinth_domain::sessions::SessionLimits;
use plinth_domain::{Clock, Entropy, Timestamp};
use plinth_persistence::Database;

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

    /// How long sessions live.
    pub fn session_limits(&self) -> SessionLimits {
        SessionLimits {
            idle: self.settings.refresh_idle,
            absolute: self.settings.session_max,
            grace: self.settings.refresh_grace,
        }
    }
}
