//! What is done to sign in and out.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use plinth_auth::{Grant, PasswordHash, Verification};
use plinth_domain::sessions::Rotation;
use plinth_domain::users::UserJson;
use plinth_domain::{
    AuditEvent, Email, MailKind, Password, Role, Session, SessionId, Timestamp, User, UserId,
};
use plinth_limits::{Key, Limit};
use plinth_persistence::sessions::Refreshed;
use plinth_persistence::{Connection, Error, audit, sessions, users};

use super::cookie;
use super::dto::{LoginForm, Refresh, Register, Tokens};
use crate::answer;
use crate::caller::{Caller, own};
use crate::client::Client;
use crate::error::ApiError;
use crate::extract::{Body, FormPairs, NoParameters, Query};
use crate::journal::Journal;
use crate::openapi::{
    Authenticated, FormBody, InvalidQuery, JsonBody, LoginRefused, RateLimited, RefreshRefused,
    RegistrationClosed, Unavailable,
};
use crate::state::App;
use crate::throttle::Throttle;
use crate::users::ROUNDS;

type Answer = Result<HttpResponse, ApiError>;

/// Create an account
///
/// Anyone may, unless registration is closed. The account is a viewer's.
#[utoipa::path(
    post, path = "/auth/register", operation_id = "register", tag = "auth", request_body = Register,
    responses(
        (status = 200, description = "The new account.", body = UserJson<'static>),
        JsonBody, RegistrationClosed, crate::openapi::EmailTaken, RateLimited, Unavailable,
    ),
    security(()),
)]
pub(crate) async fn register(
    app: web::Data<App>,
    client: Client,
    mut throttle: Throttle,
    body: Body<Register>,
) -> Answer {
    if !app.settings.registration_open {
        return Err(ApiError::RegistrationClosed);
    }
    let (Register { email, password, full_name }, mut errors) = body.with_errors()?;
    app.check_password("/password", &password, &email, &mut errors);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    throttle.take_for_address(Limit::RegisterPerIp).await?;
    throttle.take_mail(&email).await?;
    let hash = app.passwords.hash(password).await?;
    let journal = Journal::new(&app, client.0);
    let id = UserId::new(journal.now, &*app.entropy);
    let user = User::new(id, email, full_name, Role::Viewer, journal.now);
    let user = app
        .db
        .write(move |connection| {
            users::insert(connection, &user, hash.as_str())?;
            journal.mail(connection, MailKind::VerifyEmail, &user.email, &user, None)?;
            journal.note(AuditEvent::Registered).by(user.id).to(user.id).write(connection)?;
            Ok::<_, ApiError>(user)
        })
        .await?;
    app.wake_mail();
    Ok(answer::ok(&user))
}

/// Sign in
///
/// First-party login that takes the form of an OAuth2 password grant (RFC 6749 §4.3.2), so that OAuth2 clients and
/// *Authorize* work. An unknown email and a wrong password are answered alike.
#[utoipa::path(
    post, path = "/auth/login", operation_id = "login", tag = "auth",
    request_body(content = LoginForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The tokens of a new session.", body = Tokens),
        FormBody, LoginRefused, RateLimited, Unavailable,
    ),
    security(()),
)]
pub(crate) async fn login(
    app: web::Data<App>,
    client: Client,
    throttle: Throttle,
    request: HttpRequest,
    form: FormPairs,
) -> Answer {
    sign_in(&app, client, throttle, &request, form).await.map_err(ApiError::for_oauth)
}

/// Sign in at the root
///
/// The same as the login, where OAuth2 clients look for it.
#[utoipa::path(
    post, path = "/token", operation_id = "token", tag = "auth",
    request_body(content = LoginForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The tokens of a new session.", body = Tokens),
        FormBody, LoginRefused, RateLimited, Unavailable,
    ),
    security(()),
)]
pub(crate) async fn token(
    app: web::Data<App>,
    client: Client,
    throttle: Throttle,
    request: HttpRequest,
    form: FormPairs,
) -> Answer {
    login(app, client, throttle, request, form).await
}

