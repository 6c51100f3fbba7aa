//! Composition: the parts are made from the settings here, put together, and run.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use actix_web::rt;
use anyhow::{Context, anyhow};
use plinth_auth::{
    AccessTokens, KeySet, PasswordSettings, Passwords, RefreshTokens, SystemEntropy, TokenSettings,
};
use plinth_domain::SystemClock;
use plinth_http::{App, Draining, HttpSettings, Searches};
use plinth_persistence::{Database, DatabaseSettings, Location, migrations};

use crate::cli::{self, print};
use crate::config::{self, Algorithm, Environment, Registration, Settings};
use crate::{admin, data, limits, logging, migrate, shutdown};

/// The time that everything here goes by.
pub(crate) const CLOCK: SystemClock = SystemClock;
/// The randomness that everything here draws from.
pub(crate) const ENTROPY: SystemEntropy = SystemEntropy;

/// Runs the server until a signal ends it.
pub(crate) fn serve() -> anyhow::Result<()> {
    let settings = config::load()?;
    logging::start(&settings.log)?;
    limits::raise_open_files();
    block_on(run(settings))
}

/// Prints the OpenAPI document, as a server with these settings serves it.
pub(crate) fn openapi() -> anyhow::Result<()> {
    let settings = config::load()?;
    let document = plinth_http::openapi::document_json(&http_settings(&settings));
    print(&format!("{}\n", document.trim_end()))
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
    let location = settings.database.url.location().clone();
    if settings.database.migrate_on_start {
        make_room(settings)?;
        for name in migrations::run(&location).context("cannot bring the database up to date")? {
            tracing::info!(migration = name, "migrated");
        }
    } else {
        migrate::must_be_done(&location)?;
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

/// Makes an SQLite file where there is none, and the folder that it is to be in.
pub(crate) fn make_room(settings: &Settings) -> anyhow::Result<()> {
    match settings.database.url.location() {
        Location::Sqlite(file) => {
            data::make_folder(&settings.database.url.data_folder())?;
            data::make_database_file(file)
        }
        Location::Postgres(_) => Ok(()),
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

    let app = App {
        db: database,
        passwords,
        access,
        refresh,
        clock: Arc::new(CLOCK),
        entropy: Arc::new(ENTROPY),
        searches: Searches::default(),
        settings: http_settings(&settings),
    };
    let (host, port) = (settings.network.host.as_str(), settings.network.port);
    // On Linux as many may wait to be accepted as the system allows (`net.core.somaxconn`).
    let listener = TcpListener::bind((host, port)).map_err(|error| not_bound(error, host, port))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let draining = Draining::default();
    let workers = available_parallelism().map_or(1, NonZero::get);
    let database = app.db.clone();
    let server = plinth_http::serve(app, draining.clone(), listener, workers).context("cannot serve")?;
    announce(&settings, address);
    let delay = settings.network.shutdown_delay;
    match shutdown::run(server, || draining.start(), delay, move || database.close()).await {
        // Nothing is waited for any more, not even by a destructor.
        Err(at_once @ shutdown::Ended::AtOnce(_)) => cli::exit(&at_once.into()),
        ended => Ok(ended?),
    }
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
        app_origin: settings.app_origin.clone(),
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
fn announce(settings: &Settings, address: SocketAddr) {
    let host = match address.ip() {
        ip if ip.is_unspecified() => "localhost".to_owned(),
        IpAddr::V6(ip) => format!("[{ip}]"),
        IpAddr::V4(ip) => ip.to_string(),
    };
    let url = format!("http://{host}:{}", address.port());
    let docs = settings.docs_enabled.then(|| format!("{url}/docs"));
    tracing::info!(%address, url, docs, environment = %settings.environment, "listening");
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
