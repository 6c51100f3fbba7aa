//! Parsers for the values of settings. A refusal says what would be right and never repeats the value.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use plinth_domain::{Email, Password, Role, SystemClock};
use plinth_http::ROOT_SEGMENTS;
use plinth_http::forwarded::TrustedProxies;
use plinth_limits::{Limits, Rates};
use plinth_persistence::Location;
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::secret::{REDACTED, Secret};

/// A value, or what would be right.
pub(crate) type Parsed<T> = Result<T, String>;

/// One of a few names, in any case.
pub(crate) fn choice<T: Copy>(names: &'static [(&'static str, T)]) -> impl Fn(&str) -> Parsed<T> {
    move |text| {
        names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, value)| *value).ok_or_else(
            || {
                let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
                format!("must be {}", names.join(" or "))
            },
        )
    }
}

/// True or false.
pub(crate) fn switch(text: &str) -> Parsed<bool> {
    let names = &[("true", true), ("1", true), ("yes", true), ("false", false), ("0", false), ("no", false)];
    choice(names)(text).map_err(|_| "must be true or false".to_owned())
}

/// A whole number in a range.
pub(crate) fn whole(range: RangeInclusive<u32>) -> impl Fn(&str) -> Parsed<u32> {
    move |text| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && range.contains(number));
        number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    }
}

/// A TCP port.
pub(crate) fn port(text: &str) -> Parsed<u16> {
    whole(1..=u32::from(u16::MAX))(text)
        .and_then(|port| u16::try_from(port).map_err(|error| error.to_string()))
}

/// A line of text without control characters.
pub(crate) fn line(text: &str) -> Parsed<String> {
    if text.chars().any(char::is_control) || text.chars().count() > 200 {
        return Err("must be one line of at most 200 characters".to_owned());
    }
    Ok(text.to_owned())
}

/// The path of a file or a folder. That there is one is found out when it is opened.
pub(crate) fn path(text: &str) -> Parsed<String> {
    if text.chars().any(char::is_control) {
        return Err("must be a path without control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// A secret, as it is: not even trimmed.
#[expect(clippy::unnecessary_wraps, reason = "has the shape of every parser")]
pub(crate) fn secret(text: &str) -> Parsed<Secret> {
    Ok(Secret::new(text))
}

/// Whatever reads itself and says what would be right.
pub(crate) fn parsed<T: FromStr<Err: fmt::Display>>(text: &str) -> Parsed<T> {
    text.parse().map_err(|wrong: T::Err| wrong.to_string())
}

/// The URL of a Redis server. Shows itself without its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RedisUrl(String);

impl RedisUrl {
    /// The URL itself, for the one who connects.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(&self.0))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The URL of a Redis server.
pub(crate) fn redis_url(text: &str) -> Parsed<RedisUrl> {
    // Making limits of it connects to nothing.
    match Limits::shared(Rates::default(), Arc::new(SystemClock), text) {
        Ok(_) => Ok(RedisUrl(text.to_owned())),
        Err(wrong) => Err(wrong.to_string()),
    }
}

/// Roles, shown separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roles(pub(crate) Vec<Role>);

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|role| role.as_str()).collect();
        f.write_str(&if names.is_empty() { "none".to_owned() } else { names.join(",") })
    }
}

/// Names of roles separated by commas, or `none`.
pub(crate) fn roles(text: &str) -> Parsed<Roles> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Roles(Vec::new()));
    }
    text.split(',')
        .map(|name| Role::parse(name.trim()))
        .collect::<Result<_, _>>()
        .map(Roles)
        .map_err(|_| "must be some of viewer, editor and admin, separated by commas, or none".to_owned())
}

/// Networks of proxies, shown as they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(pub(crate) TrustedProxies, String);

impl fmt::Display for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

/// Networks separated by commas.
pub(crate) fn proxies(text: &str) -> Parsed<Proxies> {
    parsed(text).map(|proxies| Proxies(proxies, text.to_owned()))
}

/// An email address.
pub(crate) fn email(text: &str) -> Parsed<Email> {
    Email::parse(text).map_err(|violation| violation.to_string())
}

/// A password that keeps the rules of the accounts.
pub(crate) fn password(text: &str) -> Parsed<Secret> {
    Password::parse(text).map(|_| Secret::new(text)).map_err(|violation| violation.to_string())
}

/// An IP address or a host name to listen on.
pub(crate) fn host(text: &str) -> Parsed<String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    // Digits and dots that are no address would be looked up as a name, and fail with words that help nobody.
    let numeric = bare.chars().all(|c| c.is_ascii_digit() || c == '.');
    if bare.parse::<std::net::IpAddr>().is_ok() || (!bare.is_empty() && bare.chars().all(name) && !numeric) {
        return Ok(bare.to_owned());
    }
    Err("must be an IP address or a host name, without a port".to_owned())
}

/// The path before the API's routes: empty, or `/` and segments, without a slash at the end.
pub(crate) fn api_prefix(text: &str) -> Parsed<String> {
    let trimmed = text.trim_matches('/');
    if trimmed.is_empty() {
        return Ok(String::new());
    }
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let segment = |segment: &str| !["", ".", ".."].contains(&segment) && segment.chars().all(unreserved);
    if !trimmed.split('/').all(segment) {
        return Err("must be a path such as /api/v1 of letters, digits, -, ., _ and ~".to_owned());
    }
    if trimmed.split('/').next().is_some_and(|first| ROOT_SEGMENTS.contains(&first)) {
        return Err(format!(
            "must not start with one of the routes at the root: /{}",
            ROOT_SEGMENTS.join(", /")
        ));
    }
    Ok(format!("/{trimmed}"))
}

