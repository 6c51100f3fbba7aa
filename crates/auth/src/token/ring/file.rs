//! The file that a ring is kept in: a JSON Web Key Set with private keys (RFC 7517), in which each key has two members
//! of ours, `state` and `since`. Or one private key in PEM, as OpenSSL writes it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plinth_domain::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{KeyRing, KeyState, RingKey};
use crate::token::keys::Algorithm;
use crate::token::pair::{KeyPair, PublicKey, coordinate};

/// What is wrong with a key file. Says where and what would be right, and repeats nothing of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFileError {
    place: Place,
    what: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    File,
    /// Counted from one.
    Position {
        line: usize,
        column: usize,
    },
    /// Counted from one.
    Key(usize),
}

impl KeyFileError {
    fn file(what: &'static str) -> Self {
        Self { place: Place::File, what }
    }

    pub(super) fn symmetric() -> Self {
        Self::file("HS256 has no key file; the algorithms with one are EdDSA and ES256")
    }
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::File => {}
            Place::Position { line, column } => write!(f, "line {line}, column {column}: ")?,
            Place::Key(number) => write!(f, "key {number}: ")?,
        }
        f.write_str(self.what)
    }
}

impl std::error::Error for KeyFileError {}

/// The text of a key file. Wiped when dropped; shows itself to no log.
#[derive(Clone)]
pub struct KeyFileText(Zeroizing<String>);

impl KeyFileText {
    /// The text, for the file.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyFileText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFileText(…)")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKeys {
    keys: Vec<FileKey>,
}

/// A key as it is written. That a member is missing is found out later, so that the error can name it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKey {
    kty: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    #[serde(default, deserialize_with = "wiped")]
    d: Option<Zeroizing<String>>,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    state: Option<String>,
    since: Option<Timestamp>,
}

fn wiped<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Zeroizing::new))
}

impl KeyRing {
    /// The ring in that file: a JSON Web Key Set of ours, or one private key in PEM (PKCS#8, unencrypted), which is the
    /// active one.
    ///
    /// # Errors
    /// Where anything in it is not as [`KeyRing::to_json`] writes it, white space and the order of members and keys
    /// aside. A file with a doubtful key is not used at all.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        if text.trim_start().starts_with("-----BEGIN") { of_pem(text.trim()) } else { of_json(text) }
    }

    /// The text of its file.
    pub fn to_json(&self) -> KeyFileText {
        let keys: Vec<Value> = self.keys().map(|(key, state)| written(key, state)).collect();
        // Private parts are copied into this value, which is not wiped: they are in memory for signing anyway.
        KeyFileText(Zeroizing::new(format!("{:#}\n", json!({ "keys": keys }))))
    }
}

fn written(key: &RingKey, state: KeyState) -> Value {
    let mut jwk = key.pair.public().jwk(&key.id);
    jwk.insert("d".to_owned(), URL_SAFE_NO_PAD.encode(key.pair.private()).into());
    jwk.insert("state".to_owned(), state.name().into());
    jwk.insert("since".to_owned(), json!(key.since));
    Value::Object(jwk)
}

fn of_pem(pem: &str) -> Result<KeyRing, KeyFileError> {
    if pem.matches("-----BEGIN").count() != 1 {
        return Err(KeyFileError::file("a PEM file must hold one private key and nothing else"));
    }
    if pem.starts_with("-----BEGIN ENCRYPTED") {
        return Err(KeyFileError::file(
            "the private key is encrypted; decrypt it with `openssl pkcs8 -in FILE -out FILE`",
        ));
    }
    if !pem.starts_with("-----BEGIN PRIVATE KEY-----") {
        return Err(KeyFileError::file(
            "a PEM file must hold a private key in PKCS#8; convert one with `openssl pkcs8 -topk8 -nocrypt`",
        ));
    }
    let pair = KeyPair::from_pkcs8_pem(pem);
    let pair =
        pair.ok_or(KeyFileError::file("the PEM file holds no intact private key for Ed25519 or P-256"))?;
    Ok(KeyRing { active: RingKey::new(pair, None), next: None, retiring: Vec::new() })
}

