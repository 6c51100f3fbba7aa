//! What happens round every request.

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, Error};
use plinth_domain::{Clock, Entropy};

use crate::settings::HttpSettings;

pub(crate) mod connections;
mod cors;
mod envelope;
mod panics;
mod slash;

pub use connections::Connections;
pub(crate) use envelope::AnswerHeaders;
pub use envelope::{LoggedUser, RequestId};

/// An application that has all of it, and the settings, but no routes yet. Request ids are made from `clock` and
/// `entropy`.
pub fn wrapped_app(
    settings: &Data<HttpSettings>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    // The last one is the outermost: whatever those further in answer gets what every answer gets.
    App::new()
        .app_data(settings.clone())
        .wrap(from_fn(panics::catch))
        .wrap(cors::cors(settings))
        .wrap(envelope::Envelope::new(settings, Arc::clone(clock), Arc::clone(entropy)))
}
