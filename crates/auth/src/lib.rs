//! Passwords and tokens: what a Plinth server signs people in with, and what another service needs to recognise them.
//!
//! - [`AccessVerifier`] verifies access tokens: JWTs with the profile of RFC 9068.
//! - [`AccessTokens`] issues them as well.
//! - [`KeyRing`] keeps the private keys of EdDSA and ES256 in a file and rotates them; [`TrustedKeys`] reads the public
//!   ones that a server publishes.
//! - [`RefreshTokens`] makes and reads refresh tokens, which only the server that made them understands.
//! - [`OneTimeTokens`] makes the tokens of mailed links.
//! - `Passwords` hashes and verifies passwords on threads of its own, in the format `bcrypt-sha256` version 2. It is
//!   there with the feature `passwords`, which is on unless default features are off.
//! - [`SystemEntropy`] is the operating system's randomness.
//!
//! Invariants:
//! - No web framework, no database, no clock: the time is an argument, randomness an [`Entropy`](plinth_domain::Entropy).
//! - No password, hash, key or token shows itself through `Debug`, `Display` or an error.
//! - A token is trusted for what its key says, never for what its header says: the header only chooses among the keys
//!   that are known already, each of which has one algorithm.
//! - Whether a password is wrong, its account unknown or its stored hash unreadable cannot be told by the time it
//!   takes, as long as no hash has a higher cost than the one that is set.
//! - Hashing never runs on the caller's thread, and what waits for it is bounded.
//!
//! Whether a session has ended, and what a refresh does to its generation, is not known here: that is the caller's.
//!
//! # Verifying a token in another service
//!
//! The service needs the issuer's keys, issuer and audience, and of this crate no default features: without `passwords`
//! nothing of bcrypt, threads or an async runtime is compiled. What a verifier names of `plinth-domain` is re-exported
//! here.
//!
//! A server with `JWT_ALGORITHM=EdDSA` or `ES256` publishes its public keys, by which others verify and nobody issues.
//! The service brings its own HTTP client, and says when to fetch; `examples/jwks.rs` is this as a program.
//!
//! ```
//! use plinth_auth::{AccessVerifier, Clock, SystemClock, TokenError, TrustedKeys};
//!
//! // The answer of GET /.well-known/jwks.json.
//! let document = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
//!     "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
//!     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
//! let verifier = AccessVerifier::new(TrustedKeys::from_jwks(document)?, "plinth", "plinth");
//!
//! let bearer = "what stood after `Authorization: Bearer `";
//! match verifier.verify(bearer, SystemClock.now()) {
//!     // The keys may have been rotated: fetch the document again, at most every minute or so, and try once more.
//!     Err(TokenError::UnknownKey) => verifier.replace_keys(TrustedKeys::from_jwks(document)?),
//!     verified => assert!(verified.is_err()),
//! }
//! # Ok::<(), plinth_auth::JwksError>(())
//! ```
//!
//! With HS256 the service needs the server's secret; `examples/verify.rs` is this as a program.
//!
//! ```
//! use plinth_auth::{AccessVerifier, Clock, KeySet, SystemClock};
//!
//! let verifier = AccessVerifier::new(
//!     KeySet::from_secret(b"the SECRET_KEY that the server has, 32 bytes or more"),
//!     "https://api.example.com",
//!     "https://api.example.com",
//! );
//! let bearer = "what stood after `Authorization: Bearer `";
//! assert!(verifier.verify(bearer, SystemClock.now()).is_err());
//! ```
//!
//! Then whoever can verify can also issue, and the secret makes refresh tokens too: share it only with services that
//! are trusted as much as the server itself. A service in another language derives the key from the secret as
//! [`Key::from_secret`] says.
//!
//! A token that verifies was issued and has not expired. Its session may have ended since: only the server knows.
//!
//! # The process-wide provider of `jsonwebtoken`
//!
//! That crate finds its cryptography through a setting of the whole process. The first [`AccessVerifier`] installs one
//! that knows HS256, EdDSA with Ed25519 and ES256 and nothing else, unless one is installed already; then that one is
//! used, and must know what the keys are for. A program that uses `jsonwebtoken` itself with other algorithms installs
//! its own provider before it makes its first [`AccessVerifier`]. There is one in each [`AccessTokens`].
//!
//! # Adding an algorithm
//!
//! A variant of [`Algorithm`] with its name, its keys in `token/pair.rs`, its signer and verifier in
//! `token/provider.rs`, its names in `token/jwks.rs` and `token/ring/file.rs`, and a `Scheme` in `tests/auth/support.rs`,
//! which all tests of attacks go through.

mod entropy;
mod mac;
mod one_time;
#[cfg(feature = "passwords")]
mod password;
mod token;

pub use entropy::SystemEntropy;
pub use one_time::{OneTimeToken, OneTimeTokens};
#[cfg(feature = "passwords")]
pub use password::{
    Overloaded, PasswordHash, PasswordSettings, PasswordSettingsError, Passwords, Verification,
};
pub use plinth_domain::{Clock, Role, SessionId, SystemClock, Timestamp, UserId};
pub use token::{
    AccessClaims, AccessToken, AccessTokens, AccessVerifier, Algorithm, Grant, InvalidRefreshToken,
    JwksError, Key, KeyFileError, KeyFileText, KeyInfo, KeyRing, KeySet, KeyState, LEEWAY,
    MAX_ACCESS_TOKEN_BYTES, NotIssued, RefreshToken, RefreshTokens, RotateError, TokenError, TokenSettings,
    TrustedKeys,
};

/// The examples of the readme files, compiled and run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../../../README.md")]
struct Readme;
