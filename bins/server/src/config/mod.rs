//! The settings: one typed struct, read in one place and judged as a whole.
//!
//! Nothing else reads the environment. Reading makes no file and opens no connection, so `check-config` may do it
//! anywhere. To add a setting: a row in [`table`], a field here and the line that takes it, and its row in
//! `.env.example`, which a test compares with the table.

mod abuse;
mod accounts;
mod mail;
mod reader;
mod secret;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod tokens;
mod values;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plinth_domain::Role;
use plinth_http::service::site;

pub(crate) use accounts::FirstAdmin;
pub(crate) use reader::Effective;
pub(crate) use secret::{LEAST_KEY_BYTES, Secret};
pub(crate) use source::{Fault, no_color};
pub(crate) use values::{DatabaseUrl, LogLevel, RedisUrl};

use abuse::Abuse;
use accounts::Accounts;
use mail::Mail;
use reader::Reader;
use source::Source;
use tokens::Tokens;

/// What the server runs for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Environment {
    Development,
    Test,
    Production,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Human,
    Json,
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registration {
    Open,
    Closed,
}

/// How access tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Hs256,
    EdDsa,
    Es256,
}

macro_rules! names {
    ($type:ident: $($variant:ident = $name:literal),+) => {
        impl $type {
            const NAMES: &'static [(&'static str, Self)] = &[$(($name, Self::$variant)),+];
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $name),+ })
            }
        }
    };
}
names!(Environment: Development = "development", Test = "test", Production = "production");
names!(LogFormat: Human = "human", Json = "json");
names!(Registration: Open = "open", Closed = "closed");
names!(Algorithm: Hs256 = "HS256", EdDsa = "EdDSA", Es256 = "ES256");

/// All settings.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) project_name: String,
    pub(crate) docs_enabled: bool,
    pub(crate) network: Network,
    pub(crate) database: Database,
    pub(crate) tokens: Tokens,
    pub(crate) accounts: Accounts,
    /// The web app, where there is one.
    pub(crate) app_origin: Option<String>,
    /// Further origins that browsers may call from.
    pub(crate) cors_origins: Vec<String>,
    /// Whether browsers keep the refresh token in a cookie.
    pub(crate) auth_cookies: bool,
    /// The folder of the built web app, where it is served from here.
    pub(crate) static_dir: Option<PathBuf>,
    /// `None`: no mail.
    pub(crate) mail: Option<Mail>,
    pub(crate) abuse: Abuse,
    pub(crate) realtime: Realtime,
    pub(crate) log: Log,
}

/// Where it listens.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Empty, or a path that starts with a slash and does not end with one.
    pub(crate) api_prefix: String,
    /// How long readiness answers 503 before connections are refused.
    pub(crate) shutdown_delay: Duration,
}

/// The database.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    pub(crate) pool_size: Option<u32>,
    pub(crate) migrate_on_start: bool,
}

/// WebSockets.
#[derive(Clone, Debug)]
pub(crate) struct Realtime {
    pub(crate) broadcast_roles: Vec<Role>,
    pub(crate) frames_per_second: u32,
    pub(crate) connections_per_user: usize,
}

/// Logs.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) level: LogLevel,
    pub(crate) format: LogFormat,
}

/// What reading the settings came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The settings, or everything that is wrong with them.
    pub(crate) settings: Result<Settings, Faults>,
    /// What can be used, but is hardly meant.
    pub(crate) warnings: Vec<Fault>,
    /// Each setting as it would take effect; those with a fault are left out.
    pub(crate) effective: Vec<Effective>,
}

/// Everything that is wrong with the settings; never empty.
#[derive(Debug, thiserror::Error)]
#[error("{}", listed(.0))]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

fn listed(faults: &[Fault]) -> String {
    let lines: Vec<_> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
    format!("{} of the settings cannot be used:{}", lines.len(), lines.concat())
}

/// Whether the files are judged, too, that settings name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Files {
    /// For the server, which needs them to start.
    Judged,
    /// For what works without them, and for what makes them.
    Unopened,
}

/// Reads the settings from the environment and from `.env` in the working directory. The files that they name are
/// left to whoever needs them.
pub(crate) fn load() -> Result<Settings, Faults> {
    read(Source::of_process(Path::new(".")), Files::Unopened).settings
}

/// Reads the settings for the server, which would not start with a fault in one of the files that they name either,
/// and tells where each came from.
pub(crate) fn inspect() -> Outcome {
    read(Source::of_process(Path::new(".")), Files::Judged)
}

/// Where the server listens, for a caller to which nothing else matters.
pub(crate) fn listening_address() -> Result<(String, u16), Faults> {
    let mut reader = Reader::new(Source::of_process(Path::new(".")));
    reader.faults.clear();
    environment(&mut reader);
    reader.faults.clear();
    let address = (reader.take(&table::HOST, values::host), reader.take(&table::PORT, values::port));
    match address {
        (Some(host), Some(port)) => Ok((host, port)),
        _ => Err(Faults(reader.faults)),
    }
}

