//! What is done by mail: proving an address, and setting a password anew.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use plinth_auth::OneTimeTokens;
use plinth_domain::{AuditEvent, Email, MailKind, TokenPurpose, User};
use plinth_limits::{Key, Limit};
use plinth_persistence::{Connection, Error, one_time, sessions, users};
use plinth_realtime::Event;

use super::dto::{ForgotPassword, ResetPassword, VerifyEmail};
use crate::answer::{self, Answer};
use crate::caller::{Caller, own, told};
use crate::client::Client;
use crate::error::ApiError;
use crate::extract::{Body, NoParameters, Query};
use crate::journal::Journal;
use crate::openapi::{
    Authenticated, EmailTaken, InvalidQuery, JsonBody, OneTimeTokenRefused, RateLimited, Unavailable,
};
use crate::state::App;
use crate::throttle::Throttle;

/// 202: whatever comes of it comes by mail.
fn accepted() -> HttpResponse {
    HttpResponse::new(StatusCode::ACCEPTED)
}

/// A token that is not good is refused in the same words, whatever the reason.
fn good<T>(found: Result<T, Error>) -> Result<T, ApiError> {
    found.map_err(|error| match error {
        Error::NotFound => ApiError::InvalidOneTimeToken,
        error => error.into(),
    })
}

/// Ask for a new password
///
/// Mails a link that is good for half an hour, if there is an account with that address. The answer does not tell.
#[utoipa::path(
    post, path = "/auth/password/forgot", operation_id = "forgot_password", tag = "auth", request_body = ForgotPassword,
    responses((status = 202, description = "If there is such an account, a mail is on its way."), JsonBody, RateLimited, Unavailable),
    security(()),
)]
pub(crate) async fn forgot(
    app: web::Data<App>,
    client: Client,
    mut throttle: Throttle,
    body: Body<ForgotPassword>,
) -> Answer {
    let ForgotPassword { email } = body.valid()?;
    throttle.take_for_address(Limit::MailPerIp).await?;
    throttle.take_mail(&email).await?;
    let journal = Journal::new(&app, client.0);
    // One and the same row is written for every address: whether there is an account is looked up when the mail is
    // made, so neither the answer nor the time it takes can tell.
    app.db
        .write_one(move |connection| {
            journal.mail_to_whom_it_concerns(connection, MailKind::ResetPassword, &email)
        })
        .await?;
    app.wake_mail();
    Ok(accepted())
}

