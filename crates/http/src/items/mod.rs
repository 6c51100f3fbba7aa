//! Items: `/items`.

use actix_web::web::ServiceConfig;

use crate::resource::at;

mod dto;
pub(crate) mod handlers;

pub use dto::{ItemCreate, ItemUpdate};

/// Declares the paths.
pub(crate) fn configure(config: &mut ServiceConfig) {
    use handlers::{create, delete, get, list, update_patch, update_put};
    config
        .service(at("/items").get(list).post(create))
        .service(at("/items/{id}").get(get).put(update_put).patch(update_patch).delete(delete));
}
