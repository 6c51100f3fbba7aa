//! What the binary makes of its settings.

use crate::support::{CHEAP, Server, folder, run, texts};

#[test]
fn check_config_lists_every_setting_with_its_origin_and_makes_nothing() {
    let folder = folder();
    std::fs::write(
        folder.path().join(".env"),
        "PORT=9000\nSECRET_KEY='top secret, but long enough for it'\n",
    )
    .unwrap();
    let output = run(
        folder.path(),
        &[
            ("HOST", "::1"),
            ("DATABASE_URL", "postgres://u:hunter2@h/d"),
            ("SMTP_URL", "smtp://user:hunter2@mail.example.com"),
            ("REDIS_URL", "redis://:hun%74er2@cache:6379/1"),
            ("TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8"),
        ],
        &["check-config"],
    );
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{err}");
    for line in [
        "ENVIRONMENT=development  # default",
        "HOST=::1  # environment",
        "PORT=9000  # .env",
        "SECRET_KEY=[redacted]  # .env",
        "DATABASE_URL=postgres://u:[redacted]@h/d  # environment",
        "SMTP_URL=smtp://…@mail.example.com:587?tls=required  # environment",
        "REDIS_URL=redis://:[redacted]@cache:6379/1  # environment",
        "TRUSTED_PROXIES=10.0.0.0/8, fd00::/8  # environment",
        "RATE_LIMIT_LOGIN_PER_ACCOUNT=10/1m  # default",
    ] {
        assert!(out.lines().any(|found| found == line), "no {line} in\n{out}");
    }
    assert!(!out.contains("hun") && !out.contains("top secret"), "{out}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only .env is there");
}

#[test]
fn what_can_be_used_but_is_hardly_meant_is_told_and_stops_nothing() {
    let folder = folder();
    let everybody = [CHEAP, ("TRUSTED_PROXIES", "0.0.0.0/0")];
    let output = run(folder.path(), &everybody, &["check-config"]);
    let (_, err) = texts(&output);
    assert!(output.status.success(), "{err}");
    assert!(err.contains("plinth: warning: TRUSTED_PROXIES: trusts every address"), "{err}");
    let mut server = Server::start(folder.path(), &everybody);
    let line = server.wait_for_line("TRUSTED_PROXIES: trusts every address");
    assert!(line.contains("WARN"), "{line}");
}

#[test]
fn check_config_names_every_fault_and_no_secret() {
    let folder = folder();
    std::fs::write(folder.path().join(".env"), "LOG_LEVEL=loud\nthis line holds hunter3\n").unwrap();
    let wrong = [
        ("ENVIRONMENT", "production"),
        ("SECRET_KEY", "hunter2"),
        ("BCRYPT_COST", "4"),
        ("PORT", "eighty"),
        ("DATABASE_URL", "mysql://root:hunter2@h/d"),
        ("BACKEND_CORS_ORIGINS", "*"),
        ("FIRST_SUPERUSER", "ada@example.com"),
        ("SMTP_URL", "smtp://user:hunter2@mail.example.com/inbox"),
        ("REDIS_URL", "redis://:hun%74er2@cache/first"),
        ("RATE_LIMIT_LOGIN_PER_IP", "many"),
        ("TRUSTED_PROXIES", "everybody"),
        ("AUTH_COOKIES", "some"),
        ("AUDIT_RETENTION_DAYS", "long"),
    ];
    let output = run(folder.path(), &wrong, &["check-config"]);
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    for name in [
        "SECRET_KEY",
        "BCRYPT_COST",
        "PORT",
        "DATABASE_URL",
        "BACKEND_CORS_ORIGINS",
        "FIRST_SUPERUSER_PASSWORD",
        "SMTP_URL",
        "REDIS_URL",
        "RATE_LIMIT_LOGIN_PER_IP",
        "TRUSTED_PROXIES",
        "AUTH_COOKIES",
        "AUDIT_RETENTION_DAYS",
        "LOG_LEVEL",
    ] {
        assert!(err.contains(&format!("{name}: ")), "no {name} in\n{err}");
    }
    assert!(err.contains(".env: line 2:"), "{err}");
    assert!(!err.contains("hun") && !out.contains("hun"), "{err}{out}");
}

