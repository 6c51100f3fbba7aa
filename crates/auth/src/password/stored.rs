//! Formats of stored hashes, and what each computes.
//!
//! What is written is passlib's `bcrypt_sha256` in version 2: `$bcrypt-sha256$v=2,t=2b,r=<cost>$<salt>$<digest>`, bcrypt
//! over the Base64 of HMAC-SHA256 of the password, keyed with the salt's text. What bcrypt sees is always 44 characters
//! without NUL, so neither its limit of 72 bytes nor its end at the first NUL loses anything of the password.
//!
//! Plain bcrypt, `$2a$`, `$2b$` or `$2y$`, is read as well.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::Mac;
use plinth_domain::Entropy;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::hash::PasswordHash;
use crate::mac;

/// bcrypt's own alphabet. Bits beyond the last byte are ignored, as every bcrypt does: some writers leave them set.
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

const SALT_TEXT: usize = 22;
const DIGEST_TEXT: usize = 31;
/// bcrypt reads no more of a password than this many bytes.
const BCRYPT_MOST: usize = 72;

/// What bcrypt is run over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// The password itself: its first 72 bytes.
    Plain,
    /// The Base64 of its HMAC-SHA256.
    HmacSha256,
}

/// A stored hash, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Stored {
    scheme: Scheme,
    cost: u32,
    salt: [u8; 16],
    digest: [u8; 23],
}

impl Stored {
    /// The costs that bcrypt has.
    pub(super) const COSTS: RangeInclusive<u32> = 4..=31;

    /// The hash of a password in today's format. The cost must be one of [`Stored::COSTS`].
    pub(super) fn make(password: &str, cost: u32, salt: [u8; 16]) -> Self {
        let digest = Scheme::HmacSha256.digest(password, cost, salt);
        Self { scheme: Scheme::HmacSha256, cost, salt, digest }
    }

    /// What is verified against when there is no account: random, so no password's, yet as much work as one.
    pub(super) fn of_nobody(cost: u32, entropy: &dyn Entropy) -> Self {
        let (mut salt, mut digest) = ([0; 16], [0; 23]);
        entropy.fill(&mut salt);
        entropy.fill(&mut digest);
        Self { scheme: Scheme::HmacSha256, cost, salt, digest }
    }

    /// Takes a stored hash apart; `None` where it is in no format known here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("$bcrypt-sha256$v=2,t=2b,r=") {
            let (cost, rest) = rest.split_once('$')?;
            let (salt, digest) = rest.split_once('$')?;
            if cost.starts_with('0') {
                return None;
            }
            return Self::from_parts(Scheme::HmacSha256, cost, salt, digest);
        }
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
        let (cost, rest) = rest.split_once('$')?;
        let (salt, digest) = rest.split_at_checked(SALT_TEXT)?;
        if cost.len() != 2 {
            return None;
        }
        Self::from_parts(Scheme::Plain, cost, salt, digest)
    }

    fn from_parts(scheme: Scheme, cost: &str, salt: &str, digest: &str) -> Option<Self> {
        if cost.len() > 2 || !cost.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let cost = cost.parse().ok().filter(|cost| Self::COSTS.contains(cost))?;
        if salt.len() != SALT_TEXT || digest.len() != DIGEST_TEXT {
            return None;
        }
        let salt = BCRYPT_BASE64.decode(salt).ok()?.try_into().ok()?;
        let digest = BCRYPT_BASE64.decode(digest).ok()?.try_into().ok()?;
        Some(Self { scheme, cost, salt, digest })
    }

    /// The text to store. Only for today's format.
    pub(super) fn to_text(&self) -> PasswordHash {
        let (salt, digest) = (BCRYPT_BASE64.encode(self.salt), BCRYPT_BASE64.encode(self.digest));
        PasswordHash::from_stored(format!("$bcrypt-sha256$v=2,t=2b,r={}${salt}${digest}", self.cost))
    }

    /// Whether this is the hash of that password. One run of bcrypt, whatever the answer.
    pub(super) fn matches(&self, password: &str) -> bool {
        let digest = self.scheme.digest(password, self.cost, self.salt);
        // Plain bcrypt ends at the first NUL and would take what precedes it for the password.
        let whole = self.scheme != Scheme::Plain || !password.contains('\0');
        bool::from(digest.ct_eq(&self.digest)) & whole
    }

    /// Whether a right password should be hashed anew: an older format, or a lower cost.
    pub(super) fn is_outdated(&self, cost: u32) -> bool {
        self.scheme != Scheme::HmacSha256 || self.cost < cost
    }

    /// Works as long as verifying at `cost` takes longer than at this hash's own.
    ///
    /// Each step of the cost doubles the work, so runs at this cost and each one up to the other add up to it:
    /// 2ⁿ + (2ⁿ + 2ⁿ⁺¹ + … + 2ᵐ⁻¹) = 2ᵐ.
    pub(super) fn make_up_to(&self, cost: u32, password: &str) {
        for step in self.cost..cost {
            std::hint::black_box(self.scheme.digest(password, step, self.salt));
        }
    }
}

impl Scheme {
    fn digest(self, password: &str, cost: u32, salt: [u8; 16]) -> [u8; 23] {
        // bcrypt's key is the text and the NUL that ends it, cut off at 72 bytes.
        let mut key = Zeroizing::new([0; BCRYPT_MOST]);
        let len = match self {
            Self::Plain => {
                let len = password.len().min(BCRYPT_MOST);
                key[..len].copy_from_slice(&password.as_bytes()[..len]);
                len
            }
            Self::HmacSha256 => {
                let salt_text = BCRYPT_BASE64.encode(salt);
                let code = mac::keyed(salt_text.as_bytes()).chain_update(password).finalize().into_bytes();
                let text = Zeroizing::new(STANDARD.encode(code));
                key[..text.len()].copy_from_slice(text.as_bytes());
                text.len()
            }
        };
        let output = bcrypt::bcrypt(cost, salt, &key[..(len + 1).min(BCRYPT_MOST)]);
        // The last of 24 bytes is left out by every bcrypt, as the first one did.
        let mut digest = [0; 23];
        digest.copy_from_slice(&output[..23]);
        digest
    }
}
