//! The file that the private keys are kept in.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plinth_auth::{AccessTokens, Algorithm, KeyRing, KeyState, RotateError};
use serde_json::{Value, json};

use crate::support::{Counter, NOW, at, grant, key_file, key_of, settings, text, with};

const ASYMMETRIC: [Algorithm; 2] = [Algorithm::EdDsa, Algorithm::Es256];
const KEEP: Duration = Duration::from_secs(3600);

/// Written by OpenSSL 3: `openssl genpkey -algorithm ed25519`, `… -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.
const PEMS: [(Algorithm, &str); 2] = [
    (Algorithm::EdDsa, include_str!("openssl/ed25519.pem")),
    (Algorithm::Es256, include_str!("openssl/p256.pem")),
];

#[test]
fn a_pem_file_is_one_active_key() {
    for (algorithm, pem) in PEMS {
        for text in [pem.to_owned(), format!("\n{pem}\n\n"), pem.replace('\n', "\r\n")] {
            let ring = KeyRing::parse(&text).expect("a key");
            let list = ring.list();
            assert_eq!((list.len(), ring.algorithm()), (1, algorithm));
            assert_eq!((list[0].state, list[0].since), (KeyState::Active, None));
            let tokens = AccessTokens::new(ring.key_set(), settings());
            let token = tokens.issue(grant(), at(NOW), &Counter::default()).expect("a token");
            assert!(tokens.verify(token.as_str(), at(NOW)).is_ok());
            let refused = ring.rotate(at(NOW), KEEP, &Counter::default()).map(|_| ());
            assert_eq!(refused, Err(RotateError::SingleKey));
            assert!(RotateError::SingleKey.to_string().contains("generate a key file"));
        }
    }
}

#[test]
fn a_pem_file_with_anything_else_is_refused() {
    let [(_, ed25519), (_, p256)] = PEMS;
    for (text, complaint) in [
        (format!("{ed25519}{p256}"), "one private key and nothing else"),
        (include_str!("openssl/p256_sec1.pem").to_owned(), "openssl pkcs8 -topk8"),
        (include_str!("openssl/encrypted.pem").to_owned(), "is encrypted"),
        (include_str!("openssl/rsa.pem").to_owned(), "no intact private key for Ed25519 or P-256"),
        (include_str!("openssl/p384.pem").to_owned(), "no intact private key for Ed25519 or P-256"),
        (include_str!("openssl/public.pem").to_owned(), "must hold a private key"),
        (ed25519[..80].to_owned(), "no intact private key"),
        (ed25519.replacen("MC4", "MC5", 1), "no intact private key"),
    ] {
        refused(&text, complaint);
    }
}

/// Asserts that the text is refused with that complaint, which shows nothing that could be a key.
fn refused(text: &str, complaint: &str) {
    let error = KeyRing::parse(text).map(|_| ()).expect_err("not a key file");
    assert!(error.to_string().contains(complaint), "{error}: not {complaint}");
    for shown in [error.to_string(), format!("{error:?}")] {
        let words = shown.split(|c: char| !c.is_ascii_alphanumeric());
        assert!(words.into_iter().all(|word| word.len() < 20), "{shown}");
    }
}

