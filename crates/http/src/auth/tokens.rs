//! The answer to a login and to a refresh.

use actix_web::HttpResponse;
use actix_web::http::header;
use plinth_auth::Grant;
use plinth_domain::{Session, Timestamp, User};

use super::cookie;
use super::dto::Tokens;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::state::App;

/// 200 with the tokens of where the session stands: the refresh token in a cookie, where cookies are used.
pub(super) fn answer(app: &App, user: &User, session: &Session, now: Timestamp) -> Answer {
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
