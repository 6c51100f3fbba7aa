//! Changes of an account, by its owner or by others. Both come in three steps, because checking and hashing passwords
//! takes long and must hold no connection: look at what is asked, do that work, then change the account if everything
//! is still as it was.

use plinth_auth::{PasswordHash, Verification};
use plinth_domain::{Email, Password, SessionId, Timestamp, User, UserId};
use plinth_persistence::{Connection, sessions, users};

use super::dto::{UserUpdate, proof_required};
use crate::error::ApiError;
use crate::problem::FieldError;
use crate::state::App;

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
    pub(super) async fn check(&mut self, app: &App, stored: String) -> Result<(), ApiError> {
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

/// What came of an attempt to do something that has to be proven.
pub(super) enum Attempt<W, T> {
    /// It is done.
    Done(T),
    /// Nothing is done yet: first the claim has to be checked against this hash.
    Unproven(W, String),
}

/// A change that was looked at, and may be made if the passwords are in order.
pub(super) struct Asked {
    change: Change,
    /// The hash that the claimed password has to match, where that is needed.
    to_match: Option<String>,
}

/// A change whose passwords were checked and hashed.
pub(super) struct Change {
    update: UserUpdate,
    is_own: bool,
    proof: Option<Proof>,
    new_hash: Option<PasswordHash>,
}

/// Checks the rules that depend on the account, and names what breaks them together with the `errors` that the request
/// has already. One's own credentials are changed with the current password only.
pub(super) fn look_at(
    connection: &mut Connection,
    target: &User,
    is_own: bool,
    update: UserUpdate,
    mut errors: Vec<FieldError>,
) -> Result<Asked, ApiError> {
    errors.extend(password_is_email(&update, target, is_own));
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
    Ok(Asked { change: Change { update, is_own, proof, new_hash: None }, to_match })
}

fn no_proof() -> FieldError {
    FieldError::new("/current_password".to_owned(), proof_required())
}

/// Whether the password would be the address after the change: a new password, or the present one as far as it is
/// known, which is where it is claimed for one's own account.
fn password_is_email(update: &UserUpdate, target: &User, is_own: bool) -> Option<FieldError> {
    let email = update.email.as_ref().unwrap_or(&target.email);
    if let Some(password) = &update.password {
        let violation = password.differs_from(email).err()?;
        return Some(FieldError::new("/password".to_owned(), violation));
    }
    let claimed = update.current_password.as_ref().filter(|_| is_own && *email != target.email)?;
    let violation = claimed.differs_from(email).err()?;
    Some(FieldError::new("/email".to_owned(), violation))
}

impl Asked {
    /// Checks and hashes passwords.
    pub(super) async fn prepare(self, app: &App) -> Result<Change, ApiError> {
        let mut change = self.change;
        if let Some(stored) = self.to_match {
            change.prove(app, stored).await?;
        }
        if let Some(password) = &change.update.password {
            change.new_hash = Some(app.passwords.hash(password.clone()).await?);
        }
        Ok(change)
    }
}

/// Which sessions a change of the password ends.
#[derive(Clone, Copy)]
pub(super) enum Ends {
    /// All of the user's.
    All,
    /// All but the one that asks.
    AllBut(SessionId),
}

impl Change {
    /// Checks the claimed password against that hash.
    pub(super) async fn prove(&mut self, app: &App, stored: String) -> Result<(), ApiError> {
        match &mut self.proof {
            Some(proof) => proof.check(app, stored).await,
            None => Err(ApiError::Invalid(vec![no_proof()])),
        }
    }

    /// Makes the change. `target` is locked, and may not be as it was looked at: its address or its password may have
    /// changed since.
    pub(super) fn make(
        self,
        connection: &mut Connection,
        mut target: User,
        ends: Ends,
        now: Timestamp,
    ) -> Result<Attempt<Self, User>, ApiError> {
        if self.is_own && self.update.changes_credentials(&target) {
            let Some(proof) = &self.proof else { return Err(ApiError::Invalid(vec![no_proof()])) };
            if let Some(stored) = proof.lacks(connection, target.id)? {
                return Ok(Attempt::Unproven(self, stored));
            }
        }
        if let Some(error) = password_is_email(&self.update, &target, self.is_own) {
            return Err(ApiError::Invalid(vec![error]));
        }
        self.update.full_name.apply(&mut target.full_name);
        if let Some(email) = self.update.email {
            set_email(&mut target, email);
        }
        target.role = self.update.role.unwrap_or(target.role);
        target.is_active = self.update.is_active.unwrap_or(target.is_active);
        let target = users::update(connection, target, now)?;
        if let Some(hash) = &self.new_hash {
            users::set_password_hash(connection, target.id, hash.as_str())?;
        }
        match ends {
            _ if !target.is_active => sessions::end_all(connection, target.id, None)?,
            Ends::All if self.new_hash.is_some() => sessions::end_all(connection, target.id, None)?,
            Ends::AllBut(kept) if self.new_hash.is_some() => {
                sessions::end_all(connection, target.id, Some(kept))?
            }
            Ends::All | Ends::AllBut(_) => 0,
        };
        Ok(Attempt::Done(target))
    }
}

/// Takes effect at once; that the address is the user's is not known any more.
fn set_email(user: &mut User, email: Email) {
    if user.email != email {
        user.email = email;
        user.email_verified = false;
    }
    user.pending_email = None;
}

/// Deletes an account softly: it is gone for everybody, its address is free, its sessions end, its items stay.
/// `target` is locked.
pub(super) fn delete(connection: &mut Connection, mut target: User, now: Timestamp) -> Result<(), ApiError> {
    target.deleted_at = Some(now);
    target.pending_email = None;
    let target = users::update(connection, target, now)?;
    sessions::end_all(connection, target.id, None)?;
    Ok(())
}