/// Set a new password
///
/// With the token of the newest mail. Ends every session of the account, and proves its address.
#[utoipa::path(
    post, path = "/auth/password/reset", operation_id = "reset_password", tag = "auth", request_body = ResetPassword,
    responses((status = 204, description = "The password is set."), JsonBody, OneTimeTokenRefused, Unavailable),
    security(()),
)]
pub(crate) async fn reset(app: web::Data<App>, client: Client, body: Body<ResetPassword>) -> Answer {
    let (ResetPassword { token, new_password }, mut errors) = body.with_errors()?;
    let digest = OneTimeTokens::digest(&token);
    let now = app.now();
    // Before the long work of hashing: nobody can make us do that with a token that is not good.
    let found = app.db.read(move |connection| {
        good(one_time::find(connection, &digest, TokenPurpose::ResetPassword, now)).map(|(_, email)| email)
    });
    match found.await {
        Ok(email) => app.check_password("/new_password", &new_password, &email, &mut errors),
        Err(ApiError::InvalidOneTimeToken) if !errors.is_empty() => {}
        Err(error) => return Err(error),
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let hash = app.passwords.hash(new_password).await?;
    let journal = Journal::new(&app, client.0);
    let db = app.db.clone();
    let work = async move {
        db.write(move |connection| {
            let (mut user, email) = take(connection, &digest, TokenPurpose::ResetPassword, &journal)?;
            if user.email != email {
                return Err(ApiError::InvalidOneTimeToken);
            }
            // Whoever had the old password may have asked for another address.
            user.pending_email = None;
            user.email_verified = true;
            let user = users::update(connection, user, journal.now)?;
            users::set_password_hash(connection, user.id, hash.as_str())?;
            sessions::end_all(connection, user.id, None)?;
            one_time::void_all(connection, user.id, &user.email)?;
            journal.note(AuditEvent::PasswordReset).by(user.id).to(user.id).write(connection)?;
            Ok(user)
        })
        .await
    };
    let (limits, hub) = (app.limits.clone(), app.hub.clone());
    let work = told(app.clone(), work, |user| Some(Event::user_updated(user)));
    // In a task too: the failures are cleared whether or not anybody waits for the answer.
    let cleared = async move {
        let user = work.await?;
        hub.end_sessions_of(user.id, None);
        limits.clear(Limit::LoginPerAccount, Key::account(&user.email)).await;
        Ok(())
    };
    told(app, cleared, |()| None).await?;
    Ok(answer::done())
}

/// Uses a token up, and gives the account that it is about, locked, and the address that it was sent to.
fn take(
    connection: &mut Connection,
    digest: &one_time::Digest,
    purpose: TokenPurpose,
    journal: &Journal,
) -> Result<(User, Email), ApiError> {
    let (id, email) = good(one_time::find(connection, digest, purpose, journal.now))?;
    // The account is locked before its token, as everywhere, so that nobody waits for each other.
    let user = good(users::find_for_change(connection, id))?;
    good(one_time::consume(connection, digest, purpose, journal.now))?;
    if user.is_active { Ok((user, email)) } else { Err(ApiError::InvalidOneTimeToken) }
}

/// Prove an email address
///
/// With the token of the newest mail. An address that was waiting takes the place of the one until now.
#[utoipa::path(
    post, path = "/auth/email/verify", operation_id = "verify_email", tag = "auth", request_body = VerifyEmail,
    responses((status = 204, description = "The address is proven."), JsonBody, OneTimeTokenRefused, EmailTaken, Unavailable),
    security(()),
)]
pub(crate) async fn verify(app: web::Data<App>, client: Client, body: Body<VerifyEmail>) -> Answer {
    let VerifyEmail { token } = body.valid()?;
    let digest = OneTimeTokens::digest(&token);
    let journal = Journal::new(&app, client.0);
    let db = app.db.clone();
    let work = async move {
        db.write(move |connection| {
            let (mut user, email) = take(connection, &digest, TokenPurpose::VerifyEmail, &journal)?;
            let before = user.email.clone();
            if user.pending_email.as_ref() == Some(&email) {
                user.email = email;
                user.pending_email = None;
            } else if user.email != email {
                return Err(ApiError::InvalidOneTimeToken);
            }
            user.email_verified = true;
            let user = users::update(connection, user, journal.now)?;
            if user.email != before {
                one_time::void_all(connection, user.id, &before)?;
                let entry = journal.note(AuditEvent::EmailChanged).by(user.id).to(user.id);
                entry.change(before, &user.email).write(connection)?;
            }
            let entry = journal.note(AuditEvent::EmailVerified).by(user.id).to(user.id);
            entry.with("email", &user.email).write(connection)?;
            Ok::<_, ApiError>(user)
        })
        .await
    };
    told(app, work, |user| Some(Event::user_updated(user))).await?;
    Ok(answer::done())
}

/// Send the mail that proves an address again
///
/// To the address that waits to be proven, else to the present one; none where that is proven already.
#[utoipa::path(
    post, path = "/auth/email/resend", operation_id = "resend_verification", tag = "auth",
    responses((status = 202, description = "A mail is on its way, if there is anything to prove."), Authenticated, RateLimited, InvalidQuery),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn resend(
    caller: Caller,
    client: Client,
    mut throttle: Throttle,
    query: Query<NoParameters>,
) -> Answer {
    let me = caller.read(move |_, user| query.valid().map(|_| user.clone())).await?;
    throttle.take_for_address(Limit::MailPerIp).await?;
    throttle.take_mail(me.pending_email.as_ref().unwrap_or(&me.email)).await?;
    let journal = Journal::new(caller.app(), client.0);
    caller
        .write(move |connection, user| {
            let me = own(users::find(connection, user.id))?;
            match &me.pending_email {
                Some(pending) => journal.mail(connection, MailKind::VerifyEmail, pending, &me, None)?,
                None if !me.email_verified => {
                    journal.mail(connection, MailKind::VerifyEmail, &me.email, &me, None)?;
                }
                None => {}
            }
            Ok(())
        })
        .await?;
    caller.app().wake_mail();
    Ok(accepted())
}
