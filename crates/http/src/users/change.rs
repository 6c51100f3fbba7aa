//! Changes of an account, by its owner or by others. Both come in three steps, because checking and hashing passwords
//! takes long and must hold no connection: look at what is asked, do that work, then change the account if everything
//! is still as it was.

use plinth_auth::PasswordHash;
use plinth_domain::{AuditEvent, Email, MailKind, SessionId, User, UserId};
use plinth_persistence::{Connection, one_time, sessions, users};

use super::dto::{UserUpdate, proof_required};
use super::proof::{Attempt, Proof, Prover, ROUNDS};
use crate::answer::{self, Answer};
use crate::caller::Caller;
use crate::client::Client;
use crate::error::ApiError;
use crate::journal::Journal;
use crate::problem::FieldError;
use crate::state::App;
use crate::throttle::Throttle;

/// A change that was looked at, and may be made if the passwords are in order.
pub(super) struct Asked {
    change: Change,
    /// The account, as it was looked at.
    target: User,
    /// The hash that the claimed password has to match, where that is needed.
    to_match: Option<String>,
}

/// A change whose passwords were checked and hashed.
struct Change {
    update: UserUpdate,
    is_own: bool,
    proof: Option<Proof>,
    new_hash: Option<PasswordHash>,
}

/// Checks the rules that depend on the account, and names what breaks them together with the `errors` that the request
/// has already. One's own credentials are changed with the current password only.
pub(super) fn look_at(
    app: &App,
    connection: &mut Connection,
    target: &User,
    is_own: bool,
    update: UserUpdate,
    mut errors: Vec<FieldError>,
) -> Result<Asked, ApiError> {
    let waits = is_own && app.settings.mail_enabled;
    errors.extend(password_is_email(&update, target, is_own, waits));
    if let Some(password) = &update.password {
        for address in addresses(&update, target, waits) {
            app.check_password("/password", password, address, &mut errors);
        }
    }
    let needs_proof = is_own && update.changes_credentials(target);
    if needs_proof && !update.sent.current_password {
        errors.push(no_proof());
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let proof = update.current_password.clone().map(Proof::new);
    let to_match = match &proof {
        Some(proof) if needs_proof => proof.lacks(connection, target.id)?,
        _ => None,
    };
    Ok(Asked { change: Change { update, is_own, proof, new_hash: None }, target: target.clone(), to_match })
}

fn no_proof() -> FieldError {
    FieldError::new("/current_password".to_owned(), proof_required())
}

/// The addresses that the account would have after the change, the one that waits to be proven among them. `waits`
/// says whether a new one does.
fn addresses<'a>(update: &'a UserUpdate, target: &'a User, waits: bool) -> impl Iterator<Item = &'a Email> {
    let is_new = update.email.as_ref().is_some_and(|email| *email != target.email);
    let present = (waits || !is_new).then_some(&target.email);
    let other = if update.email.is_some() { update.email.as_ref() } else { target.pending_email.as_ref() };
    present.into_iter().chain(other)
}

/// Whether the password would be an address of the account after the change: a new password, or the present one as far
/// as it is known, which is where it is claimed for one's own account.
fn password_is_email(update: &UserUpdate, target: &User, is_own: bool, waits: bool) -> Option<FieldError> {
    if let Some(password) = &update.password {
        let violation =
            addresses(update, target, waits).find_map(|address| password.differs_from(address).err())?;
        return Some(FieldError::new("/password".to_owned(), violation));
    }
    let email = update.email.as_ref().filter(|email| **email != target.email)?;
    let claimed = update.current_password.as_ref().filter(|_| is_own)?;
    let violation = claimed.differs_from(email).err()?;
    Some(FieldError::new("/email".to_owned(), violation))
}

impl Asked {
    /// Makes the change for the one who calls, and answers with the account. `find` locks it, and refuses whoever may
    /// not change it. A new password ends its sessions, but for the one that is `kept`.
    pub(super) async fn carry_out<F>(
        self,
        caller: &Caller,
        client: Client,
        throttle: Throttle,
        kept: Option<SessionId>,
        find: F,
    ) -> Answer
    where
        F: Fn(&mut Connection, &User) -> Result<User, ApiError> + Clone + Send + 'static,
    {
        let app = caller.app();
        let journal = Journal::new(app, client.0);
        let mut prover = Prover::new(app, throttle, &journal, &self.target);
        let mut change = self.prepare(app, &mut prover).await?;
        let ends_sessions = change.new_hash.is_some();
        for _ in 0..ROUNDS {
            let (find, journal) = (find.clone(), journal.clone());
            let work = move |connection: &mut Connection, user: &User| {
                let target = find(connection, user)?;
                change.make(connection, target, kept, user.id, &journal)
            };
            let attempt = caller.write_and_tell(work, Attempt::event);
            let stored;
            (change, stored) = match attempt.await? {
                Attempt::Done(user) => {
                    if ends_sessions {
                        app.hub.end_sessions_of(user.id, kept);
                    }
                    app.wake_mail();
                    return Ok(answer::ok(&user));
                }
                Attempt::Unproven(change, stored) => (change, stored),
            };
            change.prove(&mut prover, stored).await?;
        }
        Err(ApiError::WrongPassword)
    }

    /// Checks and hashes passwords.
    async fn prepare(self, app: &App, prover: &mut Prover<'_>) -> Result<Change, ApiError> {
        let mut change = self.change;
        if let Some(stored) = self.to_match {
            change.prove(prover, stored).await?;
        }
        match &change.update.email {
            Some(new) if change.is_own && *new != self.target.email => {
                prover.take_mails(new, &self.target.email).await?;
            }
            _ => {}
        }
        if let Some(password) = &change.update.password {
            change.new_hash = Some(app.passwords.hash(password.clone()).await?);
        }
        Ok(change)
    }
}

impl Change {
    /// Checks the claimed password against that hash.
    async fn prove(&mut self, prover: &mut Prover<'_>, stored: String) -> Result<(), ApiError> {
        match &mut self.proof {
            Some(proof) => proof.check(prover, stored).await,
            None => Err(ApiError::Invalid(vec![no_proof()])),
        }
    }

    /// Makes the change, for that actor. `target` is locked, and may not be as it was looked at: its address or its
    /// password may have changed since.
    fn make(
        self,
        connection: &mut Connection,
        mut target: User,
        kept: Option<SessionId>,
        actor: UserId,
        journal: &Journal,
    ) -> Result<Attempt<Self, User>, ApiError> {
        if self.is_own && self.update.changes_credentials(&target) {
            let Some(proof) = &self.proof else { return Err(ApiError::Invalid(vec![no_proof()])) };
            if let Some(stored) = proof.lacks(connection, target.id)? {
                return Ok(Attempt::Unproven(self, stored));
            }
        }
        let waits = self.is_own && journal.sends_mail();
        if let Some(error) = password_is_email(&self.update, &target, self.is_own, waits) {
            return Err(ApiError::Invalid(vec![error]));
        }
        let before = target.clone();
        self.update.full_name.apply(&mut target.full_name);
        if let Some(email) = &self.update.email {
            set_email(connection, &mut target, email, waits)?;
        }
        target.role = self.update.role.unwrap_or(target.role);
        target.is_active = self.update.is_active.unwrap_or(target.is_active);
        let target = users::update(connection, target, journal.now)?;
        if let Some(hash) = &self.new_hash {
            users::set_password_hash(connection, target.id, hash.as_str())?;
        }
        if !target.is_active {
            sessions::end_all(connection, target.id, None)?;
        } else if self.new_hash.is_some() {
            sessions::end_all(connection, target.id, kept)?;
        }
        let done = Done { before: &before, after: &target, has_new_password: self.new_hash.is_some() };
        done.write(connection, actor, journal)?;
        let asks_again = self.update.email.is_some() && target.pending_email.is_some();
        done.mail(connection, asks_again, journal)?;
        Ok(Attempt::Done(target))
    }
}

/// Gives an account another address: one that waits to be proven, or one that takes effect at once and is not known to
/// be the user's. The present address again takes back what waits.
fn set_email(
    connection: &mut Connection,
    user: &mut User,
    email: &Email,
    waits: bool,
) -> Result<(), ApiError> {
    if user.email == *email {
        user.pending_email = None;
    } else if waits {
        // Found out again when it is proven: until then nobody keeps an address from anybody.
        if users::any_with_email(connection, email)? {
            return Err(ApiError::EmailTaken);
        }
        user.pending_email = Some(email.clone());
    } else {
        user.email = email.clone();
        user.email_verified = false;
        user.pending_email = None;
    }
    Ok(())
}

/// A change that was made, and what follows from it.
struct Done<'a> {
    before: &'a User,
    after: &'a User,
    has_new_password: bool,
}

