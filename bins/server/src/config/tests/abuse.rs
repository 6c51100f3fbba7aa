//! The settings of limits, proxies, cookies, password rules and the audit log.

use std::time::Duration;

use plinth_http::forwarded::TrustedProxies;
use plinth_limits::{Rate, Rates};

use super::{KEY, complaint, faulty, outcome, settings};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const PRODUCTION: [(&str, &str); 2] = [("ENVIRONMENT", "production"), ("SECRET_KEY", KEY)];

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

#[test]
fn limits_are_on_unless_they_are_switched_off() {
    let contract = Rates {
        login_per_account: rate("10/1m"),
        login_per_ip: rate("60/1m"),
        register_per_ip: rate("30/1h"),
        mail_per_address: rate("5/1h"),
        refresh_per_session: rate("60/1m"),
    };
    assert_eq!(settings(&[]).abuse.rates, Some(contract));
    assert_eq!(settings(&PRODUCTION).abuse.rates, Some(contract));
    assert_eq!(settings(&[("RATE_LIMIT_ENABLED", "false")]).abuse.rates, None);
    let own = settings(&[
        ("RATE_LIMIT_LOGIN_PER_ACCOUNT", "1/1s"),
        ("RATE_LIMIT_LOGIN_PER_IP", "2/2m"),
        ("RATE_LIMIT_REGISTER_PER_IP", " 3/3h "),
        ("RATE_LIMIT_MAIL_PER_ADDRESS", "4/4d"),
        ("RATE_LIMIT_REFRESH_PER_SESSION", "5/90s"),
    ]);
    let expected = Rates {
        login_per_account: rate("1/1s"),
        login_per_ip: rate("2/2m"),
        register_per_ip: rate("3/3h"),
        mail_per_address: rate("4/4d"),
        refresh_per_session: rate("5/90s"),
    };
    assert_eq!(own.abuse.rates, Some(expected));
}

#[test]
fn a_rate_is_a_count_and_a_period() {
    for setting in [
        "RATE_LIMIT_LOGIN_PER_ACCOUNT",
        "RATE_LIMIT_LOGIN_PER_IP",
        "RATE_LIMIT_REGISTER_PER_IP",
        "RATE_LIMIT_MAIL_PER_ADDRESS",
        "RATE_LIMIT_REFRESH_PER_SESSION",
    ] {
        for text in
            ["10", "10/m", "/1m", "10/1", "10/1w", "10 / 1m", "0/1m", "10/0m", "+1/1m", "1/366d", "1.5/1m"]
        {
            assert_eq!(faulty(&[(setting, text)]), [setting], "{text}");
            // Switched off they still have to be right.
            assert_eq!(faulty(&[(setting, text), ("RATE_LIMIT_ENABLED", "false")]), [setting], "{text}");
        }
    }
}

#[test]
fn redis_is_a_url_whose_password_shows_nowhere() {
    for (url, shown) in [
        ("redis://localhost", "redis://localhost"),
        ("redis://:hunter@cache:6379/1", "redis://:[redacted]@cache:6379/1"),
        ("rediss://user:hun%40ter@cache", "rediss://user:[redacted]@cache"),
        ("redis://:hun%74er@cache", "redis://:[redacted]@cache"),
    ] {
        let outcome = outcome(&[("REDIS_URL", url)]);
        assert!(outcome.settings.is_ok(), "{url}");
        let setting = outcome.effective.iter().find(|one| one.name == "REDIS_URL").unwrap();
        assert_eq!(setting.value, shown);
        let debug = format!("{outcome:?}");
        assert!(!debug.contains("hun"), "{debug}");
    }
    for url in [
        "localhost:6379",
        "http://:hunter@cache",
        "redis://:hunter@",
        "redis://:hunter@cache/first",
        "hunter",
    ] {
        assert_eq!(faulty(&[("REDIS_URL", url)]), ["REDIS_URL"], "{url}");
        let complaint = complaint(&[("REDIS_URL", url)]);
        assert!(!complaint.contains("hunter"), "{url}: {complaint}");
    }
    assert!(settings(&[]).abuse.redis.is_none());
}

#[test]
fn nobody_is_trusted_unless_named() {
    assert_eq!(settings(&[]).abuse.proxies, TrustedProxies::default());
    let outcome = outcome(&[("TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8,192.0.2.7")]);
    let shown = outcome.effective.iter().find(|one| one.name == "TRUSTED_PROXIES").unwrap();
    assert_eq!(shown.value, "10.0.0.0/8, fd00::/8,192.0.2.7");
    let named: TrustedProxies = "10.0.0.0/8,fd00::/8,192.0.2.7/32".parse().unwrap();
    assert_eq!(outcome.settings.unwrap().abuse.proxies, named);
    for text in
        ["*", "all", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/8,,", "10.0.0.0/8;fd00::/8", "proxy.example.com"]
    {
        assert_eq!(faulty(&[("TRUSTED_PROXIES", text)]), ["TRUSTED_PROXIES"], "{text}");
    }
}

#[test]
fn trusting_everybody_is_worth_a_warning() {
    for text in ["0.0.0.0/0", "::/0", "10.0.0.0/8, 0.0.0.0/0", "::ffff:0.0.0.0/96"] {
        let outcome = outcome(&[("TRUSTED_PROXIES", text)]);
        let warnings: Vec<_> = outcome.warnings.iter().map(|warning| warning.name).collect();
        assert_eq!(warnings, ["TRUSTED_PROXIES"], "{text}");
        assert!(outcome.settings.is_ok(), "{text}");
    }
    for text in ["", "10.0.0.0/8,fd00::/8", "0.0.0.0/1", "0.0.0.0"] {
        assert!(outcome(&[("TRUSTED_PROXIES", text)]).warnings.is_empty(), "{text}");
    }
}

#[test]
fn switches_and_retention() {
    let development = settings(&[]);
    assert!(!development.accounts.check_common && !development.auth_cookies);
    assert_eq!(development.accounts.audit_retention, Some(365 * DAY));
    let production = settings(&PRODUCTION);
    assert!(production.accounts.check_common && !production.auth_cookies);
    let told = settings(&[
        ("PASSWORD_CHECK_COMMON", "true"),
        ("AUTH_COOKIES", "true"),
        ("AUDIT_RETENTION_DAYS", "0"),
    ]);
    assert!(told.accounts.check_common && told.auth_cookies);
    assert_eq!(told.accounts.audit_retention, None, "for ever");
    let unchecked = settings(&[&PRODUCTION[..], &[("PASSWORD_CHECK_COMMON", "false")]].concat());
    assert!(!unchecked.accounts.check_common);
    for (name, text) in [
        ("PASSWORD_CHECK_COMMON", "maybe"),
        ("AUTH_COOKIES", "strict"),
        ("AUDIT_RETENTION_DAYS", "-1"),
        ("AUDIT_RETENTION_DAYS", "1.5"),
        ("AUDIT_RETENTION_DAYS", "36501"),
    ] {
        assert_eq!(faulty(&[(name, text)]), [name], "{text}");
    }
}
