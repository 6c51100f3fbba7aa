//! Tokens: access tokens that any service with the key can verify, refresh tokens that only we understand.

mod access;
mod claims;
mod error;
mod header;
mod keys;
mod provider;
mod refresh;
mod verifier;

pub use access::{AccessToken, AccessTokens, Grant, TokenSettings};
pub use claims::{AccessClaims, LEEWAY};
pub use error::{NotIssued, TokenError};
pub use keys::{Algorithm, Key, KeySet};
pub use refresh::{InvalidRefreshToken, RefreshToken, RefreshTokens};
pub use verifier::{AccessVerifier, MAX_ACCESS_TOKEN_BYTES};
