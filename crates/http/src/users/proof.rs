//! The current password as a proof that it is the owner who asks: it is checked without a connection, because that takes
//! long, and then has to be the one that the account still has.

use plinth_auth::{PasswordHash, Verification};
use plinth_domain::{AuditEvent, Email, Password, User, UserId};
use plinth_limits::{Key, Limit};
use plinth_persistence::{Connection, audit, users};
use plinth_realtime::Event;

use crate::error::ApiError;
use crate::journal::Journal;
use crate::state::App;
use crate::throttle::{self, Throttle};

/// How often a password is checked at most: again where its hash was replaced meanwhile, which a login does that renews
/// an old one.
pub(crate) const ROUNDS: usize = 3;

/// A password that somebody claims to know, and the hash that it was found to match.
pub(super) struct Proof {
    claimed: Password,
    verified: Option<String>,
}

impl Proof {
    pub(super) fn new(claimed: Password) -> Self {
        Self { claimed, verified: None }
    }

    /// Checks the claim against that hash.
    pub(super) async fn check(&mut self, prover: &mut Prover<'_>, stored: String) -> Result<(), ApiError> {
        prover.begin().await?;
        let outcome = self.compare(prover.app, stored).await;
        prover.end(&outcome).await?;
        outcome
    }

    async fn compare(&mut self, app: &App, stored: String) -> Result<(), ApiError> {
        let hash = PasswordHash::from_stored(stored.clone());
        match app.passwords.verify(self.claimed.clone(), Some(hash)).await? {
            Verification::Wrong => Err(ApiError::WrongPassword),
            Verification::Right | Verification::RightButOutdated => {
                self.verified = Some(stored);
                Ok(())
            }
        }
    }

    /// The hash that the claim is still to be checked against; none if it was matched already.
    pub(super) fn lacks(&self, connection: &mut Connection, id: UserId) -> Result<Option<String>, ApiError> {
        let stored = users::password_hash(connection, id)?;
        Ok(if self.verified.as_ref() == Some(&stored) { None } else { Some(stored) })
    }
}

/// Sees to it that a current password is not guessed: wrong ones count as failed logins of the account, and are
/// written down.
pub(super) struct Prover<'a> {
    app: &'a App,
    throttle: Throttle,
    journal: &'a Journal,
    user: UserId,
    account: Key,
    /// One request is one attempt, however often the hash changes meanwhile.
    begun: bool,
    /// The attempt, until it has come to a verdict.
    attempt: Option<throttle::Attempt>,
}

impl<'a> Prover<'a> {
    pub(super) fn new(app: &'a App, throttle: Throttle, journal: &'a Journal, me: &User) -> Self {
        let account = Key::account(&me.email);
        Self { app, throttle, journal, user: me.id, account, begun: false, attempt: None }
    }

    /// Counts the mails of a change of address: to the new one, and to the one that is told.
    pub(super) async fn take_mails(&mut self, new: &Email, old: &Email) -> Result<(), ApiError> {
        self.throttle.take_for_address(Limit::MailPerIp).await?;
        self.throttle.take_mail(new).await?;
        self.throttle.take_mail(old).await
    }

    async fn begin(&mut self) -> Result<(), ApiError> {
        if !self.begun {
            self.attempt = Some(self.throttle.begin_proof(self.account).await?);
            self.begun = true;
        }
        Ok(())
    }

    async fn end(&mut self, outcome: &Result<(), ApiError>) -> Result<(), ApiError> {
        if let Some(attempt) = self.attempt.take() {
            attempt.end(outcome).await;
        }
        if let Err(ApiError::WrongPassword) = outcome {
            let entry =
                self.journal.note(AuditEvent::PasswordRefused).by(self.user).to(self.user).into_entry();
            self.app.db.write_one(move |connection| audit::record(connection, &entry)).await?;
        }
        Ok(())
    }
}

/// What came of an attempt to do something that has to be proven.
pub(super) enum Attempt<W, T> {
    /// It is done.
    Done(T),
    /// Nothing is done yet: first the claim has to be checked against this hash.
    Unproven(W, String),
}

impl<W> Attempt<W, User> {
    /// What is published of it, once it is committed.
    pub(super) fn event(&self) -> Option<Event> {
        match self {
            Self::Done(user) if user.deleted_at.is_some() => Some(Event::user_deleted(user)),
            Self::Done(user) => Some(Event::user_updated(user)),
            Self::Unproven(..) => None,
        }
    }
}
