//! The whole application on a listener: what the server runs and what the tests run.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{HttpServer, rt};

use crate::middleware::{Connections, wrapped_app};
use crate::service::site::{self, Live};
use crate::service::{Check, Draining, ReadinessCheck, Service};
use crate::state::App;
use crate::{realtime, routes, service};

/// How many connections a worker keeps open. What comes beyond waits to be accepted.
const CONNECTIONS_PER_WORKER: usize = 10_000;
/// How long requests in flight may take after a shutdown has begun.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(30);

/// Serves the application on that listener with that many workers, until the returned server is stopped. Has to be
/// called within an actix system.
///
/// `draining` is set by whoever stops the server, before, so that readiness fails first.
///
/// # Errors
/// Those of taking over the listener, and of reading the web app.
pub fn serve(app: App, draining: Draining, listener: TcpListener, workers: usize) -> io::Result<Server> {
    let settings = app.settings.clone();
    // First: it may well fail, and what is spawned does not end by itself.
    let site = settings.static_dir.clone().map(|folder| Live::start(folder, &settings.api_prefix));
    let site = site.transpose().map_err(io::Error::other)?;
    let connections = Connections::new(&settings);
    rt::spawn(connections.sweep());
    rt::spawn(realtime::watch(app.clone()));
    let service = Service::new(&settings, readiness(&app), draining, app.access.clone()).with_site(site);
    // What knows no `App`, extractors and the service's routes, has the settings of this.
    let (app, service, shared) = (Data::new(app), Data::new(service), Data::new(settings.clone()));
    let factory = move || {
        let prefix = &app.settings.api_prefix;
        wrapped_app(&shared, &app.clock, &app.entropy)
            .app_data(app.clone())
            .configure(|config| service::configure(config, &service, prefix))
            .configure(|config| routes::configure(config, prefix))
            .configure(|config| service::dev::configure(config, &app.settings, app.mailbox.as_ref()))
            .default_service(web::to(site::file_or_unknown))
    };
    let server = HttpServer::new(factory)
        .workers(workers)
        .max_connections(CONNECTIONS_PER_WORKER)
        .tcp_nodelay(true)
        .keep_alive(settings.keep_alive)
        .client_request_timeout(settings.head_timeout)
        .on_connect(connections.on_connect())
        .shutdown_timeout(SHUTDOWN_LIMIT.as_secs())
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// What the application needs to be ready, its database, and Redis, where it has one: without that each instance limits
/// by itself, and is by itself in realtime.
fn readiness(app: &App) -> ReadinessCheck {
    let (db, limits, hub) = (app.db.clone(), app.limits.clone(), app.hub.clone());
    Arc::new(move || {
        let db = db.clone();
        let redis = (limits.is_shared() || hub.is_shared())
            .then(|| Check::useful("redis", !limits.is_degraded() && !hub.is_degraded()));
        Box::pin(async move {
            let database = Check::needed("database", db.ping().await.is_ok());
            [database].into_iter().chain(redis).collect()
        })
    })
}
