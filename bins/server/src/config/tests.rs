//! Reading the settings, without touching the environment of the test.

use std::collections::BTreeSet;
use std::time::Duration;

use super::source::{Origin, Source};
use super::table::{self, TABLE};
use super::{Environment, Files, LogFormat, Outcome, Settings, read, secret};

mod abuse;
mod mail;
mod written;

const KEY: &str = "q2J0c3l6b0Fh-0123456789-ZXCVbnmas";

fn outcome(environment: &[(&str, &str)]) -> Outcome {
    read(Source::of(environment, ""), Files::Judged)
}

/// What reading comes to for a command that leaves the files alone that settings name.
fn unopened(environment: &[(&str, &str)]) -> Outcome {
    read(Source::of(environment, ""), Files::Unopened)
}

fn settings(environment: &[(&str, &str)]) -> Settings {
    outcome(environment).settings.unwrap()
}

/// The names of the settings that are at fault, in the order of the table.
fn faulty(environment: &[(&str, &str)]) -> Vec<&'static str> {
    outcome(environment).settings.unwrap_err().0.iter().map(|fault| fault.name).collect()
}

/// What is wrong, as it is printed.
fn complaint(environment: &[(&str, &str)]) -> String {
    outcome(environment).settings.unwrap_err().to_string()
}

#[test]
fn nothing_need_be_set_in_development() {
    let settings = settings(&[]);
    assert_eq!(settings.environment, Environment::Development);
    assert_eq!((settings.network.host.as_str(), settings.network.port), ("127.0.0.1", 8000));
    assert_eq!(settings.network.api_prefix, "/api");
    assert_eq!(settings.network.shutdown_delay, Duration::ZERO);
    assert_eq!(settings.database.url.to_string(), "sqlite://data/plinth.db");
    assert_eq!(settings.database.url.data_folder().to_str(), Some("data"));
    assert_eq!(settings.tokens.access_ttl, Duration::from_secs(30 * 60));
    assert_eq!(settings.tokens.session_idle, Duration::from_secs(7 * 86_400));
    assert_eq!(settings.tokens.refresh_grace, Duration::from_secs(10));
    assert_eq!(settings.accounts.bcrypt_cost, 12);
    assert_eq!(settings.app_origin.as_deref(), Some("http://localhost:5173"));
    assert_eq!(settings.log.format, LogFormat::Human);
    assert!(settings.docs_enabled && settings.database.migrate_on_start);
    assert!(settings.tokens.secret_key.is_none() && settings.accounts.first_admin.is_none());
}

#[test]
fn production_has_defaults_of_its_own_and_needs_a_key() {
    let settings = settings(&[("ENVIRONMENT", "production"), ("SECRET_KEY", KEY)]);
    assert_eq!(settings.network.host, "0.0.0.0");
    assert_eq!(settings.network.shutdown_delay, Duration::from_secs(5));
    assert_eq!(settings.log.format, LogFormat::Json);
    assert_eq!(settings.app_origin, None);
    assert!(!settings.docs_enabled);
    assert_eq!(faulty(&[("ENVIRONMENT", "production")]), ["SECRET_KEY"]);
}

