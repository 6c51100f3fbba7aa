//! Passwords and tokens: what a Plinth server signs people in with, and what another service needs to recognise them.
//!
//! - [`Passwords`] hashes and verifies passwords on threads of its own, in the format `bcrypt-sha256` version 2.
//! - [`AccessTokens`] issues and verifies access tokens: JWTs with the profile of RFC 9068.
//! - [`RefreshTokens`] makes and reads refresh tokens, which only the server that made them understands.
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
//! The service needs the issuer's secret, issuer and audience. `examples/verify.rs` is this as a program.
//!
//! ```
//! use std::time::Duration;
//! use plinth_auth::{AccessTokens, KeySet, TokenSettings};
//! use plinth_domain::{Clock, SystemClock};
//!
//! let tokens = AccessTokens::new(
//!     KeySet::from_secret(b"the SECRET_KEY that the server has, 32 bytes or more"),
//!     TokenSettings {
//!         issuer: "https://api.example.com".to_owned(),
//!         audience: "https://api.example.com".to_owned(),
//!         access_ttl: Duration::from_secs(30 * 60),
//!     },
//! );
//! let bearer = "what stood after `Authorization: Bearer `";
//! assert!(tokens.verify(bearer, SystemClock.now()).is_err());
//! ```
//!
//! A token that verifies was issued and has not expired. Its session may have ended since: only the server knows.
//!
//! With HS256 whoever can verify can also issue, and the secret makes refresh tokens too: share it only with services
//! that are trusted as much as the server itself.
//!
//! # The process-wide provider of `jsonwebtoken`
//!
//! That crate finds its cryptography through a setting of the whole process. The first [`AccessTokens`] installs one
//! that knows HS256 and nothing else, unless one is installed already; then that one is used, and must know HS256. A
//! program that uses `jsonwebtoken` itself with other algorithms installs its own provider before it makes its first
//! [`AccessTokens`].
//!
//! # Adding an algorithm
//!
//! A variant of [`Algorithm`] with its name, a constructor of [`Key`], its signer and verifier in `token/provider.rs`,
//! its public key in [`AccessTokens::jwks`], and a row in the tables of `tests/auth/attacks.rs`.

mod entropy;
mod mac;
mod password;
mod token;

pub use entropy::SystemEntropy;
pub use password::{
    Overloaded, PasswordHash, PasswordSettings, PasswordSettingsError, Passwords, Verification,
};
pub use token::{
    AccessClaims, AccessTokens, Algorithm, Grant, InvalidRefreshToken, Key, KeySet, LEEWAY,
    MAX_ACCESS_TOKEN_BYTES, RefreshToken, RefreshTokens, TokenError, TokenSettings,
};