/// An origin as browsers send it (RFC 6454 §6.2): scheme, host and port, in lower case, without a default port.
pub(crate) fn origin(text: &str) -> Parsed<String> {
    let wrong = || "must be an origin such as https://app.example.com, without a path or a slash at the end; * is none";
    let lower = text.to_ascii_lowercase();
    let (scheme, authority) = lower.split_once("://").ok_or_else(wrong)?;
    let scheme_is_good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address are inside brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let host_is_good = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)),
    };
    if !scheme_is_good || !host_is_good {
        return Err(wrong().to_owned());
    }
    let port = port.map(self::port).transpose().map_err(|_| wrong())?;
    let default = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    Ok(match port {
        Some(port) if Some(port) != default => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    })
}

/// Several origins, shown separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origins(pub(crate) Vec<String>);

impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

/// A JSON list of origins, or origins separated by commas.
pub(crate) fn origins(text: &str) -> Parsed<Origins> {
    let list = if text.starts_with('[') {
        serde_json::from_str::<Vec<String>>(text)
            .map_err(|_| "must be a JSON list of texts, or separated by commas")?
    } else {
        text.split(',').map(str::to_owned).collect()
    };
    list.iter()
        .map(|one| origin(one.trim()))
        .collect::<Result<_, _>>()
        .map(Origins)
        .map_err(|wrong| format!("each {wrong}"))
}

/// Which database, and where. Shows itself without its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl {
    text: String,
    location: Location,
}

impl DatabaseUrl {
    /// The database that the URL names.
    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// The folder for what the server keeps: where the SQLite file is, else `data`.
    pub(crate) fn data_folder(&self) -> PathBuf {
        match &self.location {
            Location::Sqlite(file) => match file.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
                _ => PathBuf::from("."),
            },
            Location::Postgres(_) => PathBuf::from("data"),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.location {
            Location::Sqlite(_) => f.write_str(&self.text),
            Location::Postgres(_) => f.write_str(&without_password(&self.text)),
        }
    }
}

/// A URL without what may be a password, however it is written: all from the first `:` to the last `@`, and the value
/// of whatever looks like a parameter called `password`. Rather too much than too little.
pub(super) fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let mut shown = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    let rest = match (rest.find(':'), rest.rfind('@')) {
        (Some(colon), Some(at)) if colon < at => format!("{}:{REDACTED}{}", &rest[..colon], &rest[at..]),
        _ => rest.to_owned(),
    };
    let query = rest.find(['?', '&']).unwrap_or(rest.len());
    shown.push_str(&rest[..query]);
    // A value is cut at `&` only, so that a `?` in it hides nothing.
    let mut tail = &rest[query..];
    while !tail.is_empty() {
        let (separator, after) = tail.split_at(1);
        let end = after.find('&').unwrap_or(after.len());
        let pair = &after[..end];
        shown.push_str(separator);
        match pair.split_once('=') {
            // A name with an escape in it may be `password` in disguise.
            Some((name, _)) if name.to_ascii_lowercase().contains("password") || name.contains('%') => {
                shown.push_str(&format!("{name}={REDACTED}"));
            }
            // The second half of a password with an `&` in it.
            None if !pair.is_empty() => shown.push_str(REDACTED),
            _ => shown.push_str(pair),
        }
        tail = &after[end..];
    }
    shown
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The URL of a database that there is a driver for.
pub(crate) fn database_url(text: &str) -> Parsed<DatabaseUrl> {
    if text.contains('\0') {
        return Err("must not contain the character U+0000".to_owned());
    }
    let location = Location::parse(text).map_err(|wrong| wrong.to_string())?;
    Ok(DatabaseUrl { text: text.to_owned(), location })
}

/// Which log lines are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogLevel(pub(crate) Targets);

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A level, and levels for parts of the program.
pub(crate) fn log_level(text: &str) -> Parsed<LogLevel> {
    let wrong = || "must be off, error, warn, info, debug or trace, with target=level after commas";
    let mut targets = Targets::new();
    for part in text.split(',').map(str::trim) {
        // Checked here, because `Targets` takes a misspelled level for the name of a target.
        match part.rsplit_once('=') {
            Some((target, level)) if !target.trim().is_empty() => {
                targets = targets.with_target(target.trim(), level_named(level.trim()).ok_or_else(wrong)?);
            }
            _ => targets = targets.with_default(level_named(part).ok_or_else(wrong)?),
        }
    }
    Ok(LogLevel(targets))
}

fn level_named(name: &str) -> Option<LevelFilter> {
    let named = [
        ("off", LevelFilter::OFF),
        ("error", LevelFilter::ERROR),
        ("warn", LevelFilter::WARN),
        ("warning", LevelFilter::WARN),
        ("info", LevelFilter::INFO),
        ("debug", LevelFilter::DEBUG),
        ("trace", LevelFilter::TRACE),
    ];
    named.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, level)| level)
}
