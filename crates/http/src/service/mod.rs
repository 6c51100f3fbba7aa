//! What a server has beside its resources: health, the start page, public keys, documentation, and the web app.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{Bytes, Data, ServiceConfig};
use futures_util::future::BoxFuture;
use plinth_auth::AccessTokens;

use crate::openapi;
use crate::resource::at;
use crate::settings::HttpSettings;

pub(crate) mod dev;
pub(crate) mod docs;
pub(crate) mod handlers;
pub mod site;

/// Finds out about what the server uses.
pub type ReadinessCheck = Arc<dyn Fn() -> BoxFuture<'static, Vec<Check>> + Send + Sync>;

/// What was found out about one thing that the server uses.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    pub(crate) name: &'static str,
    pub(crate) state: &'static str,
    /// Whether the server can do its work as far as that goes.
    pub(crate) is_ready: bool,
}

impl Check {
    /// Something without which the server can do nothing.
    pub fn needed(name: &'static str, is_there: bool) -> Self {
        Self { name, state: if is_there { "ok" } else { "failed" }, is_ready: is_there }
    }

    /// Something without which the server goes on.
    pub fn useful(name: &'static str, is_there: bool) -> Self {
        Self { name, state: if is_there { "ok" } else { "away" }, is_ready: true }
    }
}

/// Set once the server shuts down: from then on it is not ready, so that no new requests are sent to it.
#[derive(Clone, Debug, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on.
    pub fn start(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it has begun.
    pub(crate) fn is_draining(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What the routes here answer with. Made once for a server and shared by its workers.
pub struct Service {
    readiness: ReadinessCheck,
    draining: Draining,
    access: AccessTokens,
    openapi: Bytes,
    /// Where they are not switched off.
    docs: Option<docs::Docs>,
    /// The web app, where it is served from here.
    site: Option<Arc<site::Live>>,
}

impl Service {
    /// `access` has the key set to publish (RFC 7517), which may change while the server runs.
    pub fn new(
        settings: &HttpSettings,
        readiness: ReadinessCheck,
        draining: Draining,
        access: AccessTokens,
    ) -> Self {
        Self {
            readiness,
            draining,
            access,
            openapi: Bytes::from(openapi::document_json(settings)),
            docs: settings.docs_enabled.then(|| docs::Docs::new(settings)),
            site: None,
        }
    }

    /// The same with the web app.
    #[must_use]
    pub(crate) fn with_site(self, site: Option<Arc<site::Live>>) -> Self {
        Self { site, ..self }
    }

    /// The web app as it is now.
    pub(crate) fn site(&self) -> Option<impl Deref<Target = Arc<site::Site>>> {
        self.site.as_ref().map(|live| live.site())
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
    config.service(at(&format!("{base}/asyncapi.yaml")).get(docs::asyncapi));
    config.service(at(&format!("{base}/docs")).get(docs::swagger));
    config.service(at(&format!("{base}/docs/assets/{{file}}")).get(docs::asset));
    config.service(at(&format!("{base}/redoc")).get(docs::redoc));
    config.service(at(&format!("{base}/redoc/assets/{{file}}")).get(docs::asset));
}