impl Done<'_> {
    /// Voids what was mailed for how the account was before, and writes down what has become of it.
    fn write(&self, connection: &mut Connection, actor: UserId, journal: &Journal) -> Result<(), ApiError> {
        let Self { before, after, has_new_password } = self;
        let new_address = before.email != after.email || before.pending_email != after.pending_email;
        if *has_new_password || new_address || !after.is_active {
            one_time::void_all(connection, after.id, &before.email)?;
        }
        let note = |event| journal.note(event).by(actor).to(after.id);
        if *has_new_password {
            note(AuditEvent::PasswordChanged).write(connection)?;
        }
        if before.email != after.email {
            note(AuditEvent::EmailChanged).change(&before.email, &after.email).write(connection)?;
        }
        if let Some(pending) = after.pending_email.as_ref().filter(|_| new_address) {
            note(AuditEvent::EmailChangeRequested).change(&after.email, pending).write(connection)?;
        }
        if before.role != after.role {
            note(AuditEvent::RoleChanged).change(before.role, after.role).write(connection)?;
        }
        if before.is_active != after.is_active {
            let event = if after.is_active { AuditEvent::Activated } else { AuditEvent::Deactivated };
            note(event).write(connection)?;
        }
        Ok(())
    }

    /// Mails whom a change of address concerns: the new one, to be proven, and the one until now, to be told.
    fn mail(&self, connection: &mut Connection, asks_again: bool, journal: &Journal) -> Result<(), ApiError> {
        let Self { before, after, .. } = self;
        if before.email != after.email {
            journal.mail(connection, MailKind::VerifyEmail, &after.email, after, None)?;
            journal.mail(connection, MailKind::EmailChanged, &before.email, after, Some(&after.email))?;
        } else if let Some(pending) = &after.pending_email
            && asks_again
        {
            journal.mail(connection, MailKind::VerifyEmail, pending, after, None)?;
            journal.mail(connection, MailKind::EmailChangeRequested, &after.email, after, Some(pending))?;
        }
        Ok(())
    }
}

/// Deletes an account softly: it is gone for everybody, its address is free, its sessions end, its items stay.
/// `target` is locked.
pub(super) fn delete(
    connection: &mut Connection,
    mut target: User,
    actor: UserId,
    journal: &Journal,
) -> Result<User, ApiError> {
    target.deleted_at = Some(journal.now);
    target.pending_email = None;
    let target = users::update(connection, target, journal.now)?;
    sessions::end_all(connection, target.id, None)?;
    one_time::void_all(connection, target.id, &target.email)?;
    journal.note(AuditEvent::Deleted).by(actor).to(target.id).write(connection)?;
    Ok(target)
}
