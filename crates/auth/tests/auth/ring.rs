//! How one key follows another.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plinth_auth::{AccessTokens, Algorithm, KeyRing, KeyState, TokenError};
use plinth_domain::Timestamp;
use serde_json::{Value, json};

use crate::support::{Counter, NOW, at, grant, key_file, key_of, settings, text};

const ASYMMETRIC: [Algorithm; 2] = [Algorithm::EdDsa, Algorithm::Es256];
const KEEP: Duration = Duration::from_secs(3600);

fn parse(file: &Value) -> KeyRing {
    KeyRing::parse(&file.to_string()).expect("a ring")
}

fn tokens(ring: &KeyRing) -> AccessTokens {
    AccessTokens::new(ring.key_set(), settings())
}

fn issued(tokens: &AccessTokens) -> String {
    tokens.issue(grant(), at(NOW), &Counter::default()).expect("a token").into_string()
}

/// States and identifiers, the next key first.
fn states(ring: &KeyRing) -> Vec<(KeyState, String)> {
    ring.list().into_iter().map(|key| (key.state, key.id)).collect()
}

#[test]
fn a_new_ring_has_an_active_key_and_the_next() {
    for algorithm in ASYMMETRIC {
        let ring = KeyRing::generate(algorithm, at(NOW), &Counter::default()).expect("keys");
        assert_eq!(ring.algorithm(), algorithm);
        let list = ring.list();
        let found: Vec<_> = list.iter().map(|key| (key.state, key.algorithm, key.since)).collect();
        let since = Some(at(NOW));
        assert_eq!(found, [(KeyState::Next, algorithm, since), (KeyState::Active, algorithm, since)]);
        assert_ne!(list[0].id, list[1].id);
        assert_eq!(ring.key_set().active().id(), list[1].id);
        let jwks = tokens(&ring).jwks();
        let published: Vec<&str> =
            jwks["keys"].as_array().expect("keys").iter().map(|key| text(key, "kid")).collect();
        assert_eq!(published, [list[1].id.as_str(), &list[0].id], "the active one first");
    }
    let refused = KeyRing::generate(Algorithm::Hs256, at(NOW), &Counter::default()).map(|_| ());
    assert!(refused.expect_err("no key pairs").to_string().contains("HS256 has no key file"));
}

#[test]
fn a_ring_that_is_written_and_read_is_the_same() {
    for algorithm in ASYMMETRIC {
        let entropy = Counter::default();
        let ring = KeyRing::generate(algorithm, at(NOW), &entropy).expect("keys");
        let later = at(NOW).plus(Duration::from_micros(1));
        for ring in [ring.rotate(later, KEEP, &entropy).expect("rotated"), ring] {
            let written = ring.to_json();
            let read = KeyRing::parse(written.expose()).expect("a ring");
            assert_eq!(read.list(), ring.list());
            assert_eq!(read.to_json().expose(), written.expose());
            assert!(tokens(&ring).verify(&issued(&tokens(&read)), at(NOW)).is_ok());
        }
    }
}

