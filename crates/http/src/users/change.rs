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

/// A change that was looked at, and may be made if the passwords are in order.
pub(super) struct Asked {
    pub(super) update: UserUpdate,
    /// The claimed password, and the hash that it has to match.
    proof: Option<Proof>,
}

/// Somebody claims to know the password with that hash.
pub(super) struct Proof {
    claimed: Password,
    stored: String,
}

/// A change whose passwords were checked and hashed.
pub(super) struct Ready {
    update: UserUpdate,
    verified: Option<String>,
    new_hash: Option<PasswordHash>,
}

/// Checks the rules that depend on the account. One's own credentials are changed with the current password only.
pub(super) fn look_at(
    connection: &mut Connection,
    target: &User,
    is_own: bool,
    update: UserUpdate,
) -> Result<Asked, ApiError> {
    let mut errors = Vec::new();
    if let Some(password) = &update.password {
        let email = update.email.as_ref().unwrap_or(&target.email);
        if let Err(violation) = password.differs_from(email) {
            errors.push(FieldError::new("/password".to_owned(), violation));
        }
    }
    let needs_proof = is_own && update.changes_credentials(target);
    if needs_proof && update.current_password.is_none() {
        errors.push(FieldError::new("/current_password".to_owned(), proof_required()));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let proof = match &update.current_password {
        Some(claimed) if needs_proof => Some(prove(connection, target.id, claimed.clone())?),
        _ => None,
    };
    Ok(Asked { update, proof })
}

/// What a claimed password has to be checked against.
pub(super) fn prove(connection: &mut Connection, id: UserId, claimed: Password) -> Result<Proof, ApiError> {
    Ok(Proof { claimed, stored: users::password_hash(connection, id)? })
}

impl Proof {
    /// The hash that was matched.
    pub(super) async fn check(self, app: &App) -> Result<String, ApiError> {
        let stored = PasswordHash::from_stored(self.stored.clone());
        match app.passwords.verify(self.claimed.expose().to_owned(), Some(stored)).await? {
            Verification::Wrong => Err(ApiError::WrongPassword),
            Verification::Right | Verification::RightButOutdated => Ok(self.stored),
        }
    }
}

impl Asked {
    /// Checks and hashes passwords.
    pub(super) async fn prepare(mut self, app: &App) -> Result<Ready, ApiError> {
        let verified = match self.proof.take() {
            Some(proof) => Some(proof.check(app).await?),
            None => None,
        };
        let new_hash = match self.update.password.take() {
            Some(password) => Some(app.passwords.hash(password).await?),
            None => None,
        };
        Ok(Ready { update: self.update, verified, new_hash })
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

impl Ready {
    /// Makes the change. `target` is locked.
    pub(super) fn make(
        self,
        connection: &mut Connection,
        mut target: User,
        ends: Ends,
        now: Timestamp,
    ) -> Result<User, ApiError> {
        if let Some(verified) = &self.verified {
            still_proven(connection, target.id, verified)?;
        }
        let was_admin = target.is_active_admin();
        self.update.full_name.apply(&mut target.full_name);
        if let Some(email) = self.update.email {
            set_email(&mut target, email);
        }
        target.role = self.update.role.unwrap_or(target.role);
        target.is_active = self.update.is_active.unwrap_or(target.is_active);
        if was_admin && !target.is_active_admin() {
            keep_an_admin(connection, target.id)?;
        }
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
        Ok(target)
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

/// Refuses a change that would leave nobody to administer the rest.
fn keep_an_admin(connection: &mut Connection, id: UserId) -> Result<(), ApiError> {
    if users::another_admin_remains(connection, id)? { Ok(()) } else { Err(ApiError::LastAdmin) }
}

/// Refuses if the password was changed while the claim was checked.
pub(super) fn still_proven(connection: &mut Connection, id: UserId, verified: &str) -> Result<(), ApiError> {
    if users::password_hash(connection, id)? == verified { Ok(()) } else { Err(ApiError::WrongPassword) }
}

/// Deletes an account softly: it is gone for everybody, its address is free, its sessions end, its items stay.
/// `target` is locked.
pub(super) fn delete(connection: &mut Connection, mut target: User, now: Timestamp) -> Result<(), ApiError> {
    if target.is_active_admin() {
        keep_an_admin(connection, target.id)?;
    }
    target.deleted_at = Some(now);
    target.pending_email = None;
    let target = users::update(connection, target, now)?;
    sessions::end_all(connection, target.id, None)?;
    Ok(())
}
