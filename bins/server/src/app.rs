//! Composition: the parts are made from the settings here, put together, and run.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use actix_web::rt;
use anyhow::{Context, anyhow};
use plinth_auth::{AccessTokens, PasswordSettings, Passwords, RefreshTokens, SystemEntropy, TokenSettings};
use plinth_domain::SystemClock;
use plinth_domain::passwords::PasswordRules;
use plinth_http::{App, Draining, HttpSettings, Searches};
use plinth_limits::Limits;
use plinth_persistence::{Database, DatabaseSettings, Location, migrations};
use plinth_realtime::{Bus, CloseReason, Hub, HubSettings};

use crate::cli::{self, print};
use crate::config::{self, Environment, Registration, Settings};
use crate::jobs::{Jobs, Post};
use crate::{admin, data, keys, logging, migrate, open_files, shutdown};

/// The time that everything here goes by.
pub(crate) const CLOCK: SystemClock = SystemClock;
/// The randomness that everything here draws from.
pub(crate) const ENTROPY: SystemEntropy = SystemEntropy;

/// Runs the server until a signal ends it.
pub(crate) fn serve() -> anyhow::Result<()> {
    let config::Outcome { settings, warnings, .. } = config::inspect();
    let settings = settings?;
    logging::start(&settings.log)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    open_files::raise_limit();
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
    let access = AccessTokens::new(keys::key_set(&settings, key)?, token_settings(&settings));
    keys::reload_on_hangup(&settings, access.clone())?;
    let refresh = RefreshTokens::new(key);

    let (hub, bus) = hub(&settings)?;
    let post = Post::of(&settings)?;
    let app = App {
        db: database,
        passwords,
        access,
        refresh,
        clock: Arc::new(CLOCK),
        entropy: Arc::new(ENTROPY),
        searches: Searches::default(),
        password_rules: Arc::new(password_rules(&settings)),
        limits: rate_limits(&settings)?,
        mail_wakeup: Arc::default(),
        hub,
        mailbox: post.as_ref().and_then(|post| post.mailbox.clone()),
        settings: http_settings(&settings),
    };
    let (host, port) = (settings.network.host.as_str(), settings.network.port);
    // On Linux as many may wait to be accepted as the system allows (`net.core.somaxconn`).
    let listener = TcpListener::bind((host, port)).map_err(|error| not_bound(error, host, port))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let draining = Draining::default();
    let workers = available_parallelism().map_or(1, NonZero::get);
    let database = app.db.clone();
    let jobs = Jobs::start(&settings, &app, post, key, bus);
    let hub = app.hub.clone();
    let server = plinth_http::serve(app, draining.clone(), listener, workers).context("cannot serve")?;
    announce(&settings, address);
    let delay = settings.network.shutdown_delay;
    match shutdown::run(
        server,
        || draining.start(),
        delay,
        move || hub.close_all(CloseReason::GoingAway),
        jobs.end(),
        move || database.close(),
    )
    .await
    {
        // Nothing is waited for any more, not even by a destructor.
        Err(at_once @ shutdown::Ended::AtOnce(_)) => cli::exit(&at_once.into()),
        ended => Ok(ended?),
    }
}

pub(crate) fn password_rules(settings: &Settings) -> PasswordRules {
    PasswordRules::new(settings.accounts.check_common, &settings.project_name)
}

/// Who is connected, and where there is Redis what connects instances.
fn hub(settings: &Settings) -> anyhow::Result<(Hub, Option<Bus>)> {
    let per_user = settings.realtime.connections_per_user;
    let wanted = HubSettings {
        max_per_user: per_user,
        max_per_address: per_user.saturating_mul(10),
        broadcast_roles: settings.realtime.broadcast_roles.clone(),
        ..HubSettings::default()
    };
    let clock = Arc::new(CLOCK);
    Ok(match &settings.abuse.redis {
        None => (Hub::local(wanted, clock), None),
        Some(redis) => {
            let (hub, bus) = Hub::shared(wanted, clock, redis.expose()).context("REDIS_URL")?;
            (hub, Some(bus))
        }
    })
}

fn rate_limits(settings: &Settings) -> anyhow::Result<Limits> {
    let clock = Arc::new(CLOCK);
    Ok(match (settings.abuse.rates, &settings.abuse.redis) {
        (None, _) => Limits::off(),
        (Some(rates), None) => Limits::local(rates, clock),
        (Some(rates), Some(redis)) => Limits::shared(rates, clock, redis.expose()).context("REDIS_URL")?,
    })
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
        static_dir: settings.static_dir.clone(),
        refresh_idle: settings.tokens.session_idle,
        session_max: settings.tokens.session_max,
        refresh_grace: settings.tokens.refresh_grace,
        trusted_proxies: settings.abuse.proxies.clone(),
        auth_cookies: settings.auth_cookies,
        ws_frames_per_second: settings.realtime.frames_per_second,
        mail_enabled: settings.mail.is_some(),
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
    if settings.mail.as_ref().is_some_and(|mail| mail.smtp.is_none()) {
        tracing::warn!(
            "mail is kept in memory and shown at /dev/mail to whoever uses this machine; none is sent"
        );
    }
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
