//! What is done to sign in and out.

use actix_web::{HttpRequest, web};
use plinth_domain::users::UserJson;
use plinth_domain::{AuditEvent, MailKind, Role, User, UserId};
use plinth_limits::{Key, Limit};
use plinth_persistence::sessions::Refreshed;
use plinth_persistence::{sessions, users};

use super::dto::{LoginForm, Refresh, Register, Tokens};
use super::{cookie, login, tokens};
use crate::answer::{self, Answer};
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
    login::sign_in(&app, client, throttle, &request, form).await.map_err(ApiError::for_oauth)
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
        Refreshed::Live(session, user) => tokens::answer(app, &user, &session, now),
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
    cookie::clear(&caller.app().settings, &mut response);
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