#[test]
fn every_fault_is_found_at_once() {
    let wrong = [
        ("ENVIRONMENT", "prod"),
        ("DOCS_ENABLED", "maybe"),
        ("HOST", "1.2.3"),
        ("PORT", "0"),
        ("API_PREFIX", "/docs"),
        ("SHUTDOWN_DELAY_SECONDS", "-1"),
        ("DATABASE_URL", "mysql://root:hunter2@db/app"),
        ("DATABASE_POOL_SIZE", "0"),
        ("MIGRATE_ON_START", "2"),
        ("JWT_ALGORITHM", "none"),
        ("JWT_ISSUER", "a\nb"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "0.5"),
        ("REFRESH_GRACE_SECONDS", "+1"),
        ("SESSION_MAX_DAYS", "99999999999"),
        ("BCRYPT_COST", "3"),
        ("REGISTRATION", "invite"),
        ("FIRST_SUPERUSER", "nobody"),
        ("FIRST_SUPERUSER_PASSWORD", "hunter2"),
        ("PASSWORD_CHECK_COMMON", "sometimes"),
        ("AUDIT_RETENTION_DAYS", "36501"),
        ("APP_ORIGIN", "https://app.example.com/"),
        ("BACKEND_CORS_ORIGINS", "*"),
        ("AUTH_COOKIES", "1.0"),
        ("SMTP_URL", "smtp://root:hunter2@"),
        ("EMAILS_FROM", "nobody"),
        ("MAIL_TEMPLATES_DIR", "a\nb"),
        ("RATE_LIMIT_ENABLED", "perhaps"),
        ("RATE_LIMIT_LOGIN_PER_ACCOUNT", "10"),
        ("RATE_LIMIT_LOGIN_PER_IP", "0/1m"),
        ("RATE_LIMIT_REGISTER_PER_IP", "30/1w"),
        ("RATE_LIMIT_MAIL_PER_ADDRESS", "-5/1h"),
        ("RATE_LIMIT_REFRESH_PER_SESSION", "60/0m"),
        ("REDIS_URL", "http://root:hunter2@cache"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ];
    assert_eq!(faulty(&wrong), wrong.map(|(name, _)| name));
    let complaint = complaint(&wrong);
    assert!(complaint.contains("sqlite:") && complaint.contains("postgres://"), "{complaint}");
    assert!(!complaint.contains("hunter2"), "{complaint}");
}

#[test]
fn secrets_show_nowhere() {
    let environment = [
        ("SECRET_KEY", KEY),
        ("DATABASE_URL", "postgresql://app:hun%40ter2@db:5432/app?sslmode=require&sslpassword=hunter3"),
        ("FIRST_SUPERUSER", "ada@example.com"),
        ("FIRST_SUPERUSER_PASSWORD", "hunter2-hunter2"),
        ("SMTP_URL", "smtps://app:hun%40ter4@mail.example.com"),
        ("REDIS_URL", "rediss://:hun%40ter5@cache:6380/1"),
    ];
    let outcome = outcome(&environment);
    let shown = format!("{outcome:?}");
    assert!(!shown.contains("hun") && !shown.contains(KEY), "{shown}");
    let url = outcome.effective.iter().find(|one| one.name == "DATABASE_URL").unwrap();
    assert_eq!(url.value, "postgresql://app:[redacted]@db:5432/app?sslmode=require&sslpassword=[redacted]");
}

#[test]
fn a_password_in_a_url_is_found_wherever_it_ends() {
    for (url, shown) in [
        ("postgres://u:p@ss@h/d", "postgres://u:[redacted]@h/d"),
        ("postgres://u:p/w?x@h/d", "postgres://u:[redacted]@h/d"),
        ("postgres://u@corp:p@h/d", "postgres://u@corp:[redacted]@h/d"),
        ("postgres://u@corp@h/d?password=p", "postgres://u@corp@h/d?password=[redacted]"),
        ("postgres://h/d?user=u@corp&password=p", "postgres://h/d?user=u@corp&password=[redacted]"),
        ("postgres://h/d?password=p&user=u@corp", "postgres://h/d?password=[redacted]&user=u@corp"),
        ("postgres://h:1/d?user=u@corp&password=p", "postgres://h:[redacted]@corp&password=[redacted]"),
        ("postgres://u?password=p@h/d?x=1", "postgres://u?password=[redacted]"),
        ("postgres://h/d?password=p?q=r", "postgres://h/d?password=[redacted]"),
        ("postgres://h/d?password=p&word", "postgres://h/d?password=[redacted]&[redacted]"),
        ("postgres://h/d&password=p", "postgres://h/d&password=[redacted]"),
        (
            "postgres://h/d?sslmode=require&sslpassword=p",
            "postgres://h/d?sslmode=require&sslpassword=[redacted]",
        ),
        ("postgres://u@h/d", "postgres://u@h/d"),
        ("postgres://h:5432/d?", "postgres://h:5432/d?"),
        ("postgres://h/d?%70assword=x", "postgres://h/d?%70assword=[redacted]"),
        ("postgres:///d?host=/run&PASSWORD=x", "postgres:///d?host=/run&PASSWORD=[redacted]"),
        ("u:p@h", "u:[redacted]@h"),
        ("", ""),
    ] {
        assert_eq!(super::values::without_password(url), shown, "{url}");
    }
    for (url, shown) in [
        ("postgres://u%40corp:p@h/d?password=p", "postgres://u%40corp:[redacted]@h/d?password=[redacted]"),
        ("sqlite://a@b/c.db", "sqlite://a@b/c.db"),
    ] {
        assert_eq!(super::values::database_url(url).unwrap().to_string(), shown);
    }
}

#[test]
fn the_data_folder_is_where_the_file_is() {
    for (url, folder) in [
        ("sqlite://data/plinth.db", "data"),
        ("SQLite:app.db", "."),
        ("sqlite:///var/lib/plinth/app.db", "/var/lib/plinth"),
        ("postgres://h/d", "data"),
    ] {
        let url = super::values::database_url(url).unwrap();
        assert_eq!(url.data_folder().to_str(), Some(folder), "{url}");
    }
    for url in ["", "sqlite:", "sqlite://data/", "sqlite::memory:", "postgres:h", "/data/app.db"] {
        assert_eq!(
            faulty(&[("DATABASE_URL", url), ("PORT", "x")]).len(),
            usize::from(!url.is_empty()) + 1,
            "{url}"
        );
    }
}

#[test]
fn production_refuses_weak_secrets() {
    let with_key = |key| faulty(&[("ENVIRONMENT", "production"), ("SECRET_KEY", key)]);
    for key in [
        "short",
        "changethis-changethis-changethis-changethis",
        "please-change-me-please-0123456789-abcdef",
        "your-256-bit-secret-your_secret-key-0123456789",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "secretsecretsecretsecretsecretsecret",
        "passwordpasswordpasswordpassword",
        "our-own-key-of-2026/our-own-key-of-2026/our-own-key",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    ] {
        assert_eq!(with_key(key), ["SECRET_KEY"], "{key}");
    }
    let base = [("ENVIRONMENT", "production"), ("SECRET_KEY", KEY), ("FIRST_SUPERUSER", "ada@example.com")];
    for password in
        ["changethis", "Password123", "aaaaaaaa", "acme-corp-2026", "ada@example.com1", "admin-changeme"]
    {
        let chosen = [("FIRST_SUPERUSER_PASSWORD", password), ("PROJECT_NAME", "Acme Corp")];
        let environment = [&base[..], &chosen].concat();
        assert_eq!(faulty(&environment), ["FIRST_SUPERUSER_PASSWORD"], "{password}");
        assert!(!complaint(&environment).contains(password), "{password}");
        // Users may be allowed to choose such a one; the first administrator is not.
        let unchecked = [&environment[..], &[("PASSWORD_CHECK_COMMON", "false")]].concat();
        assert_eq!(faulty(&unchecked), ["FIRST_SUPERUSER_PASSWORD"], "{password}");
        settings(&[base[2], chosen[0], chosen[1]]);
    }
    settings(&[&base[..], &[("FIRST_SUPERUSER_PASSWORD", "correct horse battery")]].concat());
    let environment = [&base[..2], &[("BCRYPT_COST", "9")]].concat();
    assert_eq!(faulty(&environment), ["BCRYPT_COST"]);
    // The same is good enough to develop with.
    settings(&[("SECRET_KEY", "short"), ("BCRYPT_COST", "4")]);
}

#[test]
fn the_first_administrator_is_whole_or_not_there() {
    assert_eq!(faulty(&[("FIRST_SUPERUSER", "ada@example.com")]), ["FIRST_SUPERUSER_PASSWORD"]);
    assert_eq!(faulty(&[("FIRST_SUPERUSER_PASSWORD", "long enough")]), ["FIRST_SUPERUSER"]);
    let own_email = [("FIRST_SUPERUSER", "ada@example.com"), ("FIRST_SUPERUSER_PASSWORD", "Ada@Example.com")];
    assert_eq!(faulty(&own_email), ["FIRST_SUPERUSER_PASSWORD"]);
    let admin =
        settings(&[("FIRST_SUPERUSER", " Ada@Example.com"), ("FIRST_SUPERUSER_PASSWORD", "long enough")]);
    assert_eq!(admin.accounts.first_admin.unwrap().email.as_str(), "ada@example.com");
}

#[test]
fn a_session_outlives_its_idle_time() {
    assert_eq!(faulty(&[("REFRESH_TOKEN_EXPIRE_DAYS", "100")]), ["SESSION_MAX_DAYS"]);
    settings(&[("REFRESH_TOKEN_EXPIRE_DAYS", "90")]);
}

#[test]
fn the_prefix_is_brought_into_one_form() {
    for (text, prefix) in
        [("api/v1/", "/api/v1"), ("/v2", "/v2"), ("/", ""), ("", ""), ("/documents", "/documents")]
    {
        assert_eq!(settings(&[("API_PREFIX", text)]).network.api_prefix, prefix, "{text}");
    }
    for text in
        ["/ws/x", "/dev/x", "/asyncapi.yaml", "/.well-known", "/health", "a//b", "/a/../b", "/a b", "/{x}"]
    {
        assert_eq!(faulty(&[("API_PREFIX", text)]), ["API_PREFIX"], "{text}");
    }
}

#[test]
fn origins_are_lists_of_what_browsers_send() {
    let read = |text| settings(&[("BACKEND_CORS_ORIGINS", text)]).cors_origins;
    assert_eq!(
        read("https://A.example.com:443, http://[::1]:3000"),
        ["https://a.example.com", "http://[::1]:3000"]
    );
    assert_eq!(
        read(r#"["https://a.example.com", "capacitor://localhost"]"#),
        ["https://a.example.com", "capacitor://localhost"]
    );
    assert_eq!(read("[]"), [""; 0]);
    for text in [
        "*",
        "https://*.example.com",
        "a.example.com",
        "https://a/",
        "https://u@a",
        "https://a:0",
        "[1]",
        ",",
        "null",
    ] {
        assert_eq!(faulty(&[("BACKEND_CORS_ORIGINS", text)]), ["BACKEND_CORS_ORIGINS"], "{text}");
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let source = Source::of(&[("PORT", ""), ("HOST", " ")], "PORT=9000\n");
    let outcome = read(source, Files::Judged);
    assert_eq!(outcome.settings.unwrap().network.port, 9000);
    let port = outcome.effective.iter().find(|one| one.name == "PORT").unwrap();
    assert_eq!((port.value.as_str(), port.origin), ("9000", Origin::File));
}

#[test]
fn the_environment_goes_before_the_file() {
    let source =
        Source::of(&[("PORT", "9001")], "\u{feff}PORT=9000\r\nPROJECT_NAME='My $app #1' # a comment\r\n");
    let settings = read(source, Files::Judged).settings.unwrap();
    assert_eq!(settings.network.port, 9001);
    assert_eq!(settings.project_name, "My $app #1");
}

#[test]
fn bad_lines_of_the_file_are_named_by_number_alone() {
    let file = "PORT=9000\n\n# fine\nSECRET_KEY hunter2\nLOG_LEVEL=info\nPORT=9001\nX='hunter2\nand more\n";
    let faults = read(Source::of(&[], file), Files::Judged).settings.unwrap_err().to_string();
    for part in ["line 4:", "line 6: PORT is set already on line 1", "line 7:"] {
        assert!(faults.contains(part), "{faults}");
    }
    assert!(!faults.contains("hunter2"), "{faults}");
}

#[test]
fn a_misspelled_level_is_no_target() {
    for level in ["INFO", "warning", "info,plinth_http=debug", "off"] {
        settings(&[("LOG_LEVEL", level)]);
    }
    for level in ["inf", "info,", "plinth_http=loud", "=info"] {
        assert_eq!(faulty(&[("LOG_LEVEL", level)]), ["LOG_LEVEL"], "{level}");
    }
}

#[test]
fn variables_of_no_concern_are_ignored() {
    settings(&[("RATE_LIMIT", "perhaps"), ("SMTP_HOST", "x"), ("PATH", "/bin")]);
}

#[test]
fn each_setting_of_the_table_is_read_once() {
    let read: Vec<_> = outcome(&[]).effective.iter().map(|one| one.name).collect();
    let table: BTreeSet<_> = TABLE.iter().map(|setting| setting.name).collect();
    assert_eq!(read.iter().copied().collect::<BTreeSet<_>>(), table);
    assert_eq!(read.len(), TABLE.len());
    assert!(table::SECRET_KEY.secret && table::FIRST_SUPERUSER_PASSWORD.secret);
}

#[test]
fn a_random_key_is_not_weak() {
    use plinth_domain::Entropy;
    // Seven different digits are few, and yet one in thirty million of such keys has no more.
    assert_eq!(secret::weakness_of_key("d43da214f42234334d41ad32aa31dd33"), None);
    for _ in 0..1000 {
        let mut bytes = [0; 16];
        plinth_auth::SystemEntropy.fill(&mut bytes);
        let hex = bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        assert_eq!(secret::weakness_of_key(&hex), None, "{hex}");
    }
}
