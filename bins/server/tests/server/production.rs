//! The server in earnest: what it refuses to start with, and what differs once it runs.

use crate::support::{GOOD_KEY, Server, folder, run, texts};

const PRODUCTION: (&str, &str) = ("ENVIRONMENT", "production");

#[test]
fn with_good_settings_it_serves_without_docs_and_over_https_alone() {
    let folder = folder();
    let settings = [
        PRODUCTION,
        GOOD_KEY,
        ("HOST", "127.0.0.1"),
        ("SHUTDOWN_DELAY_SECONDS", "0"),
        ("FIRST_SUPERUSER", "ada@example.com"),
        ("FIRST_SUPERUSER_PASSWORD", "correct horse battery"),
    ];
    let mut server = Server::start(folder.path(), &settings);
    let client = server.client();
    for path in ["/docs", "/redoc", "/api/docs", "/api/redoc", "/docs/assets/swagger.js"] {
        client.get(path).expect_problem(404, "unknown_route");
    }
    // The description itself is no secret: clients are generated from it.
    for path in ["/openapi.json", "/api/openapi.json"] {
        assert_eq!(client.get(path).expect(200).json()["openapi"], "3.1.0");
    }
    let start = client.get("/").expect(200);
    assert!(start.json()["docs"].is_null(), "{}", start.json());
    for answer in [start, client.get("/nowhere"), client.get("/api/users/me"), client.get("/health")] {
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
    // No web app is named, so no browser may call from another origin; not from the development server's either.
    let from = [("origin", "http://localhost:5173")];
    assert_eq!(client.send("GET", "/", &from, Vec::new()).header("access-control-allow-origin"), "");

    let me = server.sign_in("ada@example.com", "correct horse battery").get("/api/users/me");
    assert_eq!(me.expect(200).json()["role"], "admin");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    assert!(server.log().iter().all(|line| line.starts_with('{')), "JSON by default: {:#?}", server.log());
    let data: Vec<_> = std::fs::read_dir(folder.path().join("data")).unwrap().collect();
    assert!(data.iter().all(|entry| entry.as_ref().unwrap().file_name() != "secret_key"), "no key is made");
}

#[test]
fn docs_can_be_switched_on() {
    let folder = folder();
    let settings = [PRODUCTION, GOOD_KEY, ("HOST", "127.0.0.1"), ("DOCS_ENABLED", "true")];
    let server = Server::start(folder.path(), &settings);
    let page = server.client().get("/docs").expect(200);
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(server.client().get("/").expect(200).json()["docs"], "/docs");
}

#[test]
fn placeholders_for_keys_are_refused() {
    for key in [
        "changethis",
        "changethis-changethis-changethis-changethis",
        "CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME",
        "your-secret-key-here-your-secret-key-here",
        "super-secret-key-super-secret-key-12345",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "01234567890123456789012345678901234567890123456789",
        "abcdefghijklmnopqrstuvwxyz0123456789",
    ] {
        let folder = folder();
        let output = run(folder.path(), &[PRODUCTION, ("SECRET_KEY", key)], &["serve"]);
        let (out, err) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "started with {key}");
        assert!(err.contains("SECRET_KEY: "), "{key}: {err}");
        assert!(!err.contains(key) && !out.contains(key), "{err}{out}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    }
}

#[test]
fn every_fault_is_named_before_anything_is_made() {
    let folder = folder();
    let wrong = [
        PRODUCTION,
        ("SECRET_KEY", "changethis"),
        ("BCRYPT_COST", "8"),
        ("FIRST_SUPERUSER", "ada@example.com"),
        ("FIRST_SUPERUSER_PASSWORD", "changethis"),
        ("BACKEND_CORS_ORIGINS", "*"),
        ("DATABASE_POOL_SIZE", "many"),
        ("MIGRATE_ON_START", "perhaps"),
        ("LOG_FORMAT", "xml"),
        ("JWT_ALGORITHM", "none"),
    ];
    let names = [
        "SECRET_KEY",
        "BCRYPT_COST",
        "FIRST_SUPERUSER_PASSWORD",
        "BACKEND_CORS_ORIGINS",
        "DATABASE_POOL_SIZE",
        "MIGRATE_ON_START",
        "LOG_FORMAT",
        "JWT_ALGORITHM",
    ];
    for arguments in [&["serve"][..], &["migrate", "up"], &["check-config"]] {
        let output = run(folder.path(), &wrong, arguments);
        let (_, err) = texts(&output);
        assert_eq!(output.status.code(), Some(1));
        for name in names {
            assert_eq!(err.matches(&format!("{name}: ")).count(), 1, "{name} in\n{err}");
        }
        assert!(!err.contains("changethis"), "{err}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}
