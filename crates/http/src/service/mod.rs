//! What a server has beside its resources: health, the start page, public keys and documentation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{Bytes, Data, ServiceConfig};
use futures_util::future::BoxFuture;

use crate::openapi;
use crate::resource::at;
use crate::settings::HttpSettings;

pub(crate) mod docs;
pub(crate) mod handlers;

/// Finds out what the server needs and whether it is there: a name for each, and whether it answers.
pub type ReadinessCheck = Arc<dyn Fn() -> BoxFuture<'static, Vec<(&'static str, bool)>> + Send + Sync>;

/// Set once the server shuts down: from then on it is not ready, so that no new requests are sent to it.
#[derive(Clone, Debug, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on.
    pub fn start(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it has begun.
    pub fn is_draining(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What the routes here answer with. Made once for a server and shared by its workers.
pub struct Service {
    readiness: ReadinessCheck,
    draining: Draining,
    jwks: serde_json::Value,
    openapi: Bytes,
    /// Where they are not switched off.
    docs: Option<docs::Docs>,
}

impl Service {
    /// `jwks` is the key set to publish (RFC 7517).
    pub fn new(
        settings: &HttpSettings,
        readiness: ReadinessCheck,
        draining: Draining,
        jwks: serde_json::Value,
    ) -> Self {
        Self {
            readiness,
            draining,
            jwks,
            openapi: Bytes::from(openapi::document_json(settings)),
            docs: settings.docs_enabled.then(|| docs::Docs::new(settings)),
        }
    }
}

/// Adds the routes, those at the root and those at the prefix.
pub fn configure(config: &mut ServiceConfig, service: &Data<Service>, prefix: &str) {
    config.app_data(service.clone());
    config.service(at("/").get(handlers::start));
    config.service(at("/health").get(handlers::live));
    config.service(at("/health/ready").get(handlers::ready));
    config.service(at("/.well-known/jwks.json").get(handlers::jwks));
    document_at(config, "");
    if !prefix.is_empty() {
        config.service(at(&format!("{prefix}/health")).get(handlers::ready));
        document_at(config, prefix);
    }
}

fn document_at(config: &mut ServiceConfig, base: &str) {
    config.service(at(&format!("{base}/openapi.json")).get(docs::openapi));
    config.service(at(&format!("{base}/docs")).get(docs::swagger));
    config.service(at(&format!("{base}/docs/assets/{{file}}")).get(docs::asset));
    config.service(at(&format!("{base}/redoc")).get(docs::redoc));
    config.service(at(&format!("{base}/redoc/assets/{{file}}")).get(docs::asset));
}
