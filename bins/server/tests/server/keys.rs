//! The private keys that access tokens are signed with: the commands, the file, and a server that reads it anew.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use crate::support::{CHEAP, GOOD_KEY, PATIENCE, Server, folder, run, texts};

const EDDSA: (&str, &str) = ("JWT_ALGORITHM", "EdDSA");
const ES256: (&str, &str) = ("JWT_ALGORITHM", "es256");
const FILE: &str = "data/jwt_keys.json";

/// Runs `plinth keys …`: whether it did it, and what it wrote.
fn keys(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> (bool, String) {
    let output = run(folder, variables, &[&["keys"], arguments].concat());
    let (out, err) = texts(&output);
    (output.status.success(), out + &err)
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

fn file_of(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join(FILE)).unwrap()).unwrap()
}

/// The identifiers of the keys in the file with that state.
fn ids(folder: &Path, state: &str) -> Vec<String> {
    let file = file_of(folder);
    let keys = file["keys"].as_array().unwrap().iter().filter(|key| key["state"] == state);
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Moves the instants of the file so far back that the next key may sign.
fn age(folder: &Path) {
    let mut file = file_of(folder);
    for key in file["keys"].as_array_mut().unwrap() {
        let since = key["since"].as_str().unwrap().replacen("20", "19", 1);
        key["since"] = since.into();
    }
    fs::write(folder.join(FILE), file.to_string()).unwrap();
}

fn published(server: &Server) -> Vec<String> {
    let jwks = server.client().get("/.well-known/jwks.json").expect(200).json();
    let keys = jwks["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key.get("d").is_none() && key.get("state").is_none()), "{jwks}");
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_file_is_made_listed_and_rotated() {
    let folder = folder();
    let folder = folder.path();
    let (done, said) = keys(folder, &[EDDSA], &["list"]);
    assert!(!done && said.contains("there is no") && said.contains("plinth keys generate"), "{said}");

    let (done, said) = keys(folder, &[EDDSA], &["generate"]);
    assert!(done && said.contains("JWT_ALGORITHM=EdDSA") && said.contains(FILE), "{said}");
    assert_eq!(mode(&folder.join(FILE)), 0o600);
    let written = fs::read(folder.join(FILE)).unwrap();
    let (done, said) = keys(folder, &[EDDSA], &["generate"]);
    assert!(!done && said.contains("exists already"), "{said}");
    assert_eq!(fs::read(folder.join(FILE)).unwrap(), written);

    let (active, next) = (ids(folder, "active"), ids(folder, "next"));
    let (done, said) = keys(folder, &[EDDSA], &["list"]);
    assert!(done, "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("next ") && lines[0].contains(&next[0]), "{said}");
    assert!(lines[1].starts_with("active ") && lines[1].contains(&active[0]), "{said}");
    let private = file_of(folder)["keys"][0]["d"].as_str().unwrap().to_owned();
    assert!(!said.contains(&private));

    let (done, said) = keys(folder, &[EDDSA], &["rotate"]);
    assert!(!done && said.contains("Try again in 10 minutes") && said.contains("--force"), "{said}");
    assert_eq!(fs::read(folder.join(FILE)).unwrap(), written);
    let (done, said) = keys(folder, &[EDDSA], &["rotate", "--force"]);
    assert!(done && said.contains("restart the instances") && said.contains("91 minutes"), "{said}");
    assert_eq!((ids(folder, "active"), ids(folder, "retiring")), (next, active));
    assert_eq!(mode(&folder.join(FILE)), 0o600);

    // Long after, what retired then is gone.
    age(folder);
    let before = ids(folder, "active");
    assert!(keys(folder, &[EDDSA], &["rotate"]).0);
    assert_eq!(ids(folder, "retiring"), before);
    let left: Vec<_> = fs::read_dir(folder.join("data")).unwrap().collect();
    assert_eq!(left.len(), 1, "no drafts stay behind: {left:?}");
}

#[test]
fn a_file_elsewhere_needs_no_settings() {
    let folder = folder();
    let production = [("ENVIRONMENT", "production"), GOOD_KEY, ES256];
    let (done, said) =
        keys(folder.path(), &production, &["generate", "--algorithm", "ES256", "--out", "etc/k.json"]);
    assert!(done && said.contains("JWT_PRIVATE_KEY_FILE=etc/k.json"), "{said}");
    assert_eq!(mode(&folder.path().join("etc/k.json")), 0o600);
    let variables = [&production[..], &[("JWT_PRIVATE_KEY_FILE", "etc/k.json")]].concat();
    let (done, said) = keys(folder.path(), &variables, &["list"]);
    assert!(done && said.lines().count() == 2 && said.contains("ES256"), "{said}");
}

#[test]
fn a_link_is_followed_and_stays() {
    let folder = folder();
    assert!(keys(folder.path(), &[], &["generate", "--out", "real.json"]).0);
    std::os::unix::fs::symlink("real.json", folder.path().join("link.json")).unwrap();
    let before = fs::read(folder.path().join("real.json")).unwrap();
    let variables = [EDDSA, ("JWT_PRIVATE_KEY_FILE", "link.json")];
    assert!(keys(folder.path(), &variables, &["rotate", "--force"]).0);
    assert!(fs::symlink_metadata(folder.path().join("link.json")).unwrap().is_symlink());
    assert_ne!(fs::read(folder.path().join("real.json")).unwrap(), before);
}

#[test]
fn a_file_that_does_not_fit_is_refused_without_a_word_of_it() {
    let folder = folder();
    let folder = folder.path();
    assert!(keys(folder, &[EDDSA], &["generate"]).0);
    let private = file_of(folder)["keys"][0]["d"].as_str().unwrap().to_owned();
    let complaint = |variables: &[(&str, &str)]| {
        let output = run(folder, variables, &["serve"]);
        let (out, err) = texts(&output);
        assert_eq!(output.status.code(), Some(1));
        assert!(!out.contains(&private) && !err.contains(&private), "{out}{err}");
        err
    };
    let err = complaint(&[ES256]);
    assert!(err.contains("has keys for EdDSA, and JWT_ALGORITHM is ES256"), "{err}");
    let err = complaint(&[EDDSA, ("JWT_PRIVATE_KEY_FILE", "nowhere.json")]);
    assert!(err.contains("there is no") && err.contains("plinth keys generate"), "{err}");
    let text = fs::read_to_string(folder.join(FILE)).unwrap();
    fs::write(folder.join(FILE), text.replacen("\"active\"", "\"retiring\"", 1)).unwrap();
    let err = complaint(&[EDDSA]);
    assert!(err.contains("no key is active"), "{err}");
    let (done, said) = keys(folder, &[], &["rotate"]);
    assert!(!done && said.contains("JWT_ALGORITHM=HS256"), "{said}");
}

#[test]
fn a_pem_file_serves_and_is_not_rotated() {
    let folder = folder();
    let pem = include_str!("../../../../crates/auth/tests/auth/openssl/p256.pem");
    fs::write(folder.path().join("key.pem"), pem).unwrap();
    fs::set_permissions(folder.path().join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let variables = [CHEAP, ES256, ("JWT_PRIVATE_KEY_FILE", "key.pem")];
    let mut server = Server::start(folder.path(), &variables);
    server.sign_up("ada@example.com").get("/api/users/me").expect(200);
    assert_eq!(published(&server).len(), 1);
    server.wait_for_line("others than its owner may read");
    let (done, said) = keys(folder.path(), &variables, &["rotate"]);
    assert!(!done && said.contains("generate a key file"), "{said}");
    assert_eq!(fs::read_to_string(folder.path().join("key.pem")).unwrap(), pem);
}

#[test]
fn the_first_start_makes_keys_that_the_next_one_reads() {
    let folder = folder();
    let token = {
        let server = Server::start(folder.path(), &[CHEAP, EDDSA]);
        assert_eq!(mode(&folder.path().join(FILE)), 0o600);
        let client = server.sign_up("ada@example.com");
        client.get("/api/users/me").expect(200);
        let tokens = server
            .client()
            .form(
                "/api/auth/login",
                &[("username", "ada@example.com"), ("password", crate::support::PASSWORD)],
            )
            .expect(200);
        tokens.text("access_token")
    };
    let server = Server::start(folder.path(), &[CHEAP, EDDSA]);
    server.client().with_token(&token).get("/api/users/me").expect(200);
    assert_eq!(published(&server), [ids(folder.path(), "active"), ids(folder.path(), "next")].concat());
}

#[test]
fn rotation_signs_nobody_out() {
    let folder = folder();
    let folder = folder.path();
    let mut server = Server::start(folder, &[CHEAP, EDDSA]);
    let before = server.sign_up("ada@example.com");
    assert!(keys(folder, &[EDDSA], &["rotate", "--force"]).0);
    assert_ne!(published(&server).first(), ids(folder, "active").first(), "nothing changes by itself");

    server.signal("HUP");
    server.wait_for_line("read the private keys anew");
    let deadline = Instant::now() + PATIENCE;
    while published(&server).first() != ids(folder, "active").first() {
        assert!(Instant::now() < deadline, "{:?}", published(&server));
    }
    assert_eq!(published(&server).len(), 3);
    before.get("/api/users/me").expect(200);
    let after = server.sign_in("ada@example.com", crate::support::PASSWORD);
    after.get("/api/users/me").expect(200);

    // A file that cannot be used changes nothing.
    let good = published(&server);
    fs::write(folder.join(FILE), "{\"keys\": []}").unwrap();
    server.signal("HUP");
    server.wait_for_line("kept the private keys that there were");
    assert_eq!(published(&server), good);
    before.get("/api/users/me").expect(200);
    after.get("/api/users/me").expect(200);
}

#[test]
fn production_needs_a_key_file_and_hs256_none() {
    let folder = folder();
    let complaint = |variables: &[(&str, &str)]| texts(&run(folder.path(), variables, &["check-config"])).1;
    let production = [("ENVIRONMENT", "production"), GOOD_KEY, EDDSA];
    let err = complaint(&production);
    assert!(err.contains("JWT_PRIVATE_KEY_FILE: must be set in production"), "{err}");
    let err = complaint(&[("JWT_PRIVATE_KEY_FILE", "keys.json")]);
    assert!(err.contains("JWT_PRIVATE_KEY_FILE: must not be set with JWT_ALGORITHM=HS256"), "{err}");
    assert!(keys(folder.path(), &[], &["generate", "--out", "keys.json"]).0);
    assert_eq!(complaint(&[&production[..], &[("JWT_PRIVATE_KEY_FILE", "keys.json")]].concat()), "");
}
