//! Memory is bounded, and a flood of keys frees nobody's bucket.

use std::time::Duration;

use plinth_limits::Limit::{LoginPerAccount, LoginPerIp};
use plinth_limits::Limits;

use crate::support::{SetClock, address, all, fresh_key, run};

/// The most buckets of one limit.
const MOST: usize = 200_000;

#[test]
fn a_flood_of_keys_neither_fills_memory_nor_frees_an_attacked_account() {
    run(async {
        let clock = SetClock::new();
        let limits = Limits::local(all("2/1m"), clock.clone());
        let attacked = fresh_key();
        for _ in 0..3 {
            let _ = limits.take(LoginPerAccount, attacked).await;
        }
        // Each is emptied as far as the attacked one, so that none is fuller than it.
        for number in 0..300_000 {
            let key = address(number);
            let _ = limits.take(LoginPerAccount, key).await;
            let _ = limits.take(LoginPerAccount, key).await;
            if number % 10_000 == 0 {
                clock.forward(Duration::from_millis(900));
                assert!(limits.buckets() <= MOST, "{} buckets", limits.buckets());
                assert!(!limits.take(LoginPerAccount, attacked).await.allowed, "freed after {number} keys");
            }
        }
        // 30 times 900 ms: one is refilled after 30 s and two after 60 s, as ever.
        clock.forward(Duration::from_millis(2_999));
        assert!(!limits.take(LoginPerAccount, attacked).await.allowed);
        assert!(limits.take(LoginPerIp, attacked).await.allowed, "another limit suffers");
        clock.forward(Duration::from_secs(60));
        assert!(limits.take(LoginPerAccount, attacked).await.allowed);
        assert!(limits.take(LoginPerAccount, attacked).await.allowed);
        assert!(!limits.take(LoginPerAccount, attacked).await.allowed);
    });
}

#[test]
fn of_too_many_buckets_the_fullest_are_forgotten() {
    run(async {
        let clock = SetClock::new();
        let limits = Limits::local(all("10/1m"), clock.clone());
        let attacked = fresh_key();
        for _ in 0..11 {
            let _ = limits.take(LoginPerAccount, attacked).await;
        }
        for number in 0..300_000 {
            let _ = limits.take(LoginPerAccount, address(number)).await;
        }
        assert!(limits.buckets() <= MOST);
        assert!(!limits.take(LoginPerAccount, attacked).await.allowed);
        // Somebody new pays for the flood with what its keys have taken each, and no more.
        let decision = limits.take(LoginPerAccount, fresh_key()).await;
        assert!(decision.allowed && decision.remaining >= 8, "{decision:?}");
    });
}

#[test]
fn buckets_that_have_filled_are_not_kept() {
    run(async {
        let clock = SetClock::new();
        let limits = Limits::local(all("10/1m"), clock.clone());
        for number in 0..100_000 {
            let _ = limits.take(LoginPerIp, address(number)).await;
            clock.forward(Duration::from_millis(6));
        }
        // A thousand at a time have not filled.
        assert!(limits.buckets() < 5_000, "{} buckets", limits.buckets());
        for number in 0..100 {
            let key = address(number);
            let _ = limits.take(LoginPerAccount, key).await;
            limits.give_back(LoginPerAccount, key).await;
            let _ = limits.take(LoginPerAccount, key).await;
            limits.clear(LoginPerAccount, key).await;
        }
        let before = limits.buckets();
        let _ = limits.take(LoginPerAccount, fresh_key()).await;
        assert_eq!(limits.buckets(), before + 1, "what was cleared or given back is kept");
    });
}
