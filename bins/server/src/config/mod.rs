//! The settings: one typed struct, read in one place and judged as a whole.
//!
//! Nothing else reads the environment. Reading makes no file and opens no connection, so `check-config` may do it
//! anywhere. To add a setting: a row in [`table`], a field here and the line that takes it, and its row in
//! `.env.example`, which a test compares with the table.

mod reader;
mod secret;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod values;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use plinth_domain::{Email, Password};

pub(crate) use reader::Effective;
pub(crate) use secret::{LEAST_KEY_BYTES, Secret};
pub(crate) use source::{Fault, no_color};
pub(crate) use values::{DatabaseUrl, LogLevel};

use reader::Reader;
use secret::{weakness_of_key, weakness_of_password};
use source::Source;

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
names!(Algorithm: Hs256 = "HS256");

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

/// Sessions and tokens.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    /// `None`: the one in the data folder.
    pub(crate) secret_key: Option<Secret>,
    pub(crate) algorithm: Algorithm,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) access_ttl: Duration,
    pub(crate) session_idle: Duration,
    pub(crate) session_max: Duration,
    pub(crate) refresh_grace: Duration,
}

/// Accounts.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    pub(crate) bcrypt_cost: u32,
    pub(crate) registration: Registration,
    /// The administrator to make where there is none.
    pub(crate) first_admin: Option<FirstAdmin>,
}

/// The administrator that is made at start.
#[derive(Clone, Debug)]
pub(crate) struct FirstAdmin {
    pub(crate) email: Email,
    pub(crate) password: Password,
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

/// Reads the settings from the environment and from `.env` in the working directory.
pub(crate) fn load() -> Result<Settings, Faults> {
    inspect().settings
}

/// Reads the settings and tells where each came from.
pub(crate) fn inspect() -> Outcome {
    read(Source::of_process(Path::new(".")))
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

fn read(source: Source) -> Outcome {
    let mut reader = Reader::new(source);
    let settings = settings(&mut reader);
    let Reader { faults, effective, .. } = reader;
    let settings = match settings {
        Some(settings) if faults.is_empty() => Ok(settings),
        _ => Err(Faults(faults)),
    };
    Outcome { settings, effective }
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
    let network = network(reader);
    let database = database(reader);
    let tokens = tokens(reader);
    let accounts = accounts(reader);
    let app_origin = reader.take(&table::APP_ORIGIN, values::origin);
    let cors_origins = reader.take(&table::BACKEND_CORS_ORIGINS, values::origins).unwrap_or_default().0;
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
        log: log?,
    })
}

fn network(reader: &mut Reader) -> Option<Network> {
    let host = reader.take(&table::HOST, values::host);
    let port = reader.take(&table::PORT, values::port);
    let api_prefix = reader.take(&table::API_PREFIX, values::api_prefix);
    let delay = reader.take(&table::SHUTDOWN_DELAY_SECONDS, values::whole(0..=300));
    Some(Network { host: host?, port: port?, api_prefix: api_prefix?, shutdown_delay: seconds(delay?) })
}

fn database(reader: &mut Reader) -> Option<Database> {
    let url = reader.take(&table::DATABASE_URL, values::database_url);
    let pool_size = reader.take(&table::DATABASE_POOL_SIZE, values::whole(1..=1000));
    let migrate_on_start = reader.take(&table::MIGRATE_ON_START, values::switch);
    Some(Database { url: url?, pool_size, migrate_on_start: migrate_on_start? })
}

fn tokens(reader: &mut Reader) -> Option<Tokens> {
    let faults_before = reader.faults.len();
    let secret_key = reader.take(&table::SECRET_KEY, values::secret);
    if reader.production && reader.faults.len() == faults_before {
        let weakness = match &secret_key {
            Some(key) => weakness_of_key(key.expose()),
            None => Some(format!("must be set in production, to {LEAST_KEY_BYTES} bytes or more")),
        };
        if let Some(weakness) = weakness {
            reader.fault(&table::SECRET_KEY, weakness);
        }
    }
    let algorithm = reader.take(&table::JWT_ALGORITHM, values::choice(Algorithm::NAMES));
    let issuer = reader.take(&table::JWT_ISSUER, values::line);
    let audience = reader.take(&table::JWT_AUDIENCE, values::line);
    let access_minutes = reader.take(&table::ACCESS_TOKEN_EXPIRE_MINUTES, values::whole(1..=1440));
    let idle_days = reader.take(&table::REFRESH_TOKEN_EXPIRE_DAYS, values::whole(1..=3650));
    let grace = reader.take(&table::REFRESH_GRACE_SECONDS, values::whole(0..=600));
    let max_days = reader.take(&table::SESSION_MAX_DAYS, values::whole(1..=3650));
    if idle_days > max_days && max_days.is_some() {
        reader.fault(&table::SESSION_MAX_DAYS, "must not be less than REFRESH_TOKEN_EXPIRE_DAYS");
    }
    Some(Tokens {
        secret_key,
        algorithm: algorithm?,
        issuer: issuer?,
        audience: audience?,
        access_ttl: seconds(access_minutes? * 60),
        session_idle: days(idle_days?),
        session_max: days(max_days?),
        refresh_grace: seconds(grace?),
    })
}

fn accounts(reader: &mut Reader) -> Option<Accounts> {
    let least_cost = if reader.production { 10 } else { 4 };
    let bcrypt_cost = reader.take(&table::BCRYPT_COST, values::whole(least_cost..=31));
    let registration = reader.take(&table::REGISTRATION, values::choice(Registration::NAMES));
    let first_admin = first_admin(reader);
    Some(Accounts { bcrypt_cost: bcrypt_cost?, registration: registration?, first_admin })
}

fn first_admin(reader: &mut Reader) -> Option<FirstAdmin> {
    let faults_before = reader.faults.len();
    let email = reader.take(&table::FIRST_SUPERUSER, values::email);
    let password = reader.take(&table::FIRST_SUPERUSER_PASSWORD, values::password);
    if reader.faults.len() > faults_before {
        return None;
    }
    match (email, password) {
        (Some(email), Some(password)) => {
            let password = Password::parse(password.expose()).ok()?;
            if let Err(wrong) = password.differs_from(&email) {
                reader.fault(&table::FIRST_SUPERUSER_PASSWORD, wrong.detail);
            }
            if let Some(weakness) = weakness_of_password(password.expose()).filter(|_| reader.production) {
                reader.fault(&table::FIRST_SUPERUSER_PASSWORD, weakness);
            }
            Some(FirstAdmin { email, password })
        }
        (Some(_), None) => {
            reader.fault(&table::FIRST_SUPERUSER_PASSWORD, "must be set together with FIRST_SUPERUSER");
            None
        }
        (None, Some(_)) => {
            reader.fault(&table::FIRST_SUPERUSER, "must be set together with FIRST_SUPERUSER_PASSWORD");
            None
        }
        (None, None) => None,
    }
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