fn read(source: Source, files: Files) -> Outcome {
    let mut reader = Reader::new(source);
    reader.judges_files = files == Files::Judged;
    let settings = settings(&mut reader);
    let Reader { faults, warnings, effective, .. } = reader;
    let settings = match settings {
        Some(settings) if faults.is_empty() => Ok(settings),
        _ => Err(Faults(faults)),
    };
    Outcome { settings, warnings, effective }
}

fn environment(reader: &mut Reader) -> Option<Environment> {
    let environment = reader.take(&table::ENVIRONMENT, values::choice(Environment::NAMES));
    reader.production = environment == Some(Environment::Production);
    environment
}

/// Takes every setting before it gives up on any: hence first all values, then `?`.
fn settings(reader: &mut Reader) -> Option<Settings> {
    let environment = environment(reader);
    let project_name = reader.take(&table::PROJECT_NAME, values::line);
    let docs_enabled = reader.take(&table::DOCS_ENABLED, values::switch);
    let (network, api_prefix) = network(reader);
    let database = database(reader);
    let tokens = tokens::read(reader, database.as_ref());
    let accounts = accounts::read(reader, project_name.as_deref());
    let app_origin = reader.take(&table::APP_ORIGIN, values::origin);
    let cors_origins = reader.take(&table::BACKEND_CORS_ORIGINS, values::origins).unwrap_or_default().0;
    let auth_cookies = reader.take(&table::AUTH_COOKIES, values::switch);
    let static_dir = static_dir(reader, api_prefix.as_deref());
    let mail = mail::read(reader, project_name.as_deref(), app_origin.as_deref());
    let abuse = abuse::read(reader);
    let realtime = realtime(reader);
    let log = log(reader);
    Some(Settings {
        environment: environment?,
        project_name: project_name?,
        docs_enabled: docs_enabled?,
        network: network?,
        database: database?,
        tokens: tokens?,
        accounts: accounts?,
        app_origin,
        cors_origins,
        auth_cookies: auth_cookies?,
        static_dir,
        mail,
        abuse: abuse?,
        realtime: realtime?,
        log: log?,
    })
}

fn static_dir(reader: &mut Reader, api_prefix: Option<&str>) -> Option<PathBuf> {
    let folder = reader.take(&table::STATIC_DIR, values::path).map(PathBuf::from)?;
    if reader.judges_files
        && let Err(wrong) = site::check(&folder, api_prefix.unwrap_or_default())
    {
        reader.fault(&table::STATIC_DIR, wrong.to_string());
    }
    Some(folder)
}

/// The prefix stands apart too: it can be used to judge others by where the rest is at fault.
fn network(reader: &mut Reader) -> (Option<Network>, Option<String>) {
    let host = reader.take(&table::HOST, values::host);
    let port = reader.take(&table::PORT, values::port);
    let api_prefix = reader.take(&table::API_PREFIX, values::api_prefix);
    let delay = reader.take(&table::SHUTDOWN_DELAY_SECONDS, values::whole(0..=300));
    let network = || {
        let api_prefix = api_prefix.clone()?;
        Some(Network { host: host?, port: port?, api_prefix, shutdown_delay: seconds(delay?) })
    };
    (network(), api_prefix)
}

fn database(reader: &mut Reader) -> Option<Database> {
    let url = reader.take(&table::DATABASE_URL, values::database_url);
    let pool_size = reader.take(&table::DATABASE_POOL_SIZE, values::whole(1..=1000));
    let migrate_on_start = reader.take(&table::MIGRATE_ON_START, values::switch);
    Some(Database { url: url?, pool_size, migrate_on_start: migrate_on_start? })
}

fn realtime(reader: &mut Reader) -> Option<Realtime> {
    let broadcast_roles = reader.take(&table::WS_BROADCAST_ROLES, values::roles);
    let frames_per_second = reader.take(&table::WS_MAX_FRAMES_PER_SECOND, values::whole(1..=1_000_000));
    let per_user = reader.take(&table::WS_MAX_CONNECTIONS_PER_USER, values::whole(1..=100_000));
    Some(Realtime {
        broadcast_roles: broadcast_roles?.0,
        frames_per_second: frames_per_second?,
        connections_per_user: usize::try_from(per_user?).ok()?,
    })
}

fn log(reader: &mut Reader) -> Option<Log> {
    let level = reader.take(&table::LOG_LEVEL, values::log_level);
    let format = reader.take(&table::LOG_FORMAT, values::choice(LogFormat::NAMES));
    Some(Log { level: level?, format: format? })
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}

fn days(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 24 * 60 * 60)
}
