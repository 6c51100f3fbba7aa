//! Registration, login, sessions and recovery by mail: `/auth`, and `/token` at the root for OAuth2 clients.

use actix_web::web::ServiceConfig;

use crate::resource::at;

pub(crate) mod cookie;
mod dto;
pub(crate) mod handlers;
mod login;
pub(crate) mod recovery;
pub(crate) mod sessions;
mod tokens;

pub use dto::{ForgotPassword, LoginForm, Refresh, Register, ResetPassword, Tokens, VerifyEmail};

/// Declares the paths below the prefix.
pub(crate) fn configure(config: &mut ServiceConfig) {
    use handlers::{login, logout, refresh, register, test_token};
    config
        .service(at("/auth/register").post(register))
        .service(at("/auth/login").post(login))
        .service(at("/auth/refresh").post(refresh))
        .service(at("/auth/logout").post(logout))
        .service(at("/auth/test-token").post(test_token))
        .service(at("/auth/sessions").get(sessions::list).delete(sessions::end_others))
        .service(at("/auth/sessions/{id}").delete(sessions::end))
        .service(at("/auth/password/forgot").post(recovery::forgot))
        .service(at("/auth/password/reset").post(recovery::reset))
        .service(at("/auth/email/verify").post(recovery::verify))
        .service(at("/auth/email/resend").post(recovery::resend));
}

/// Declares the path at the root.
pub(crate) fn configure_root(config: &mut ServiceConfig) {
    config.service(at("/token").post(handlers::token));
}
