//! Accounts: `/users`.

use actix_web::web::ServiceConfig;

use crate::resource::at;

mod change;
mod dto;
pub(crate) mod handlers;
mod proof;

pub use dto::{DeleteMe, MeUpdate, UserCreate, UserUpdate};
pub(crate) use proof::ROUNDS;

/// Declares the paths.
pub(crate) fn configure(config: &mut ServiceConfig) {
    use handlers::{
        create, delete, delete_me, get, list, me, restore, update_me_patch, update_me_put, update_patch,
        update_put,
    };
    // What is fixed comes before what is an id.
    config
        .service(at("/users").get(list).post(create))
        .service(at("/users/me").get(me).put(update_me_put).patch(update_me_patch))
        .service(at("/users/me/delete").post(delete_me))
        .service(at("/users/{id}").get(get).put(update_put).patch(update_patch).delete(delete))
        .service(at("/users/{id}/restore").post(restore));
}