async fn sign_in(
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
    tokens(app, &user, &session, journal.now)
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

/// The answer with the tokens of where the session stands.
fn tokens(app: &App, user: &User, session: &Session, now: Timestamp) -> Answer {
    let generation = session.rotation.generation;
    let grant = Grant { user: user.id, session: session.id, role: user.role, generation };
    let refresh_token = app.refresh.make(session.id, generation);
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if app.settings.auth_cookies {
        response.cookie(cookie::keep(&app.settings, &refresh_token, session.expires_at.since(now)));
    }
    Ok(response.json(Tokens {
        access_token: app.access.issue(grant, now, &*app.entropy).map_err(ApiError::internal)?.into_string(),
        refresh_token: (!app.settings.auth_cookies).then(|| refresh_token.into_string()),
        token_type: "bearer",
        expires_in: app.access.access_ttl().as_secs(),
    }))
}

/// Get the next access token
///
/// Exchanges a refresh token for a fresh access token and the session's current refresh token. The token that was
/// replaced stays good for a short while and as long as nobody has used its successor; any other old token ends the
/// session.
#[utoipa::path(
    post, path = "/auth/refresh", operation_id = "refresh", tag = "auth", request_body = Refresh,
    responses(
        (status = 200, description = "The next tokens of the session.", body = Tokens),
        JsonBody, RefreshRefused, RateLimited, Unavailable,
    ),
    security(()),
)]
pub(crate) async fn refresh(
    app: web::Data<App>,
    client: Client,
    throttle: Throttle,
    request: HttpRequest,
    body: Body<Refresh>,
) -> Answer {
    renew(&app, client, throttle, &request, body).await.map_err(ApiError::for_oauth)
}

async fn renew(
    app: &App,
    client: Client,
    mut throttle: Throttle,
    request: &HttpRequest,
    body: Body<Refresh>,
) -> Answer {
    cookie::check_origin(&app.settings, request)?;
    let refresh_token = cookie::presented(&app.settings, request, body)?;
    let (id, generation) = app.refresh.read(&refresh_token).map_err(|_| ApiError::InvalidGrant)?;
    throttle.take(Limit::RefreshPerSession, Key::session(id)).await?;
    let (journal, limits) = (Journal::new(app, client.0), app.session_limits());
    let now = journal.now;
    let refreshed = app
        .db
        .write(move |connection| {
            let refreshed = sessions::refresh(connection, id, generation, now, &limits, &journal.context)?;
            if let Refreshed::Reused(session) = &refreshed {
                journal
                    .note(AuditEvent::RefreshReused)
                    .to(session.user_id)
                    .session(session.id)
                    .write(connection)?;
            }
            Ok::<_, ApiError>(refreshed)
        })
        .await?;
    match refreshed {
        Refreshed::Live(session, user) => tokens(app, &user, &session, now),
        Refreshed::Reused(session) => {
            app.hub.end_session(session.id);
            tracing::warn!(
                user_id = %session.user_id,
                session_id = %session.id,
                "an old refresh token was used; the session was ended"
            );
            Err(ApiError::InvalidGrant)
        }
        Refreshed::Ended => Err(ApiError::InvalidGrant),
    }
}

/// Sign out
///
/// Ends the session: its access and refresh tokens are dead at once.
#[utoipa::path(
    post, path = "/auth/logout", operation_id = "logout", tag = "auth",
    responses((status = 204, description = "The session has ended."), Authenticated, InvalidQuery),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn logout(caller: Caller, client: Client, query: Query<NoParameters>) -> Answer {
    let session = caller.session()?;
    let journal = Journal::new(caller.app(), client.0);
    caller
        .write(move |connection, user| {
            query.valid()?;
            own(sessions::end(connection, session))?;
            journal.note(AuditEvent::Logout).by(user.id).to(user.id).session(session).write(connection)?;
            Ok(())
        })
        .await?;
    caller.app().hub.end_session(session);
    let mut response = answer::done();
    if caller.app().settings.auth_cookies {
        cookie::clear(&caller.app().settings, &mut response);
    }
    Ok(response)
}

/// Check an access token
///
/// Answers with the user whose token it is.
#[utoipa::path(
    post, path = "/auth/test-token", operation_id = "test_token", tag = "auth",
    responses(
        (status = 200, description = "The user.", body = UserJson<'static>),
        Authenticated, InvalidQuery,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn test_token(caller: Caller, query: Query<NoParameters>) -> Answer {
    let user = caller.read(move |_, user| query.valid().map(|_| user.clone())).await?;
    Ok(answer::ok(&user))
}
