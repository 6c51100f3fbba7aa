//! What the HTTP layer can be told. The server reads it from the environment; this crate never does.

use std::path::PathBuf;
use std::time::Duration;

use actix_web::{HttpRequest, web};

use crate::forwarded::TrustedProxies;

/// Where the server runs, which decides how strict it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine: everything has a working default.
    Development,
    /// Under automated tests.
    Test,
    /// In earnest.
    Production,
}

/// The settings of the HTTP layer. They hold no secret.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where the server runs. Only in production do answers carry `Strict-Transport-Security`.
    pub environment: Environment,
    /// The name that the documentation and `/` show.
    pub project_name: String,
    /// What the paths of the API start with: `/api`, or nothing.
    pub api_prefix: String,
    /// The origin of the web app, such as `https://app.example.com`, where there is one; it may always call the API.
    pub app_origin: Option<String>,
    /// Further origins that may call the API from a browser.
    pub cors_origins: Vec<String>,
    /// Whether anybody may register.
    pub registration_open: bool,
    /// Whether Swagger UI and ReDoc are served.
    pub docs_enabled: bool,
    /// The folder of the built web app, where it is served from here.
    pub static_dir: Option<PathBuf>,
    /// The most bytes of a request's body.
    pub body_limit: usize,
    /// How long a whole body may take to arrive.
    pub body_timeout: Duration,
    /// How long the head of a request may take to arrive.
    pub head_timeout: Duration,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// How long a peer may take nothing of an answer before its connection is closed.
    pub write_timeout: Duration,
    /// How long a session lives without being refreshed.
    pub refresh_idle: Duration,
    /// How long a session lives at most.
    pub session_max: Duration,
    /// How long a refresh token that was replaced is still answered with its successor.
    pub refresh_grace: Duration,
    /// Whose word on the address of a client counts.
    pub trusted_proxies: TrustedProxies,
    /// Whether browsers keep the refresh token in a cookie, instead of finding it in the body.
    pub auth_cookies: bool,
    /// How many frames a second a client may send on a WebSocket; twice as many at once.
    pub ws_frames_per_second: u32,
    /// How long between two pings on a WebSocket. A peer that misses two is given up.
    pub ws_ping_interval: Duration,
    /// Whether mail is sent. Without it a change of email takes effect at once.
    pub mail_enabled: bool,
    /// How many messages wait at most that were asked for with nothing but an address: for forgotten passwords.
    pub forgotten_waiting: u32,
}

impl HttpSettings {
    /// Those of the server that a request came to.
    #[expect(clippy::expect_used, reason = "`serve` gives every route the settings")]
    pub(crate) fn of(request: &HttpRequest) -> &web::Data<Self> {
        request.app_data().expect("the settings are configured")
    }
}

impl Default for HttpSettings {
    /// The settings of a development server.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            environment: Environment::Development,
            project_name: "Plinth".to_owned(),
            api_prefix: "/api".to_owned(),
            app_origin: Some("http://localhost:5173".to_owned()),
            cors_origins: Vec::new(),
            registration_open: true,
            docs_enabled: true,
            static_dir: None,
            body_limit: 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            head_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            write_timeout: Duration::from_secs(10 * 60),
            refresh_idle: 7 * DAY,
            session_max: 90 * DAY,
            refresh_grace: Duration::from_secs(10),
            trusted_proxies: TrustedProxies::default(),
            auth_cookies: false,
            ws_frames_per_second: 50,
            ws_ping_interval: Duration::from_secs(20),
            mail_enabled: true,
            forgotten_waiting: 10_000,
        }
    }
}
