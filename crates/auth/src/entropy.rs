//! The operating system's randomness.

use plinth_domain::Entropy;

/// Random bytes from the operating system, fit for keys, salts and tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    ///
    /// Where the operating system has no randomness to give, which no supported one lets happen once it has started.
    /// There is no safe way on from there: a secret that could be guessed is worse than a request that fails.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's randomness")]
    #[expect(clippy::expect_used, reason = "without randomness no secret may be made; see above")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
