//! Registration, login and sessions: `/auth`, and `/token` at the root for OAuth2 clients.

use actix_web::web::ServiceConfig;

use crate::resource::at;

mod dto;
pub(crate) mod handlers;

pub use dto::{LoginForm, Refresh, Register, Tokens};

/// Declares the paths below the prefix.
pub(crate) fn configure(config: &mut ServiceConfig) {
    use handlers::{login, logout, refresh, register, test_token};
    config
        .service(at("/auth/register").post(register))
        .service(at("/auth/login").post(login))
        .service(at("/auth/refresh").post(refresh))
        .service(at("/auth/logout").post(logout))
        .service(at("/auth/test-token").post(test_token));
}

/// Declares the path at the root.
pub(crate) fn configure_root(config: &mut ServiceConfig) {
    config.service(at("/token").post(handlers::token));
}
