//! The private keys of a server, and how one follows another.
//!
//! A ring has an active key, which signs, a next one, which is published and accepted already so that every verifier
//! knows it before it signs anything, and retiring ones, which sign no more but whose tokens may still be out.
//! Rotation moves each a step on. An instance that has not yet read the rotated file and one that has accept each
//! other's tokens, because the key that either signs with is in the set of both.

mod file;

use std::fmt;
use std::time::Duration;

use plinth_domain::{Entropy, Timestamp};

use super::keys::{Algorithm, Key, KeySet};
use super::pair::KeyPair;

pub use file::{KeyFileError, KeyFileText};

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Published and accepted, and the one to sign after the next rotation.
    Next,
    /// Signs.
    Active,
    /// Signs no more; still accepted.
    Retiring,
}

impl KeyState {
    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
        }
    }
}

/// What may be told about a key of a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its identifier, the thumbprint of its public half (RFC 7638).
    pub id: String,
    /// What it is for.
    pub algorithm: Algorithm,
    /// Where it stands.
    pub state: KeyState,
    /// Since when it stands there; `None` for the key of a PEM file, which does not say.
    pub since: Option<Timestamp>,
}

/// Why a ring was not rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// It came from a PEM file, which has no place for a second key.
    #[error("a PEM file holds one key and has no place for the next one; generate a key file instead")]
    SingleKey,
}

/// The private keys of a server, all for one algorithm. Wiped when dropped; shows itself to no log.
#[derive(Clone)]
pub struct KeyRing {
    active: RingKey,
    /// A PEM file has none.
    next: Option<RingKey>,
    retiring: Vec<RingKey>,
}

#[derive(Clone)]
struct RingKey {
    pair: KeyPair,
    /// The thumbprint.
    id: String,
    /// Since when it stands where it does.
    since: Option<Timestamp>,
}

impl RingKey {
    fn new(pair: KeyPair, since: Option<Timestamp>) -> Self {
        Self { id: pair.public().thumbprint(), pair, since }
    }

    fn moved(&self, now: Timestamp) -> Self {
        Self { since: Some(now), ..self.clone() }
    }
}

impl KeyRing {
    /// A ring with a new active key and a new next one.
    ///
    /// # Errors
    /// For [`Algorithm::Hs256`], which has no key pairs.
    pub fn generate(
        algorithm: Algorithm,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeyFileError> {
        let make = || KeyPair::generate(algorithm, entropy).ok_or_else(KeyFileError::symmetric);
        let (active, next) = (RingKey::new(make()?, Some(now)), RingKey::new(make()?, Some(now)));
        Ok(Self { active, next: Some(next), retiring: Vec::new() })
    }

    /// The ring after one step: the next key is active, the active one retires, a new one is next, and those that have
    /// been retiring for longer than `keep_retiring_for` are gone.
    ///
    /// A key is needed for as long as an access token lives, and [`LEEWAY`](crate::LEEWAY), after the last instance has
    /// stopped to sign with it. That the next key has been published for long enough is the caller's to see to:
    /// [`KeyRing::list`] tells since when.
    pub fn rotate(
        &self,
        now: Timestamp,
        keep_retiring_for: Duration,
        entropy: &dyn Entropy,
    ) -> Result<Self, RotateError> {
        let next = self.next.as_ref().ok_or(RotateError::SingleKey)?;
        let fresh = KeyPair::generate(self.algorithm(), entropy).ok_or(RotateError::SingleKey)?;
        let is_needed = |key: &&RingKey| key.since.is_none_or(|since| now.since(since) <= keep_retiring_for);
        let mut retiring: Vec<_> = self.retiring.iter().filter(is_needed).cloned().collect();
        retiring.push(self.active.moved(now));
        Ok(Self { active: next.moved(now), next: Some(RingKey::new(fresh, Some(now))), retiring })
    }

    /// What its keys are for.
    pub fn algorithm(&self) -> Algorithm {
        self.active.pair.algorithm()
    }

    /// What may be told about the keys: the next one first, then the active one, then those that retire, the one that
    /// began last first.
    pub fn list(&self) -> Vec<KeyInfo> {
        let mut list: Vec<_> = self
            .keys()
            .map(|(key, state)| KeyInfo {
                id: key.id.clone(),
                algorithm: key.pair.algorithm(),
                state,
                since: key.since,
            })
            .collect();
        list.sort_by_key(|key| (key.state as u8, key.since.map(|since| std::cmp::Reverse(since.micros()))));
        list
    }

    /// All keys with where they stand, in the order of the file.
    fn keys(&self) -> impl Iterator<Item = (&RingKey, KeyState)> {
        let next = self.next.iter().map(|key| (key, KeyState::Next));
        let retiring = self.retiring.iter().map(|key| (key, KeyState::Retiring));
        std::iter::once((&self.active, KeyState::Active)).chain(next).chain(retiring)
    }

    /// The keys for signing and verifying: the active one signs, all are accepted and published.
    pub fn key_set(&self) -> KeySet {
        let others = self.keys().filter(|(_, state)| *state != KeyState::Active);
        others.fold(KeySet::new(Key::of_pair(&self.active.pair)), |set, (key, _)| {
            set.accepting(Key::of_pair(&key.pair))
        })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}
