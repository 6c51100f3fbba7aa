//! Passwords and tokens: what a Plinth server signs people in with, and what another service needs to recognise them.
//!
//! - [`AccessVerifier`] verifies access tokens: JWTs with the profile of RFC 9068.
//! - [`AccessTokens`] issues them as well.
//! - [`RefreshTokens`] makes and reads refresh tokens, which only the server that made them understands.
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
//! The service needs the issuer's secret, issuer and audience, and of this crate no default features: without
//! `passwords` nothing of bcrypt, threads or an async runtime is compiled. What a verifier names of `plinth-domain` is
//! re-exported here. `examples/verify.rs` is this as a program.
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
//! A token that verifies was issued and has not expired. Its session may have ended since: only the server knows.
//!
//! With HS256 whoever can verify can also issue, and the secret makes refresh tokens too: share it only with services
//! that are trusted as much as the server itself. A service in another language derives the key from the secret as
//! [`Key::from_secret`] says.
//!
//! # The process-wide provider of `jsonwebtoken`
//!
//! That crate finds its cryptography through a setting of the whole process. The first [`AccessVerifier`] installs one
//! that knows HS256 and nothing else, unless one is installed already; then that one is used, and must know HS256. A
//! program that uses `jsonwebtoken` itself with other algorithms installs its own provider before it makes its first
//! [`AccessVerifier`]. There is one in each [`AccessTokens`].
//!
//! # Adding an algorithm
//!
//! A variant of [`Algorithm`] with its name, a constructor of [`Key`], its signer and verifier in `token/provider.rs`,
//! its public key in [`AccessTokens::jwks`], and a row in the tables of `tests/auth/attacks.rs`.

mod entropy;
mod mac;
#[cfg(feature = "passwords")]
mod password;
mod token;

pub use entropy::SystemEntropy;
#[cfg(feature = "passwords")]
pub use password::{
    Overloaded, PasswordHash, PasswordSettings, PasswordSettingsError, Passwords, Verification,
};
pub use plinth_domain::{Clock, Role, SessionId, SystemClock, Timestamp, UserId};
pub use token::{
    AccessClaims, AccessToken, AccessTokens, AccessVerifier, Algorithm, Grant, InvalidRefreshToken, Key,
    KeySet, LEEWAY, MAX_ACCESS_TOKEN_BYTES, NotIssued, RefreshToken, RefreshTokens, TokenError,
    TokenSettings,
};

/// The examples of the readme files, compiled and run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../../../README.md")]
struct Readme;
