//! Signatures as the standards show them, by the provider that is installed for the whole process.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{sign, verify};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

use crate::support::tokens;

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("Base64url")
}

fn from_hex(text: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("a digit");
    (0..text.len()).step_by(2).map(digit).collect()
}

/// PKCS#8 of a seed (RFC 8410 §7).
fn ed25519(seed: &[u8]) -> EncodingKey {
    EncodingKey::from_ed_der(&[&from_hex("302e020100300506032b657004220420"), seed].concat())
}

/// PKCS#8 of a private key of P-256 without its public one (RFC 5958, RFC 5915).
fn p256(private: &[u8]) -> EncodingKey {
    let head = from_hex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420");
    EncodingKey::from_ec_der(&[&head, private].concat())
}

#[test]
fn rfc_8037_appendix_a() {
    let _installs = tokens();
    let key = ed25519(&bytes("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
    let public = DecodingKey::from_ed_der(&bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
    let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(sign(message, &key, Algorithm::EdDSA).expect("a signature"), signature);
    assert!(verify(signature, message, &public, Algorithm::EdDSA).expect("an answer"));
    assert!(!verify(signature, b"another message", &public, Algorithm::EdDSA).expect("an answer"));
}

#[test]
fn rfc_7515_appendix_a_3() {
    let _installs = tokens();
    let x = bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    let y = bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    let public = DecodingKey::from_ec_der(&[&[4][..], &x, &y].concat());
    let message = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert!(verify(signature, message, &public, Algorithm::ES256).expect("an answer"));
    assert!(!verify(signature, b"another message", &public, Algorithm::ES256).expect("an answer"));
    // The key pair belongs together, so what we sign verifies with the key of the RFC.
    let key = p256(&bytes("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"));
    let ours = sign(message, &key, Algorithm::ES256).expect("a signature");
    assert!(verify(&ours, message, &public, Algorithm::ES256).expect("an answer"));
}

#[test]
fn rfc_6979_appendix_a_2_5() {
    let _installs = tokens();
    let key = p256(&from_hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
    for (message, r, s) in [
        (
            "sample",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            "test",
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
            "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    ] {
        let expected = URL_SAFE_NO_PAD.encode([from_hex(r), from_hex(s)].concat());
        assert_eq!(sign(message.as_bytes(), &key, Algorithm::ES256).expect("a signature"), expected);
    }
}

#[test]
fn a_key_serves_no_other_algorithm() {
    let _installs = tokens();
    let keys = [ed25519(&[7; 32]), p256(&[7; 32]), EncodingKey::from_secret(&[7; 32])];
    let own = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::HS256];
    for (key, own) in keys.iter().zip(own) {
        for algorithm in
            [Algorithm::EdDSA, Algorithm::ES256, Algorithm::HS256, Algorithm::HS512, Algorithm::RS256]
        {
            assert_eq!(sign(b"message", key, algorithm).is_ok(), algorithm == own, "{algorithm:?}");
        }
    }
}