fn of_json(text: &str) -> Result<KeyRing, KeyFileError> {
    // What `serde_json` says of wrong data may repeat it; where it stands is enough.
    let file: FileKeys = serde_json::from_str(text).map_err(|error| KeyFileError {
        place: Place::Position { line: error.line(), column: error.column() },
        what: if error.is_data() {
            "not what a key file has there: a member is unknown, stands twice, or has the wrong type"
        } else {
            "neither a JSON Web Key Set nor a private key in PEM"
        },
    })?;
    let mut ids: Vec<String> = Vec::new();
    let (mut active, mut next, mut retiring) = (Vec::new(), Vec::new(), Vec::new());
    for (index, key) in file.keys.iter().enumerate() {
        let (key, state) = read(key).map_err(|what| KeyFileError { place: Place::Key(index + 1), what })?;
        if ids.contains(&key.id) {
            return Err(KeyFileError::file("two keys have the same kid"));
        }
        ids.push(key.id.clone());
        match state {
            KeyState::Active => active.push(key),
            KeyState::Next => next.push(key),
            KeyState::Retiring => retiring.push(key),
        }
    }
    let (active, next) = match (active.len(), next.len(), active.pop(), next.pop()) {
        (1, 1, Some(active), Some(next)) => (active, next),
        (0, ..) => return Err(KeyFileError::file("no key is active; exactly one must be")),
        (1, 0, ..) => return Err(KeyFileError::file("no key is next; exactly one must be")),
        (1, ..) => return Err(KeyFileError::file("several keys are next; exactly one must be")),
        _ => return Err(KeyFileError::file("several keys are active; exactly one must be")),
    };
    let ring = KeyRing { active, next: Some(next), retiring };
    if ring.keys().any(|(key, _)| key.pair.algorithm() != ring.algorithm()) {
        return Err(KeyFileError::file("the keys are for different algorithms"));
    }
    Ok(ring)
}

fn read(key: &FileKey) -> Result<(RingKey, KeyState), &'static str> {
    let algorithm = match key.alg.as_deref().ok_or("it has no alg")? {
        "EdDSA" => Algorithm::EdDsa,
        "ES256" => Algorithm::Es256,
        _ => return Err("its alg must be EdDSA or ES256"),
    };
    let kty = key.kty.as_deref().ok_or("it has no kty")?;
    let crv = key.crv.as_deref().ok_or("it has no crv")?;
    match (algorithm, kty, crv) {
        (Algorithm::EdDsa, "OKP", "Ed25519") | (Algorithm::Es256, "EC", "P-256") => {}
        (Algorithm::EdDsa, ..) => return Err("its kty must be OKP and its crv Ed25519, as its alg is EdDSA"),
        _ => return Err("its kty must be EC and its crv P-256, as its alg is ES256"),
    }
    if key.purpose.as_deref() != Some("sig") {
        return Err("its use must be sig");
    }
    let x = key.x.as_deref().ok_or("it has no x")?;
    if (algorithm == Algorithm::Es256) != key.y.is_some() {
        return Err("a key for ES256 must have a y, and one for EdDSA none");
    }
    let public = PublicKey::from_coordinates(algorithm, x, key.y.as_deref());
    let public = public.ok_or("its public part is no point of its curve")?;
    let private = key.d.as_deref().ok_or("it has no d, the private part")?;
    let private =
        Zeroizing::new(coordinate(private).ok_or("its d must be 32 bytes in Base64url without padding")?);
    let pair = KeyPair::from_private(algorithm, &private).ok_or("its d is no private key")?;
    if pair.public() != public {
        return Err("its private part does not match its public part");
    }
    let state = match key.state.as_deref().ok_or("it has no state")? {
        "next" => KeyState::Next,
        "active" => KeyState::Active,
        "retiring" => KeyState::Retiring,
        _ => return Err("its state must be next, active or retiring"),
    };
    let since = key.since.ok_or("it has no since, the instant from which on it has its state")?;
    let ring_key = RingKey::new(pair, Some(since));
    if key.kid.as_deref().ok_or("it has no kid")? != ring_key.id {
        return Err("its kid must be the thumbprint of its public part (RFC 7638)");
    }
    Ok((ring_key, state))
}
