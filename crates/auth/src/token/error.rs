//! What can be wrong with an access token, and with issuing one.

/// Why an access token was refused.
///
/// For logs and tests: a client is told only that the token is invalid. Repeats nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than [`MAX_ACCESS_TOKEN_BYTES`](crate::MAX_ACCESS_TOKEN_BYTES).
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of Base64url that hold a header and claims with the right types.
    #[error("the token is malformed")]
    Malformed,
    /// The header brings a key (`jku`, `jwk`, `x5u`, `x5c`) or asks for an extension (`crit`).
    #[error("the token's header has a parameter that is refused")]
    RefusedHeader,
    /// The header's `typ` is not `at+jwt`.
    #[error("the token is not an access token")]
    WrongType,
    /// The header's `kid` names no key of the set.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The header's `alg` is not the algorithm of its key.
    #[error("the token's algorithm is not its key's")]
    WrongAlgorithm,
    /// The signature is not the key's.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// Issued by someone else.
    #[error("the token is from another issuer")]
    WrongIssuer,
    /// Issued for someone else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// No longer good.
    #[error("the token has expired")]
    Expired,
    /// Not good yet, or issued in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
}

/// Why there is no access token: the active key cannot sign, or the time is outside the years that a token can state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be issued")]
pub struct NotIssued;
