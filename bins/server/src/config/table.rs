//! Every setting once: its name, its default and what it does.
//!
//! The reader takes defaults from here, `check-config` lists these names, and `.env.example` is this table written
//! out; tests hold the three together.

/// One setting: an environment variable, or a line of `.env`.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The name of the variable.
    pub(crate) name: &'static str,
    /// The heading it stands under in `.env.example`.
    #[cfg_attr(not(test), expect(dead_code, reason = "for .env.example, which a test writes and compares"))]
    pub(crate) group: &'static str,
    /// What is taken where it is not set; empty where nothing is.
    pub(crate) default: &'static str,
    /// What is taken instead with `ENVIRONMENT=production`.
    pub(crate) production: Option<&'static str>,
    /// Whether its value is printed nowhere.
    pub(crate) secret: bool,
    /// Whether set but empty is a value of its own. Everywhere else it counts as not set.
    pub(crate) may_be_empty: bool,
    /// What it does, what it may be, and what follows where it has no default.
    #[cfg_attr(not(test), expect(dead_code, reason = "for .env.example, which a test writes and compares"))]
    pub(crate) about: &'static str,
}

impl Setting {
    /// What is taken where it is not set.
    pub(crate) fn default_in(&self, production: bool) -> &'static str {
        self.production.filter(|_| production).unwrap_or(self.default)
    }
}

const fn setting(
    group: &'static str,
    name: &'static str,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting { name, group, default, production: None, secret: false, may_be_empty: false, about }
}

const fn in_production(setting: Setting, default: &'static str) -> Setting {
    Setting { production: Some(default), ..setting }
}

const fn secret(setting: Setting) -> Setting {
    Setting { secret: true, ..setting }
}

macro_rules! table {
    ($($name:ident = $setting:expr;)*) => {
        $(pub(crate) static $name: Setting = $setting;)*
        /// All of them, in the order in which they are read and listed.
        pub(crate) static TABLE: &[&Setting] = &[$(&$name),*];
    };
}

const GENERAL: &str = "General";
const NETWORK: &str = "Where it listens";
const DATABASE: &str = "Database";
const TOKENS: &str = "Sessions and tokens";
const ACCOUNTS: &str = "Accounts";
const BROWSERS: &str = "Browsers";
const LOGS: &str = "Logs";

table! {
    ENVIRONMENT = setting(GENERAL, "ENVIRONMENT", "development",
        "development, test or production. Production refuses weak secrets and has stricter defaults.");
    PROJECT_NAME = setting(GENERAL, "PROJECT_NAME", "Plinth",
        "The name that GET / and the API's documentation show.");
    DOCS_ENABLED = in_production(setting(GENERAL, "DOCS_ENABLED", "true",
        "Whether Swagger UI and ReDoc are served: true or false."), "false");

    HOST = in_production(setting(NETWORK, "HOST", "127.0.0.1",
        "The address or host name to listen on."), "0.0.0.0");
    PORT = setting(NETWORK, "PORT", "8000", "The TCP port to listen on, 1 to 65535.");
    API_PREFIX = Setting { may_be_empty: true, ..setting(NETWORK, "API_PREFIX", "/api",
        "The path that the API stands under. Set to nothing or to / it stands at the root.") };
    SHUTDOWN_DELAY_SECONDS = in_production(setting(NETWORK, "SHUTDOWN_DELAY_SECONDS", "0",
        "How long readiness answers 503 on SIGTERM before connections are refused, so that a load balancer can \
         turn away first. 0 to 300."), "5");

    DATABASE_URL = setting(DATABASE, "DATABASE_URL", "sqlite://data/plinth.db",
        "sqlite://folder/file.db (relative), sqlite:///folder/file.db (absolute), or \
         postgres://user:password@host/database?sslmode=verify-full.");
    DATABASE_POOL_SIZE = setting(DATABASE, "DATABASE_POOL_SIZE", "",
        "Connections to the database, 1 to 1000. Not set, it follows from the number of cores.");
    MIGRATE_ON_START = setting(DATABASE, "MIGRATE_ON_START", "true",
        "Whether the server brings the schema up to date when it starts: true or false.");

    SECRET_KEY = secret(setting(TOKENS, "SECRET_KEY", "",
        "What every token is signed with: 32 bytes or more, for example from `openssl rand -base64 32`. Required in \
         production. Elsewhere one is made at the first start and kept in the data folder, in the file secret_key."));
    JWT_ALGORITHM = setting(TOKENS, "JWT_ALGORITHM", "HS256", "How access tokens are signed: HS256.");
    JWT_ISSUER = setting(TOKENS, "JWT_ISSUER", "plinth", "The claim iss of access tokens.");
    JWT_AUDIENCE = setting(TOKENS, "JWT_AUDIENCE", "plinth", "The claim aud of access tokens.");
    ACCESS_TOKEN_EXPIRE_MINUTES = setting(TOKENS, "ACCESS_TOKEN_EXPIRE_MINUTES", "30",
        "How long an access token is good, in minutes, 1 to 1440.");
    REFRESH_TOKEN_EXPIRE_DAYS = setting(TOKENS, "REFRESH_TOKEN_EXPIRE_DAYS", "7",
        "How long a session lives on without being used, in days, 1 to 3650.");
    REFRESH_GRACE_SECONDS = setting(TOKENS, "REFRESH_GRACE_SECONDS", "10",
        "How long after a refresh another one gets the same refresh token, in seconds, 0 to 600.");
    SESSION_MAX_DAYS = setting(TOKENS, "SESSION_MAX_DAYS", "90",
        "How long a session lives at most, in days, 1 to 3650; not less than REFRESH_TOKEN_EXPIRE_DAYS.");

    BCRYPT_COST = setting(ACCOUNTS, "BCRYPT_COST", "12",
        "The cost of a password hash, 4 to 31, in production at least 10; each step doubles it.");
    REGISTRATION = setting(ACCOUNTS, "REGISTRATION", "open", "Whether anyone may register: open or closed.");
    FIRST_SUPERUSER = setting(ACCOUNTS, "FIRST_SUPERUSER", "",
        "The email of an administrator that is made at start where there is none yet. Needs its password too.");
    FIRST_SUPERUSER_PASSWORD = secret(setting(ACCOUNTS, "FIRST_SUPERUSER_PASSWORD", "",
        "The password of that administrator, 8 to 256 characters."));

    APP_ORIGIN = in_production(setting(BROWSERS, "APP_ORIGIN", "http://localhost:5173",
        "The origin of the web app, such as https://app.example.com: browsers may call from there. None in \
         production unless set."), "");
    BACKEND_CORS_ORIGINS = setting(BROWSERS, "BACKEND_CORS_ORIGINS", "",
        "Further origins that browsers may call from, separated by commas or as a JSON list. None unless set.");

    LOG_LEVEL = setting(LOGS, "LOG_LEVEL", "info,actix_server=warn",
        "off, error, warn, info, debug or trace, and after commas target=level for a part of the program: \
         info,plinth_http=debug.");
    LOG_FORMAT = in_production(setting(LOGS, "LOG_FORMAT", "human", "human, or json for one JSON object a line."),
        "json");
}
