//! Hashing as a service: what is written, what it costs, and what happens when too many ask.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use plinth_auth::Verification::{Right, RightButOutdated, Wrong};
use plinth_auth::{PasswordSettings, PasswordSettingsError, Passwords};
use plinth_domain::Password;
use proptest::prelude::*;

use crate::support::Counter;

fn passwords(cost: u32, threads: usize, queue: usize) -> Passwords {
    // What is waited for here comes on a busy machine too.
    let settings = PasswordSettings { cost, threads, queue, yields: false };
    Passwords::new(settings, Arc::new(Counter::default())).expect("settings")
}

fn password(text: &str) -> Password {
    Password::parse(text).expect("a password")
}

#[tokio::test]
async fn what_is_hashed_verifies_and_nothing_else_does() {
    let passwords = passwords(4, 2, 8);
    let hash = passwords.hash(password("pa\u{308}ssword")).await.expect("room");
    assert!(hash.as_str().starts_with("$bcrypt-sha256$v=2,t=2b,r=4$"), "{}", hash.as_str());
    for (candidate, expected) in [
        ("pa\u{308}ssword", Right),
        ("pässword", Right),
        ("password", Wrong),
        ("", Wrong),
        ("pässword ", Wrong),
    ] {
        let verdict = passwords.verify(Password::claimed(candidate), Some(hash.clone())).await.expect("room");
        assert_eq!(verdict, expected, "{candidate:?}");
    }
    assert_eq!(passwords.verify(Password::claimed("pässword"), None).await, Ok(Wrong));
}

#[tokio::test]
async fn each_hash_has_a_salt_of_its_own() {
    let passwords = passwords(4, 2, 8);
    let first = passwords.hash(password("password")).await.expect("room");
    let second = passwords.hash(password("password")).await.expect("room");
    assert_ne!(first.as_str(), second.as_str());
}

#[tokio::test]
async fn a_raised_cost_makes_hashes_outdated_and_a_lowered_one_does_not() {
    let hash = passwords(5, 1, 8).hash(password("password")).await.expect("room");
    for (cost, expected) in [(4, Right), (5, Right), (6, RightButOutdated)] {
        let verdict = passwords(cost, 1, 8).verify(Password::claimed("password"), Some(hash.clone())).await;
        assert_eq!(verdict, Ok(expected), "cost {cost}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn every_password_verifies_in_every_normalisation(text in "\\PC{8,100}") {
        prop_assume!(Password::parse(&text).is_ok());
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let passwords = passwords(4, 1, 1);
        let (right, wrong) = runtime.block_on(async {
            let hash = passwords.hash(password(&text)).await.expect("room");
            let right = passwords.verify(Password::claimed(&text), Some(hash.clone())).await;
            (right, passwords.verify(Password::claimed(&format!("{text}x")), Some(hash)).await)
        });
        prop_assert_eq!(right, Ok(Right));
        prop_assert_eq!(wrong, Ok(Wrong));
    }
}

/// Polls a future once, as an executor first does.
fn begin<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let passwords = passwords(10, 1, 2);
    let mut waiting: Vec<_> = (0..8).map(|_| Box::pin(passwords.hash(password("password")))).collect();
    let begun = Instant::now();
    let refused: Vec<_> = waiting.iter_mut().filter_map(|job| begin(job.as_mut())).collect();
    let took = begun.elapsed();
    // Two wait, and one may be running already; a few may have finished where this thread had to wait.
    assert!((3..=6).contains(&refused.len()), "{} of 8 were refused", refused.len());
    for answer in refused {
        let overloaded = answer.expect_err("no hash is made at once");
        assert!((1..=60).contains(&overloaded.retry_after_s), "{overloaded}");
    }
    let begun = Instant::now();
    while passwords.hash(password("password")).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(begun.elapsed() < Duration::from_secs(30), "never takes jobs again");
    }
    assert!(took < begun.elapsed(), "refusing eight took {took:?}, longer than hashing two");
}

#[tokio::test]
async fn a_clone_goes_on_when_the_first_handle_is_gone() {
    let first = passwords(4, 3, 8);
    let second = first.clone();
    drop(first);
    assert!(second.hash(password("password")).await.is_ok());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn threads_run_at_a_lower_priority_and_end() {
    // As many as no other test has, to be told from theirs by the number in their names.
    const THREADS: usize = 9;
    // `SCHED_IDLE` (sched(7)).
    const IDLE: i64 = 5;
    let policies = || -> Vec<i64> {
        std::fs::read_dir("/proc/self/task")
            .expect("the list of threads")
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("stat")).ok())
            .filter_map(|stat| {
                let (head, tail) = stat.rsplit_once(") ")?;
                let number: usize = head.split_once("(plinth-hash-")?.1.parse().ok()?;
                // The 41st field of `stat` (proc(5)), the 39th after the name.
                (4..THREADS).contains(&number).then(|| tail.split(' ').nth(38)?.parse().ok())?
            })
            .collect()
    };
    let eventually = async |holds: &dyn Fn(&[i64]) -> bool| {
        let begun = Instant::now();
        loop {
            let values = policies();
            if holds(&values) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "the threads' policies stay {values:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let settings = PasswordSettings { cost: 4, threads: THREADS, ..PasswordSettings::default() };
    let passwords = Passwords::new(settings, Arc::new(Counter::default())).expect("settings");
    eventually(&|values| values.len() == THREADS - 4 && values.iter().all(|policy| *policy == IDLE)).await;
    drop(passwords);
    eventually(&|values| values.is_empty()).await;
}

#[test]
fn impossible_settings_are_refused() {
    let with = |cost, threads, queue| {
        let settings = PasswordSettings { cost, threads, queue, ..PasswordSettings::default() };
        Passwords::new(settings, Arc::new(Counter::default())).err()
    };
    for cost in [0, 3, 32, u32::MAX] {
        assert!(matches!(with(cost, 1, 1), Some(PasswordSettingsError::Cost)), "cost {cost}");
    }
    assert!(matches!(with(4, 0, 1), Some(PasswordSettingsError::Empty)));
    assert!(matches!(with(4, 1, 0), Some(PasswordSettingsError::Empty)));
    assert!(with(31, 1, 1).is_none(), "starting hashes nothing");
}

#[tokio::test]
async fn secrets_do_not_show() {
    let passwords = passwords(4, 1, 1);
    let hash = passwords.hash(password("password")).await.expect("room");
    assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    assert_eq!(format!("{passwords:?}"), "Passwords { .. }");
}
