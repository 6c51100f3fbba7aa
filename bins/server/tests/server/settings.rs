//! What the binary makes of its settings.

use crate::support::{folder, run, texts};

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
        &[("HOST", "::1"), ("DATABASE_URL", "postgres://u:hunter2@h/d")],
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
    ] {
        assert!(out.lines().any(|found| found == line), "no {line} in\n{out}");
    }
    assert!(!out.contains("hunter2") && !out.contains("top secret"), "{out}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only .env is there");
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
        "LOG_LEVEL",
    ] {
        assert!(err.contains(&format!("{name}: ")), "no {name} in\n{err}");
    }
    assert!(err.contains(".env: line 2:"), "{err}");
    assert!(!err.contains("hunter") && !out.contains("hunter"), "{err}{out}");
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
