//! What nobody waits for any more is not hashed.
//!
//! Measured in processor time, which belongs to the whole process. So this is a program of its own with one test.
#![cfg(unix)]
#![expect(clippy::expect_used, reason = "a test fails where its helpers do")]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use plinth_auth::{PasswordSettings, Passwords, SystemEntropy};
use plinth_domain::Password;
use rustix::time::{ClockId, clock_gettime};

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("a time that has passed")
}

/// Polls a future once, as an executor first does; it is not ready yet.
fn begin<F: Future>(future: Pin<&mut F>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[tokio::test]
async fn a_job_whose_caller_is_gone_is_not_begun() {
    let settings = PasswordSettings { cost: 10, threads: 1, queue: 64, yields: false };
    let passwords = Passwords::new(settings, Arc::new(SystemEntropy)).expect("settings");
    let hash = || passwords.hash(Password::parse("password").expect("a password"));
    let before = processor_time();
    hash().await.expect("room");
    let one = processor_time() - before;

    let before = processor_time();
    let mut running = pin!(hash());
    begin(running.as_mut());
    let mut abandoned: Vec<_> =
        (0..50).map(|_| Box::pin(passwords.verify(Password::claimed("candidate"), None))).collect();
    for job in &mut abandoned {
        begin(job.as_mut());
    }
    drop(abandoned);
    // Behind the abandoned ones.
    hash().await.expect("room");
    assert!(running.await.is_ok(), "the job before them was done");
    let three = processor_time() - before;
    assert!(three < one * 10, "{three:?} for two jobs and 50 abandoned ones, {one:?} for one");
}