#[test]
fn every_member_of_every_key_is_checked() {
    for algorithm in ASYMMETRIC {
        let file = key_file(algorithm);
        let first = file["keys"][0].clone();
        let other = file["keys"][1].clone();
        let change = |name: &str, value: Option<Value>| {
            let keys = json!({"keys": [with(first.clone(), name, value), other.clone()]});
            serde_json::to_string_pretty(&keys).expect("JSON")
        };
        let members: Vec<String> = first.as_object().expect("an object").keys().cloned().collect();
        for name in &members {
            let complaint = match name.as_str() {
                "use" => "key 1: its use must be sig".to_owned(),
                "y" => "key 1: a key for ES256 must have a y".to_owned(),
                name => format!("key 1: it has no {name}"),
            };
            refused(&change(name, None), &complaint);
            refused(&change(name, Some(json!(1))), "wrong type");
            refused(&change(name, Some(json!(["a"]))), "wrong type");
            let twice = change(name, first.get(name).cloned()).replacen('{', &format!("{{\"{name}\": 1,"), 2);
            refused(&twice, "line ");
        }
        refused(&change("comment", Some(json!("mine"))), "a member is unknown");
        for (name, value, complaint) in [
            ("alg", "HS256", "its alg must be EdDSA or ES256"),
            ("alg", "none", "its alg must be EdDSA or ES256"),
            ("kty", "oct", "its kty must be"),
            ("kty", "RSA", "its kty must be"),
            ("crv", "X25519", "its crv"),
            ("crv", "P-384", "its crv"),
            ("use", "enc", "its use must be sig"),
            ("state", "Active", "its state must be next, active or retiring"),
            ("state", "", "its state must be next, active or retiring"),
            ("since", "yesterday", "wrong type"),
            ("kid", "mine", "thumbprint"),
            ("x", "", "no point"),
            ("x", "AAAA", "no point"),
            ("x", "!", "no point"),
            ("d", "", "32 bytes"),
            ("d", "AAAA", "32 bytes"),
            ("d", &text(&first, "d").replace(['-', '_'], "+").repeat(2), "32 bytes"),
            ("d", &format!("{}=", text(&first, "d")), "32 bytes"),
            ("d", text(&other, "d"), "does not match its public part"),
            (
                "x",
                text(&other, "x"),
                if algorithm == Algorithm::EdDsa { "does not match" } else { "no point" },
            ),
            ("kid", text(&other, "kid"), "thumbprint"),
        ] {
            refused(&change(name, Some(json!(value))), complaint);
        }
    }
    let mut file = key_file(Algorithm::Es256);
    // Zero, and the order of the group: no private keys.
    for number in [[0; 32], [0xff; 32]] {
        key_of(&mut file, "active")["d"] = json!(URL_SAFE_NO_PAD.encode(number));
        refused(&file.to_string(), "its d is no private key");
    }
    let mut file = key_file(Algorithm::EdDsa);
    key_of(&mut file, "active")["y"] = json!("AAAA");
    refused(&file.to_string(), "one for EdDSA none");
}

#[test]
fn a_file_has_one_active_key_and_one_next() {
    let file = key_file(Algorithm::EdDsa);
    let keys = file["keys"].as_array().expect("keys").clone();
    let state = |index: usize, state: &str| with(keys[index].clone(), "state", Some(json!(state)));
    let [active, next] = [0, 1].map(|index: usize| keys[index].clone());
    for (keys, complaint) in [
        (vec![], "no key is active"),
        (vec![active.clone()], "no key is next"),
        (vec![next.clone()], "no key is active"),
        (vec![state(0, "retiring"), next.clone()], "no key is active"),
        (vec![active.clone(), state(1, "active")], "several keys are active"),
        (vec![active.clone(), next.clone(), next.clone()], "two keys have the same kid"),
        (vec![active.clone(), next.clone(), state(1, "retiring")], "two keys have the same kid"),
        (
            vec![active.clone(), key_file(Algorithm::Es256)["keys"][1].clone()],
            "the keys are for different algorithms",
        ),
    ] {
        refused(&json!({"keys": keys}).to_string(), complaint);
    }
    let third = KeyRing::generate(Algorithm::EdDsa, at(NOW), &plinth_auth::SystemEntropy).expect("keys");
    let third: Value = serde_json::from_str(third.to_json().expose()).expect("JSON");
    let mut keys = vec![active, next];
    keys.push(with(third["keys"][0].clone(), "state", Some(json!("next"))));
    refused(&json!({"keys": keys}).to_string(), "several keys are next");
}

#[test]
fn what_is_no_key_file_is_refused() {
    for text in
        ["", " ", "null", "[]", "{}", "{\"keys\": {}}", "{\"keys\": [1]}", "{\"keys\": []} x", "secret"]
    {
        assert!(KeyRing::parse(text).is_err(), "{text}");
    }
    refused("mysecretkeymysecretkeymysecretkey", "neither a JSON Web Key Set nor a private key in PEM");
    refused("{\"keys\": [], \"mysecretkeymysecretkeymysecretkey\": 1}", "a member is unknown");
    refused("{\"keys\": \"mysecretkeymysecretkeymysecretkey\"}", "wrong type");
}
