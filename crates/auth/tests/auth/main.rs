//! Passwords and tokens through their public interface, with fixed times and known randomness.
#![expect(clippy::expect_used, reason = "a test fails where its helpers do")]

mod access;
mod attacks;
mod entropy;
#[cfg(feature = "passwords")]
mod hashing;
mod jwks;
mod key_file;
mod one_time;
mod pyjwt;
mod refresh;
mod ring;
mod signatures;
mod support;
#[cfg(feature = "passwords")]
mod vectors;
