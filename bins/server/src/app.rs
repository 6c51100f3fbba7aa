//! Composition: the parts are made from the settings here, put together, and run.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use actix_web::{App, HttpResponse, HttpServer, rt, web};
use anyhow::{Context, anyhow};
use plinth_auth::{
    AccessTokens, KeySet, PasswordSettings, Passwords, RefreshTokens, SystemEntropy, TokenSettings,
};
use plinth_domain::SystemClock;
use plinth_http::HttpSettings;
use plinth_http::middleware::Connections;
use plinth_persistence::{Database, DatabaseSettings, Location, migrations};

use crate::config::{self, Algorithm, Environment, Registration, Settings};
use crate::{admin, data, limits, logging, shutdown};

/// The time that everything here goes by.
pub(crate) const CLOCK: SystemClock = SystemClock;
/// The randomness that everything here draws from.
pub(crate) const ENTROPY: SystemEntropy = SystemEntropy;

/// How many connections may wait to be accepted; the system may allow fewer.
const BACKLOG: u32 = 4096;
/// How many connections a worker keeps open. What comes beyond waits to be accepted.
const CONNECTIONS_PER_WORKER: usize = 10_000;

/// Runs the server until a signal ends it.
pub(crate) fn serve() -> anyhow::Result<()> {
    let settings = config::load()?;
    logging::start(&settings.log)?;
    limits::raise_open_files();
    block_on(run(settings))
}

/// Prints the OpenAPI document.
pub(crate) fn openapi() -> anyhow::Result<()> {
    anyhow::bail!("this build has no OpenAPI document yet")
}

/// Runs async work on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    rt::System::new().block_on(work)
}

/// What the subcommands that touch accounts need.
pub(crate) struct Stores {
    pub(crate) location: Location,
    pub(crate) database: Database,
    pub(crate) passwords: Passwords,
}

/// Opens the database, brought up to date unless the settings say otherwise, and starts the hashing threads.
pub(crate) fn open_stores(settings: &Settings) -> anyhow::Result<Stores> {
    let location = location(settings)?;
    make_room(settings)?;
    if settings.database.migrate_on_start {
        for name in migrations::run(&location).context("cannot bring the database up to date")? {
            tracing::info!(migration = name, "migrated");
        }
    }
    let database = Database::start(&DatabaseSettings {
        location: location.clone(),
        pool_size: settings.database.pool_size,
    })?;
    let cost = settings.accounts.bcrypt_cost;
    let passwords =
        Passwords::new(PasswordSettings { cost, ..PasswordSettings::default() }, Arc::new(ENTROPY))?;
    Ok(Stores { location, database, passwords })
}

/// Where the database is.
pub(crate) fn location(settings: &Settings) -> anyhow::Result<Location> {
    Location::parse(settings.database.url.expose()).context("DATABASE_URL")
}

/// Makes the folder that an SQLite file is to be in.
pub(crate) fn make_room(settings: &Settings) -> anyhow::Result<()> {
    match settings.database.url.sqlite_file() {
        Some(_) => data::make_folder(&settings.database.url.data_folder()),
        None => Ok(()),
    }
}

async fn run(settings: Settings) -> anyhow::Result<()> {
    let key = data::signing_key(&settings, &ENTROPY)?;
    let Stores { database, passwords, .. } = open_stores(&settings)?;
    if let Some(wanted) = &settings.accounts.first_admin {
        admin::ensure_first(&database, &passwords, wanted).await?;
    }
    let key = key.expose().as_bytes();
    let keys = match settings.tokens.algorithm {
        Algorithm::Hs256 => KeySet::from_secret(key),
    };
    let access = AccessTokens::new(keys, token_settings(&settings));
    let refresh = RefreshTokens::new(key);
    let http = http_settings(&settings);

    // To be completed: `plinth_http::configure` with its state takes the place of these two routes.
    let _state = (database, passwords, access, refresh);
    let draining = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&draining);
    let app = move || {
        let draining = Arc::clone(&shared);
        App::new().route("/health", web::get().to(HttpResponse::Ok)).route(
            "/health/ready",
            web::get().to(move || {
                let draining = draining.load(Ordering::Relaxed);
                async move { if draining { HttpResponse::ServiceUnavailable() } else { HttpResponse::Ok() } }
            }),
        )
    };

    let connections = Connections::new(&http);
    rt::spawn(connections.sweep());
    let (host, port) = (settings.network.host.as_str(), settings.network.port);
    let server = HttpServer::new(app)
        .workers(available_parallelism().map_or(1, NonZero::get))
        .backlog(BACKLOG)
        .max_connections(CONNECTIONS_PER_WORKER)
        .tcp_nodelay(true)
        .keep_alive(http.keep_alive)
        .client_request_timeout(http.head_timeout)
        .on_connect(connections.on_connect())
        .shutdown_timeout(shutdown::GRACE.as_secs())
        .disable_signals()
        .bind((host, port))
        .map_err(|error| not_bound(error, host, port))?;
    announce(&settings, &server.addrs());
    shutdown::run(server.run(), || draining.store(true, Ordering::Relaxed), settings.network.shutdown_delay)
        .await
}

fn token_settings(settings: &Settings) -> TokenSettings {
    let tokens = &settings.tokens;
    TokenSettings {
        issuer: tokens.issuer.clone(),
        audience: tokens.audience.clone(),
        access_ttl: tokens.access_ttl,
    }
}

fn http_settings(settings: &Settings) -> HttpSettings {
    HttpSettings {
        environment: match settings.environment {
            Environment::Development => plinth_http::Environment::Development,
            Environment::Test => plinth_http::Environment::Test,
            Environment::Production => plinth_http::Environment::Production,
        },
        project_name: settings.project_name.clone(),
        api_prefix: settings.network.api_prefix.clone(),
        app_origin: settings.app_origin.clone().unwrap_or_default(),
        cors_origins: settings.cors_origins.clone(),
        registration_open: settings.accounts.registration == Registration::Open,
        docs_enabled: settings.docs_enabled,
        refresh_idle: settings.tokens.session_idle,
        session_max: settings.tokens.session_max,
        refresh_grace: settings.tokens.refresh_grace,
        ..HttpSettings::default()
    }
}

/// Says where the server is, in addresses that a browser takes.
fn announce(settings: &Settings, addresses: &[std::net::SocketAddr]) {
    for address in addresses {
        let host = match address.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
            std::net::IpAddr::V4(ip) => ip.to_string(),
        };
        let url = format!("http://{host}:{}", address.port());
        tracing::info!(%address, url, environment = %settings.environment, "listening");
        if settings.docs_enabled {
            tracing::info!(
                swagger_ui = format!("{url}/docs"),
                redoc = format!("{url}/redoc"),
                "API documentation"
            );
        }
    }
}

fn not_bound(error: io::Error, host: &str, port: u16) -> anyhow::Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => "something else listens there: end it, or set PORT to a free port",
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 are for privileged programs: set PORT to another one"
        }
        io::ErrorKind::AddrNotAvailable => "this machine has no such address: set HOST to one that it has",
        _ => return anyhow!(error).context(format!("cannot listen on {host} port {port}")),
    };
    anyhow!("cannot listen on {host} port {port}: {advice}")
}