/// RFC 8037 appendix A.1 to A.3.
#[test]
fn the_identifier_is_the_thumbprint_of_the_standard() {
    let mut file = key_file(Algorithm::EdDsa);
    let active = key_of(&mut file, "active");
    for (name, value) in [
        ("d", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"),
        ("x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
        ("kid", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ] {
        active[name] = json!(value);
    }
    assert_eq!(parse(&file).key_set().active().id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn rotation_moves_each_key_a_step_on() {
    let (entropy, day) = (Counter::default(), Duration::from_secs(86_400));
    let first = KeyRing::generate(Algorithm::EdDsa, at(NOW), &entropy).expect("keys");
    let second = first.rotate(at(NOW).plus(day), KEEP, &entropy).expect("rotated");
    let [(_, next), (_, active)] = <[_; 2]>::try_from(states(&first)).expect("two keys");
    let list = second.list();
    assert_eq!(list.len(), 3);
    assert!(list.iter().all(|key| key.since == Some(at(NOW).plus(day))));
    assert!(![&next, &active].contains(&&list[0].id), "the next one is new");
    assert_eq!(
        states(&second)[1..],
        [(KeyState::Active, next.clone()), (KeyState::Retiring, active.clone())]
    );

    // The one that has been retiring for exactly as long as it is kept stays, and goes a moment later.
    let at_the_limit = second.rotate(at(NOW).plus(day + KEEP), KEEP, &entropy).expect("rotated");
    let retiring: Vec<String> = states(&at_the_limit).split_off(2).into_iter().map(|(_, id)| id).collect();
    assert_eq!(retiring, [next.clone(), active], "the one that began last first");
    let beyond = at(NOW).plus(day + KEEP + Duration::from_micros(1));
    let beyond = second.rotate(beyond, KEEP, &entropy).expect("rotated");
    assert_eq!(states(&beyond)[2..], [(KeyState::Retiring, next)]);
}

#[test]
fn instances_that_restart_one_by_one_refuse_no_token() {
    for algorithm in ASYMMETRIC {
        let entropy = Counter::default();
        let mut ring = KeyRing::generate(algorithm, at(NOW), &entropy).expect("keys");
        let mut now = at(NOW);
        for _ in 0..4 {
            now = now.plus(KEEP + Duration::from_secs(1));
            let rotated = ring.rotate(now, KEEP, &entropy).expect("rotated");
            let (old, new) = (tokens(&ring), tokens(&rotated));
            assert_ne!(ring.key_set().active().id(), rotated.key_set().active().id());
            for signer in [&old, &new] {
                for verifier in [&old, &new] {
                    assert!(verifier.verify(&issued(signer), at(NOW)).is_ok());
                }
            }
            ring = rotated;
        }
    }
}

#[test]
fn a_running_server_takes_new_keys() {
    let entropy = Counter::default();
    let ring = KeyRing::generate(Algorithm::Es256, at(NOW), &entropy).expect("keys");
    let running = tokens(&ring);
    let clone = running.clone();
    let before = issued(&running);
    let rotated = ring.rotate(at(NOW), KEEP, &entropy).expect("rotated");
    running.replace_keys(rotated.key_set());
    for tokens in [&running, &clone] {
        assert!(tokens.verify(&before, at(NOW)).is_ok(), "the key retires only");
        assert_eq!(tokens.jwks()["keys"].as_array().map(Vec::len), Some(3));
        let after = issued(tokens);
        assert!(tokens.verify(&after, at(NOW)).is_ok());
        assert_ne!(after.split('.').next(), before.split('.').next(), "another kid");
    }
    let other = KeyRing::generate(Algorithm::EdDsa, at(NOW), &entropy).expect("keys");
    running.replace_keys(other.key_set());
    assert_eq!(clone.verify(&before, at(NOW)), Err(TokenError::UnknownKey));
}

#[test]
fn private_keys_do_not_show() {
    for algorithm in ASYMMETRIC {
        let file = key_file(algorithm);
        let ring = parse(&file);
        let tokens = tokens(&ring);
        let shown = format!(
            "{ring:?} {:?} {:?} {:?} {tokens:?} {:?} {}",
            ring.list(),
            ring.to_json(),
            ring.key_set(),
            tokens.verifier(),
            tokens.jwks()
        );
        for key in file["keys"].as_array().expect("keys") {
            let private = text(key, "d");
            let bytes = URL_SAFE_NO_PAD.decode(private).expect("Base64url");
            assert!(shown.contains(text(key, "kid")) && !shown.contains(private));
            assert!(!shown.contains(&format!("{bytes:?}")[1..20]), "{shown}");
        }
    }
}

#[test]
fn instants_of_a_file_may_have_any_offset() {
    let mut file = key_file(Algorithm::EdDsa);
    key_of(&mut file, "next")["since"] = json!("2026-09-21T14:13:20+00:00");
    let since: Option<Timestamp> = parse(&file).list()[0].since;
    assert_eq!(since, Some(at(1_789_999_999).plus(Duration::from_secs(1))));
}