#[test]
fn check_config_refuses_files_that_would_stop_the_start() {
    let folder = folder();
    let wrong = [
        ("PORT", "eighty"),
        ("JWT_ALGORITHM", "EdDSA"),
        ("JWT_PRIVATE_KEY_FILE", "keys.json"),
        ("STATIC_DIR", "my app"),
        ("MAIL_TEMPLATES_DIR", "my mail"),
    ];
    for command in ["check-config", "serve"] {
        let output = run(folder.path(), &wrong, &[command]);
        let (_, err) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{err}");
        for name in ["PORT", "JWT_PRIVATE_KEY_FILE", "STATIC_DIR", "MAIL_TEMPLATES_DIR"] {
            assert_eq!(err.matches(&format!("{name}: ")).count(), 1, "{name} in {err}");
        }
        assert!(err.contains("keys.json; make it with `plinth keys generate`"), "{err}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");

    // What makes the file, or does without, is not stopped by it.
    let output = run(folder.path(), &wrong[1..], &["keys", "generate"]);
    assert!(output.status.success(), "{}", texts(&output).1);
    assert!(folder.path().join("keys.json").exists());
    let output = run(folder.path(), &wrong[1..], &["migrate", "up"]);
    assert!(output.status.success(), "{}", texts(&output).1);
    assert!(run(folder.path(), &wrong[1..3], &["check-config"]).status.success());
    std::fs::write(folder.path().join("keys.json"), "{\"keys\": []}").unwrap();
    let (_, err) = texts(&run(folder.path(), &wrong[1..3], &["check-config"]));
    assert!(err.contains("JWT_PRIVATE_KEY_FILE: ") && err.contains("cannot be used"), "{err}");
}

#[test]
fn a_folder_without_an_app_stops_the_start_with_that_setting_named() {
    let folder = folder();
    let app = folder.path().join("dist");
    let setting = [("STATIC_DIR", "dist")];
    let refused = |advice: &str| {
        for command in ["check-config", "serve"] {
            let output = run(folder.path(), &setting, &[command]);
            let (_, err) = texts(&output);
            assert_eq!(output.status.code(), Some(1), "{err}");
            assert!(err.contains("STATIC_DIR: ") && err.contains(advice), "{err}");
        }
    };
    refused("dist does not exist; build the app first");
    std::fs::create_dir(&app).unwrap();
    refused(
        "dist has no index.html that is a file (links within the folder are not followed); build the app first",
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
    // What works without it is not stopped by it.
    assert!(run(folder.path(), &setting, &["openapi"]).status.success());
    std::fs::write(app.join("index.html"), "<!doctype html>").unwrap();
    let (out, err) = texts(&run(folder.path(), &setting, &["check-config"]));
    assert!(out.lines().any(|line| line == "STATIC_DIR=dist  # environment"), "{out}{err}");
    // A page without what it loads would stay white.
    std::fs::create_dir(app.join("assets")).unwrap();
    std::fs::write(app.join("assets/app.js"), "").unwrap();
    std::fs::write(app.join("index.html"), r#"<script src="/assets/app.js"></script>"#).unwrap();
    let hiding = [setting[0], ("API_PREFIX", "assets"), ("PORT", "x")];
    for (command, faults) in [("check-config", &hiding[..]), ("serve", &hiding[..2])] {
        let output = run(folder.path(), faults, &[command]);
        let (_, err) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(err.contains("STATIC_DIR: ") && err.contains("an API_PREFIX other than /assets"), "{err}");
        assert_eq!(err.contains("PORT: "), faults.len() == 3, "{err}");
    }
    let server = Server::start(folder.path(), &[CHEAP, setting[0]]);
    let page = server.client().get("/").expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
}

#[test]
fn check_config_judges_the_keys_in_the_data_folder_and_misses_none_that_will_be_made() {
    let folder = folder();
    let eddsa = [("JWT_ALGORITHM", "EdDSA")];
    assert!(run(folder.path(), &eddsa, &["check-config"]).status.success());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    assert!(run(folder.path(), &eddsa, &["keys", "generate"]).status.success());
    assert!(run(folder.path(), &eddsa, &["check-config"]).status.success());
    let output = run(folder.path(), &[("JWT_ALGORITHM", "ES256")], &["check-config"]);
    let (_, err) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("JWT_PRIVATE_KEY_FILE: ") && err.contains("has keys for EdDSA"), "{err}");
}

#[test]
fn a_password_that_is_not_encoded_is_told_how_and_not_repeated() {
    let folder = folder();
    for url in [
        "postgres://u:50%hunter@h/d",
        "postgres://u:p@hunter@h/d",
        "postgres://u:p/hunter@h/d",
        "postgres://u:hunter",
    ] {
        for arguments in [&["check-config"][..], &["serve"], &["migrate", "status"]] {
            let output = run(folder.path(), &[("DATABASE_URL", url)], arguments);
            let (out, err) = texts(&output);
            assert_eq!(output.status.code(), Some(1), "{url}");
            assert!(err.contains("DATABASE_URL: ") && err.contains("percent-encode"), "{url}: {err}");
            assert!(!err.contains("hunter") && !out.contains("hunter"), "{url}: {err}{out}");
        }
    }
}

#[test]
fn an_unknown_database_is_told_which_are_known() {
    let folder = folder();
    for arguments in [&["serve"][..], &[], &["migrate", "up"]] {
        let output = run(folder.path(), &[("DATABASE_URL", "oracle://scott:tiger@h/d")], arguments);
        let (_, err) = texts(&output);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            err.contains("DATABASE_URL") && err.contains("sqlite:") && err.contains("postgres://"),
            "{err}"
        );
        assert!(!err.contains("tiger"), "{err}");
    }
}

#[test]
fn production_does_not_start_without_a_key() {
    let folder = folder();
    let output = run(folder.path(), &[("ENVIRONMENT", "production")], &["serve"]);
    let (_, err) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("SECRET_KEY: must be set in production"), "{err}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn wrong_usage_exits_with_two() {
    let folder = folder();
    for arguments in
        [&["fly"][..], &["create-admin"], &["migrate", "down", "--steps", "0"], &["seed", "--users", "0"]]
    {
        assert_eq!(run(folder.path(), &[], arguments).status.code(), Some(2), "{arguments:?}");
    }
}
