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
const MAIL: &str = "Mail";
const ABUSE: &str = "Limits";
const REALTIME: &str = "Realtime";
const LOGS: &str = "Logs";

table! {
    ENVIRONMENT = setting(GENERAL, "ENVIRONMENT", "development",
        "development, test or production. Production refuses weak secrets and has stricter defaults.");
    PROJECT_NAME = setting(GENERAL, "PROJECT_NAME", "Plinth",
        "The name that GET /, the API's documentation and mail show.");
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
        "What refresh tokens, and with HS256 access tokens, are signed with: 32 bytes or more, for example from \
         `openssl rand -base64 32`. Required in production. Elsewhere one is made at the first start and kept in the \
         data folder, in the file secret_key."));
    JWT_ALGORITHM = setting(TOKENS, "JWT_ALGORITHM", "HS256",
        "How access tokens are signed: HS256, or EdDSA or ES256 with private keys, so that other services can verify \
         them with the public keys at /.well-known/jwks.json.");
    JWT_PRIVATE_KEY_FILE = setting(TOKENS, "JWT_PRIVATE_KEY_FILE", "",
        "The private keys for EdDSA or ES256: a file from `plinth keys generate`, or one private key in PEM. Required \
         in production with these. Elsewhere one is made at the first start and kept in the data folder, in the file \
         jwt_keys.json.");
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
        "The password of that administrator, 8 to 256 characters, in production none that is easily guessed."));

    PASSWORD_CHECK_COMMON = in_production(setting(ACCOUNTS, "PASSWORD_CHECK_COMMON", "false",
        "Whether new passwords are refused that are among the most common ones, or made of the user's email or the \
         project's name: true or false."), "true");
    AUDIT_RETENTION_DAYS = setting(ACCOUNTS, "AUDIT_RETENTION_DAYS", "365",
        "How long entries of the audit log are kept, in days, up to 36500; 0 keeps them for ever.");

    APP_ORIGIN = in_production(setting(BROWSERS, "APP_ORIGIN", "http://localhost:5173",
        "The origin of the web app, such as https://app.example.com: browsers may call from there, and links in mail \
         lead there. None in production unless set; mail needs it, there with https."), "");
    BACKEND_CORS_ORIGINS = setting(BROWSERS, "BACKEND_CORS_ORIGINS", "",
        "Further origins that browsers may call from, separated by commas or as a JSON list. None unless set.");

    AUTH_COOKIES = setting(BROWSERS, "AUTH_COOKIES", "false",
        "Whether browsers keep the refresh token in a cookie that no script can read, instead of finding it in the \
         answer: true or false.");

    STATIC_DIR = setting(BROWSERS, "STATIC_DIR", "",
        "The folder of a built web app, with its index.html, that is served from the API's own origin. None unless set; \
         then GET / says what the server is.");

    SMTP_URL = setting(MAIL, "SMTP_URL", "",
        "The mail server: smtps://user:password@host, or smtp://user:password@host:587?tls=required. Without it no \
         mail is sent in production, and elsewhere it is kept and shown at /dev/mail.");
    EMAILS_FROM = in_production(setting(MAIL, "EMAILS_FROM", "Plinth <noreply@localhost>",
        "The sender of mail, such as Example <noreply@example.com>. Needed with SMTP_URL in production."), "");
    MAIL_TEMPLATES_DIR = setting(MAIL, "MAIL_TEMPLATES_DIR", "",
        "A folder with texts that take the place of the built-in ones, such as verify_email.html.");

    RATE_LIMIT_ENABLED = setting(ABUSE, "RATE_LIMIT_ENABLED", "true",
        "Whether it is limited how often something may be tried: true or false.");
    RATE_LIMIT_LOGIN_PER_ACCOUNT = setting(ABUSE, "RATE_LIMIT_LOGIN_PER_ACCOUNT", "10/1m",
        "Failed logins and wrong current passwords of one account: so many at once, refilled evenly over s, m, h or d.");
    RATE_LIMIT_LOGIN_PER_IP = setting(ABUSE, "RATE_LIMIT_LOGIN_PER_IP", "60/1m",
        "Logins from one address, and by themselves requests for mail from one address.");
    RATE_LIMIT_REGISTER_PER_IP = setting(ABUSE, "RATE_LIMIT_REGISTER_PER_IP", "30/1h", "Registrations from one address.");
    RATE_LIMIT_MAIL_PER_ADDRESS = setting(ABUSE, "RATE_LIMIT_MAIL_PER_ADDRESS", "5/1h",
        "Messages that are asked for to one email address.");
    RATE_LIMIT_REFRESH_PER_SESSION = setting(ABUSE, "RATE_LIMIT_REFRESH_PER_SESSION", "60/1m", "Refreshes of one session.");
    REDIS_URL = setting(ABUSE, "REDIS_URL", "",
        "redis://user:password@host:6379/0, or rediss:// for TLS: where several instances count together, and pass \
         realtime messages on. Without it, and while it is away, each is by itself.");
    TRUSTED_PROXIES = setting(ABUSE, "TRUSTED_PROXIES", "",
        "The networks of the proxies in front, such as 10.0.0.0/8,fd00::/8: their X-Forwarded-For or Forwarded tells \
         the address of a client. None unless set, not even this machine's own.");

    WS_BROADCAST_ROLES = setting(REALTIME, "WS_BROADCAST_ROLES", "viewer,editor,admin",
        "The roles that may send to every connection, separated by commas; none lets nobody.");
    WS_MAX_FRAMES_PER_SECOND = setting(REALTIME, "WS_MAX_FRAMES_PER_SECOND", "50",
        "How many frames a second a connection may send, 1 to 1000000; twice as many at once.");
    WS_MAX_CONNECTIONS_PER_USER = setting(REALTIME, "WS_MAX_CONNECTIONS_PER_USER", "20",
        "How many connections a user may have on an instance, 1 to 100000; an address may have ten times as many.");

    LOG_LEVEL = setting(LOGS, "LOG_LEVEL", "info,actix_server=warn",
        "off, error, warn, info, debug or trace, and after commas target=level for a part of the program: \
         info,plinth_http=debug.");
    LOG_FORMAT = in_production(setting(LOGS, "LOG_FORMAT", "human", "human, or json for one JSON object a line."),
        "json");
}
