//! Tokens: access tokens that any service with the key can verify, refresh tokens that only we understand.

mod access;
mod claims;
mod error;
mod header;
mod jwks;
mod keys;
mod pair;
mod provider;
mod refresh;
mod ring;
mod verifier;

pub use access::{AccessToken, AccessTokens, Grant, TokenSettings};
pub use claims::{AccessClaims, LEEWAY};
pub use error::{NotIssued, TokenError};
pub use jwks::JwksError;
pub use keys::{Algorithm, Key, KeySet, TrustedKeys};
pub use refresh::{InvalidRefreshToken, RefreshToken, RefreshTokens};
pub use ring::{KeyFileError, KeyFileText, KeyInfo, KeyRing, KeyState, RotateError};
pub use verifier::{AccessVerifier, MAX_ACCESS_TOKEN_BYTES};
