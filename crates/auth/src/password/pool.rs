//! The hashing threads, and the bounded queue in front of them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};
use plinth_domain::Password;
use tokio::sync::oneshot;

use super::PasswordSettings;
use super::hash::PasswordHash;
use super::stored::Stored;
use super::verify::{Verification, verify};

/// As many jobs wait as may. Nothing was begun; the same call may succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed; try again in {retry_after_s} s")]
pub struct Overloaded {
    /// In how many seconds the queue will have emptied, at the present pace: 1 to 60.
    pub retry_after_s: u32,
}

/// Something for a hashing thread to do, and where its answer goes.
pub(super) enum Job {
    Hash { password: Password, salt: [u8; 16], reply: oneshot::Sender<PasswordHash> },
    Verify { candidate: Password, stored: Option<PasswordHash>, reply: oneshot::Sender<Verification> },
}

/// A handle to the threads. They end once the last handle is gone and the queue is empty.
#[derive(Clone)]
pub(super) struct Pool {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

struct Shared {
    settings: PasswordSettings,
    /// What stands in for the hash of an account that does not exist.
    nobody: Stored,
    /// How long the last job ran, in microseconds; 0 before the first.
    last_run: AtomicU64,
}

impl Pool {
    pub(super) fn start(settings: PasswordSettings, nobody: Stored) -> io::Result<Self> {
        let (jobs, queue) = bounded(settings.queue);
        let shared = Arc::new(Shared { settings, nobody, last_run: AtomicU64::new(0) });
        for n in 0..settings.threads {
            let (queue, shared) = (queue.clone(), Arc::clone(&shared));
            // Linux shows 15 characters of a thread's name.
            thread::Builder::new().name(format!("plinth-hash-{n}")).spawn(move || shared.work(&queue))?;
        }
        Ok(Self { jobs, shared })
    }

    /// Queues the job, or refuses at once.
    pub(super) fn submit(&self, job: Job) -> Result<(), Overloaded> {
        self.jobs.try_send(job).map_err(|_| self.overloaded())
    }

    pub(super) fn overloaded(&self) -> Overloaded {
        let Shared { settings, last_run, .. } = self.shared.as_ref();
        let (waiting, threads) = (self.jobs.len() as u64, settings.threads as u64);
        let micros = last_run.load(Ordering::Relaxed).saturating_mul(waiting) / threads;
        let seconds = micros.div_ceil(1_000_000).clamp(1, 60);
        Overloaded { retry_after_s: u32::try_from(seconds).unwrap_or(60) }
    }
}

impl Shared {
    fn work(&self, queue: &Receiver<Job>) {
        if self.settings.yields {
            lower_priority();
        }
        for job in queue {
            let begun = Instant::now();
            if self.run(job) {
                let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
                self.last_run.store(micros, Ordering::Relaxed);
            }
        }
    }

    /// Does the job, unless nobody waits for it any more; says whether it did. An answer that nobody takes is dropped.
    fn run(&self, job: Job) -> bool {
        let cost = self.settings.cost;
        match job {
            Job::Hash { reply, .. } if reply.is_closed() => return false,
            Job::Verify { reply, .. } if reply.is_closed() => return false,
            Job::Hash { password, salt, reply } => {
                let _ = reply.send(Stored::make(password.expose(), cost, salt).to_text());
            }
            Job::Verify { candidate, stored, reply } => {
                let _ = reply.send(verify(candidate.expose(), stored.as_ref(), &self.nobody, cost));
            }
        }
        true
    }
}

/// Lets every other thread go first, so that a storm of logins leaves the rest of the service fast.
///
/// On Linux by the policy `SCHED_IDLE`: whoever else wants the processor has it at once. A mere nice value would let a
/// hash go on to the end of its turn, some milliseconds, which is more than most requests take (docs/benchmarks.md).
/// Where the system refuses, hashing just runs as everything else does.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::unix::{NormalThreadSchedulePolicy, ThreadSchedulePolicy};
        use thread_priority::{ThreadPriority, set_thread_priority_and_policy, thread_native_id};
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    }
}
