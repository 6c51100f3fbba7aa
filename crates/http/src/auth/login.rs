//! How a password becomes a session.

use actix_web::HttpRequest;
use plinth_auth::{PasswordHash, Verification};
use plinth_domain::sessions::Rotation;
use plinth_domain::{AuditEvent, Email, Password, Session, SessionId, User, UserId};
use plinth_limits::{Key, Limit};
use plinth_persistence::{Connection, Error, audit, sessions, users};

use super::dto::LoginForm;
use super::{cookie, tokens};
use crate::answer::Answer;
use crate::client::Client;
use crate::error::ApiError;
use crate::extract::FormPairs;
use crate::journal::Journal;
use crate::state::App;
use crate::throttle::Throttle;
use crate::users::ROUNDS;

/// Signs in: a session begins, and the answer has its tokens. A refusal is written down.
///
/// Not yet in the words of OAuth.
pub(super) async fn sign_in(
    app: &App,
    client: Client,
    mut throttle: Throttle,
    request: &HttpRequest,
    form: FormPairs,
) -> Answer {
    cookie::check_origin(&app.settings, request)?;
    let form = LoginForm::read(&form.valid()?)?;
    throttle.take_for_address(Limit::LoginPerIp).await?;
    let claimed_account = Key::account_text(&form.username);
    let attempt = throttle.begin_proof(claimed_account).await?;
    let journal = Journal::new(app, client.0);
    let mut known = None;
    let outcome = check(app, &journal, &form, &mut known).await;
    attempt.end(&outcome).await;
    if let Err(refusal @ (ApiError::InvalidGrant | ApiError::AccountInactive)) = &outcome {
        let entry = journal.note(AuditEvent::LoginFailed).with("reason", refusal.answer().code);
        // What was typed as the account is not kept: it may be a password in the wrong field.
        let entry = match known {
            Some(user) => entry.to(user),
            None => entry,
        };
        let entry = entry.into_entry();
        app.db.write_one(move |connection| audit::record(connection, &entry)).await?;
    }
    let (user, session) = outcome?;
    tokens::answer(app, &user, &session, journal.now)
}

/// Checks the password and begins a session. `known` becomes the account, where there is one.
async fn check(
    app: &App,
    journal: &Journal,
    form: &LoginForm,
    known: &mut Option<UserId>,
) -> Result<(User, Session), ApiError> {
    // A longer claim is nobody's password, and not worth bringing into its normal form.
    let account = match Email::parse(&form.username) {
        Ok(email) if form.password.len() <= Password::LONGEST_CLAIM => account(app, email).await?,
        _ => None,
    };
    let Some((user, mut stored)) = account else {
        // The usual work, so that nobody can tell by the time.
        app.passwords.verify(Password::claimed(""), None).await?;
        return Err(ApiError::InvalidGrant);
    };
    *known = Some(user.id);
    let claimed = Password::claimed(&form.password);
    for _ in 0..ROUNDS {
        let hash = PasswordHash::from_stored(stored.clone());
        let renewed = match app.passwords.verify(claimed.clone(), Some(hash)).await? {
            Verification::Wrong => return Err(ApiError::InvalidGrant),
            Verification::Right => None,
            Verification::RightButOutdated => Some(app.passwords.hash(claimed.clone()).await?),
        };
        let session = begin(app, journal, user.id);
        let journal = journal.clone();
        let entry = app
            .db
            .write(move |connection| enter(connection, session, &stored, renewed.as_ref(), &journal))
            .await?;
        stored = match entry {
            Entry::Granted(entered) => return Ok(*entered),
            Entry::Replaced(stored) => stored,
        };
    }
    Err(ApiError::InvalidGrant)
}

/// What became of a session that was to begin.
enum Entry {
    Granted(Box<(User, Session)>),
    /// The hash that the password was checked against is no longer the user's; this one is.
    Replaced(String),
}

/// Begins the session if the user may sign in, with the hash that was verified: both may have changed while it was.
fn enter(
    connection: &mut Connection,
    session: Session,
    verified: &str,
    renewed: Option<&PasswordHash>,
    journal: &Journal,
) -> Result<Entry, ApiError> {
    let id = session.user_id;
    let user = users::find_for_change(connection, id).map_err(|error| match error {
        Error::NotFound => ApiError::InvalidGrant,
        error => error.into(),
    })?;
    let stored = users::password_hash(connection, id)?;
    if stored != verified {
        return Ok(Entry::Replaced(stored));
    }
    if !user.is_active {
        return Err(ApiError::AccountInactive);
    }
    if let Some(hash) = renewed {
        users::set_password_hash(connection, id, hash.as_str())?;
    }
    sessions::insert(connection, &session)?;
    journal.note(AuditEvent::Login).by(id).to(id).session(session.id).write(connection)?;
    Ok(Entry::Granted(Box::new((user, session))))
}

/// The account of that address with the hash of its password.
async fn account(app: &App, email: Email) -> Result<Option<(User, String)>, ApiError> {
    app.db
        .read(move |connection| match users::find_with_hash_by_email(connection, &email) {
            Ok(account) => Ok(Some(account)),
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(ApiError::from(error)),
        })
        .await
}

fn begin(app: &App, journal: &Journal, user: UserId) -> Session {
    let now = journal.now;
    Session {
        id: SessionId::new(now, &*app.entropy),
        user_id: user,
        rotation: Rotation::START,
        created_at: now,
        last_used_at: now,
        expires_at: app.session_limits().expiry(now, now),
        ip: journal.context.ip,
        user_agent: journal.context.user_agent.clone(),
    }
}
