//! Passwords: hashed and verified on threads of their own.

mod hash;
mod pool;
mod stored;
mod verify;

use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;

use plinth_domain::{Entropy, Password};
use tokio::sync::oneshot;

pub use hash::PasswordHash;
pub use pool::Overloaded;
use pool::{Job, Pool};
use stored::Stored;
pub use verify::Verification;

/// How passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordSettings {
    /// The logarithm to base 2 of bcrypt's rounds: 4 to 31. A stored hash of a lower cost counts as outdated.
    pub cost: u32,
    /// How many threads hash; at least one.
    pub threads: usize,
    /// How many jobs may wait for a thread before more are refused; at least one.
    pub queue: usize,
    /// Whether the threads give way to everything else on the machine, where the system allows it. That keeps the rest
    /// of a service fast in a storm of logins; on a machine that is busy with other programs, hashing may take long.
    pub yields: bool,
}

impl Default for PasswordSettings {
    /// Cost 12, as many threads as the process may use cores, which give way, and room for 128 jobs to wait.
    fn default() -> Self {
        Self { cost: 12, threads: available_parallelism().map_or(1, usize::from), queue: 128, yields: true }
    }
}

/// Why [`Passwords::new`] refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordSettingsError {
    /// bcrypt has no such cost.
    #[error("the bcrypt cost must be from {} to {}", Stored::COSTS.start(), Stored::COSTS.end())]
    Cost,
    /// There must be a thread and a place in the queue.
    #[error("there must be at least one hashing thread and one place in its queue")]
    Empty,
    /// The operating system gave no thread.
    #[error("a hashing thread could not be started")]
    Thread(#[source] std::io::Error),
}

/// Hashes and verifies passwords. Cheap to clone; its threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Passwords {
    pool: Pool,
    entropy: Arc<dyn Entropy>,
}

impl Passwords {
    /// Starts the threads. Takes no time to speak of: nothing is hashed yet.
    pub fn new(settings: PasswordSettings, entropy: Arc<dyn Entropy>) -> Result<Self, PasswordSettingsError> {
        if !Stored::COSTS.contains(&settings.cost) {
            return Err(PasswordSettingsError::Cost);
        }
        if settings.threads == 0 || settings.queue == 0 {
            return Err(PasswordSettingsError::Empty);
        }
        let nobody = Stored::of_nobody(settings.cost, entropy.as_ref());
        let pool = Pool::start(settings, nobody).map_err(PasswordSettingsError::Thread)?;
        Ok(Self { pool, entropy })
    }

    /// Hashes a new password under a new salt.
    ///
    /// Dropping the future before a thread has taken the job takes it back; a job that was begun is finished.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Overloaded> {
        // Drawn here, so that a failing source fails the caller and no hashing thread.
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt);
        let (reply, answer) = oneshot::channel();
        self.pool.submit(Job::Hash { password, salt, reply })?;
        answer.await.map_err(|_| self.pool.overloaded())
    }

    /// Whether the candidate, a [`Password::claimed`], is the password of that hash.
    ///
    /// `None`, for an account that does not exist, and a hash in no known format are [`Verification::Wrong`] after the
    /// work that a wrong password takes at the configured cost. A hash of a lower cost takes that work too, unless the
    /// password is right; one of a higher cost takes more.
    ///
    /// The time grows with the length of the candidate, a few nanoseconds a byte: bounding it is the caller's.
    pub async fn verify(
        &self,
        candidate: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Verification, Overloaded> {
        let (reply, answer) = oneshot::channel();
        self.pool.submit(Job::Verify { candidate, stored, reply })?;
        answer.await.map_err(|_| self.pool.overloaded())
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}
