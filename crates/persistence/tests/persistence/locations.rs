//! Which URLs name a database, and what of them is shown.

use plinth_persistence::Location;

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
}

#[test]
fn a_password_in_a_url_is_never_shown() {
    let location = Location::parse("postgres://ada:s3cret@db.example.com/plinth?password=s3cret").unwrap();
    let settings = plinth_persistence::DatabaseSettings { location: location.clone(), pool_size: Some(1) };
    let database = plinth_persistence::Database::start(&settings).unwrap();
    for shown in [
        format!("{location:?}"),
        format!("{settings:#?}"),
        format!("{database:?}"),
        location.kind().to_owned(),
    ] {
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    assert!(!Location::parse("mysql://ada:s3cret@host/db").unwrap_err().to_string().contains("s3cret"));
}

/// Neither is one in an error: nobody listens at port 1.
#[test]
fn a_password_is_in_no_error() {
    let location = Location::parse("postgres://ada:s3cret@127.0.0.1:1/plinth").unwrap();
    let error = plinth_persistence::migrations::run(&location).unwrap_err();
    assert!(matches!(error, plinth_persistence::Error::Unavailable(..)), "{error:?}");
    let mut shown = format!("{error:?}");
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = source {
        shown.push_str(&error.to_string());
        source = error.source();
    }
    assert!(!shown.contains("s3cret"), "{shown}");
}
