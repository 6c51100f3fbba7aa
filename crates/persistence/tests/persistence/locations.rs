//! Which URLs name a database, and what of them is shown.

use plinth_persistence::{Location, UrlError};

#[test]
fn sqlite_urls_name_a_file() {
    for (url, path) in [
        ("sqlite://data/plinth.db", "data/plinth.db"),
        ("sqlite:data/plinth.db", "data/plinth.db"),
        ("sqlite://plinth.db", "plinth.db"),
        ("sqlite://./data/plinth.db", "./data/plinth.db"),
        ("sqlite:///var/lib/plinth.db", "/var/lib/plinth.db"),
        ("sqlite:/var/lib/plinth.db", "/var/lib/plinth.db"),
        ("SQLite:///var/lib/plinth.db", "/var/lib/plinth.db"),
        ("sqlite:///with space/ünicode.db", "/with space/ünicode.db"),
    ] {
        let Ok(Location::Sqlite(found)) = Location::parse(url) else { panic!("{url} is refused") };
        assert_eq!(found.to_str(), Some(path), "{url}");
    }
}

#[test]
fn what_names_no_file_is_refused() {
    for url in [
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://:memory:",
        "sqlite::memory:",
        "sqlite://data/",
        "sqlite://a.db?mode=memory",
        "sqlite://a.db?cache=shared",
        "sqlite://file:a.db",
        "sqlite://a\0b.db",
    ] {
        let refused = Location::parse(url).unwrap_err().to_string();
        assert!(refused.contains("must name a file"), "{url}: {refused}");
    }
}

#[test]
fn an_unknown_scheme_names_the_known_ones() {
    for url in [
        "",
        "plinth.db",
        "mysql://host/db",
        "file:///a.db",
        "postgres:host",
        "sqlite3://a.db",
        "//host/db",
        "redis://host",
    ] {
        let refused = Location::parse(url).unwrap_err().to_string();
        for known in ["sqlite://", "postgres://", "postgresql://"] {
            assert!(refused.contains(known), "{url}: {refused}");
        }
    }
}

#[test]
fn postgres_urls_get_defaults_that_they_can_override() {
    let url = |text: &str| match Location::parse(text).unwrap() {
        Location::Postgres(url) => url.expose().to_owned(),
        Location::Sqlite(path) => panic!("{}", path.display()),
    };
    let plain = url("postgres://ada:s3cret@db.example.com:5433/plinth");
    assert!(plain.starts_with("postgresql://ada:s3cret@db.example.com:5433/plinth?"), "{plain}");
    assert!(plain.contains("connect_timeout=2"), "{plain}");
    let own = url("POSTGRESQL://host/plinth?sslmode=verify-full&connect_timeout=7");
    assert!(own.starts_with("postgresql://host/plinth?sslmode=verify-full&connect_timeout=7&"), "{own}");
    assert_eq!(own.matches("connect_timeout").count(), 1, "{own}");
    assert_eq!(own.matches('?').count(), 1, "{own}");
    let empty = url("postgres://host/plinth?");
    assert!(empty.starts_with("postgresql://host/plinth?connect_timeout=2&"), "{empty}");
    let password = url("postgres://u:connect_timeout=1@host/plinth");
    assert!(password.contains("?connect_timeout=2&"), "{password}");
}

/// libpq would take a part of each of these passwords for something else, and name it in its complaint.
#[test]
fn a_url_that_libpq_would_misread_is_refused_without_repeating_it() {
    for url in [
        "postgres://u:50%off@h/d",
        "postgres://u:hun%2@h/d",
        "postgres://u:hun%00ter@h/d",
        "postgres://u:hun%é@h/d",
        "postgres://u:p@ss@h/d",
        "postgres://u:pa/ss@h/d",
        "postgres://u:12/ss@h/d",
        "postgres://u:12/s?s@h/d",
        "postgres://u:12/s?s=s@h/d",
        "postgres://u:pa?ss@h/d",
        "postgres://u:hunter",
        "postgres://u:hunter/d",
        "postgres://h:65536/d",
        "postgres://h:-1/d",
        "postgres://h:1,h:hunter/d",
        "postgres://u:hun ter@h/d",
        "postgres://u:hun\tter@h/d",
        "postgres://u:hunter@h/d\n",
        "postgres://u:hunter@h/d\0",
        "postgres://u:hunter@[::1/d",
        "postgres://u:hunter@[]/d",
        "postgres://u:hunter@[::1]x/d",
        "postgres://h/d?password=hun&ter",
        "postgres://h/d?password=hun=ter",
        "postgres://h/d?password=hun@ter",
        "postgres://h/d?=hunter",
    ] {
        let refused = Location::parse(url).unwrap_err();
        assert_eq!(refused, UrlError::Malformed, "{url}");
        let text = format!("{refused} {refused:?}");
        assert!(text.contains("percent-encode") && !text.contains("hun") && !text.contains("ss@"), "{text}");
    }
}

#[test]
fn every_form_of_a_postgres_url_is_taken() {
    for url in [
        "postgres://",
        "postgres:///d",
        "postgres://h",
        "postgres://h:/d",
        "postgres://u@h:5432/d",
        "postgres://u:@h/d",
        "postgres://u:a:b#!$*,;=@h/d",
        "postgres://u%40cloud:50%25off%2f%3F@h/d?sslmode=require&options=-c%20a%3Db",
        "postgres://h1:5432,h2,[::1]:5433/d?target_session_attrs=read-write",
        "postgres://u:p@[fe80::1]/d",
        "postgres://%2Fvar%2Frun%2Fpostgresql/d?user=u",
        "postgres:///d?host=/var/run/postgresql&port=5433",
    ] {
        assert!(matches!(Location::parse(url), Ok(Location::Postgres(_))), "{url}");
    }
}

/// These are read well here and badly by libpq or by the system's resolver, or they lead nowhere.
#[test]
fn what_libpq_complains_of_holds_no_password() {
    for url in [
        "postgres://ada:s3cret@127.0.0.1:1/plinth",
        "postgres://ada:s3cret@127.0.0.1:1/plinth?no_such_parameter=1",
        "postgres://ada:s3cret@127.0.0.1:1/plinth?sslmode=nonsense",
        "postgres://ada:s3cret@127.0.0.1:1/plinth?connect_timeout=soon",
        "postgres://ada:s3cret@no.such.host.invalid:1/plinth",
        "postgres://ada@127.0.0.1:1/plinth?password=s3cret&s3cret=1",
        "postgres://ada:s3cret@127.0.0.1:1/plinth?port=1,2,3",
        "postgres://ada:s3cret@127.0.0.1:0/plinth",
    ] {
        let location = Location::parse(url).unwrap();
        let error = plinth_persistence::migrations::run(&location).unwrap_err();
        assert!(matches!(error, plinth_persistence::Error::Unavailable(..)), "{error:?}");
        let mut shown = format!("{error:?}");
        let mut source: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = source {
            shown.push_str(&error.to_string());
            source = error.source();
        }
        assert!(!shown.contains("s3cret"), "{url}: {shown}");
    }
}

#[test]
fn a_password_in_a_url_is_never_shown() {
    let location = Location::parse("postgres://ada:s3cret@db.example.com/plinth?password=s3cret").unwrap();
    let settings = plinth_persistence::DatabaseSettings { location: location.clone(), pool_size: Some(1) };
    let database = plinth_persistence::Database::start(&settings).unwrap();
    for shown in [format!("{location:?}"), format!("{settings:#?}"), format!("{database:?}")] {
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    assert!(!Location::parse("mysql://ada:s3cret@host/db").unwrap_err().to_string().contains("s3cret"));
}
