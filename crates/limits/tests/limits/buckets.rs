//! What holds of every bucket, in memory and on Redis alike.

use std::time::Duration;

use plinth_limits::Limit::{LoginPerAccount, LoginPerIp, MailPerIp};
use plinth_limits::Limits;

use crate::support::{all, fresh_key, on_both};

async fn allowed(limits: &Limits, key: plinth_limits::Key, tries: u32) -> u32 {
    let mut allowed = 0;
    for _ in 0..tries {
        allowed += u32::from(limits.take(LoginPerAccount, key).await.allowed);
    }
    allowed
}

on_both! {
    async fn the_count_is_allowed_at_once_and_no_more(world) {
        let limits = world.limits(all("4/1h"));
        let key = fresh_key();
        for left in [3, 2, 1, 0] {
            let decision = limits.take(LoginPerAccount, key).await;
            assert!(decision.allowed && decision.enforced);
            assert_eq!((decision.limit, decision.rate), (LoginPerAccount, "4/1h".parse().unwrap()));
            assert_eq!((decision.remaining, decision.retry_after), (left, None));
            let reset = u64::from(4 - left) * 900;
            let close = reset - 60..=reset;
            assert!(close.contains(&decision.reset_after.as_secs()), "{:?}", decision.reset_after);
        }
        for _ in 0..3 {
            let decision = limits.take(LoginPerAccount, key).await;
            assert!(!decision.allowed);
            assert_eq!(decision.remaining, 0);
            assert!((840..=900).contains(&decision.retry_after_seconds().unwrap()), "{decision:?}");
            assert!((3_540..=3_600).contains(&decision.reset_after.as_secs()), "{decision:?}");
        }
        world.check(&limits);
    }

    async fn a_bucket_is_refilled_evenly(world) {
        let limits = world.limits(all("3/6s"));
        let key = fresh_key();
        assert_eq!(allowed(&limits, key, 10).await, 3);
        world.pass(Duration::from_millis(2_200)).await;
        assert_eq!(allowed(&limits, key, 10).await, 1, "one in two seconds");
        world.pass(Duration::from_millis(6_100)).await;
        assert_eq!(allowed(&limits, key, 10).await, 3, "never more than the count");
        world.check(&limits);
    }

    async fn who_waits_as_told_is_allowed(world) {
        let limits = world.limits(all("2/1s"));
        let key = fresh_key();
        let mut waits = 0;
        for _ in 0..4 {
            if let Some(wait) = limits.take(LoginPerAccount, key).await.retry_after {
                world.pass(wait).await;
                assert!(limits.take(LoginPerAccount, key).await.allowed, "refused after {wait:?}");
                waits += 1;
            }
        }
        assert!(waits > 0);
        world.check(&limits);
    }

    async fn of_parallel_tries_as_many_as_are_left_are_allowed(world) {
        let limits = world.limits(all("10/1h"));
        let key = fresh_key();
        assert_eq!(allowed(&limits, key, 7).await, 7);
        let tries: Vec<_> = (0..20)
            .map(|_| {
                let limits = limits.clone();
                tokio::spawn(async move { limits.take(LoginPerAccount, key).await.allowed })
            })
            .collect();
        let mut passed = 0;
        for one in tries {
            passed += u32::from(one.await.unwrap());
        }
        assert_eq!(passed, 3);
        world.check(&limits);
    }

    async fn a_success_clears_the_failures(world) {
        let limits = world.limits(all("3/1h"));
        let (key, other) = (fresh_key(), fresh_key());
        assert_eq!(allowed(&limits, key, 4).await, 3);
        assert_eq!(allowed(&limits, other, 4).await, 3);
        limits.clear(LoginPerAccount, key).await;
        assert_eq!(allowed(&limits, key, 4).await, 3);
        assert_eq!(allowed(&limits, other, 1).await, 0, "another's bucket was cleared");
        // One that nobody has taken from.
        limits.clear(LoginPerAccount, fresh_key()).await;
        world.check(&limits);
    }

    async fn an_attempt_without_a_verdict_is_given_back(world) {
        let limits = world.limits(all("3/1h"));
        let key = fresh_key();
        assert_eq!(allowed(&limits, key, 4).await, 3);
        limits.give_back(LoginPerAccount, key).await;
        assert_eq!(allowed(&limits, key, 4).await, 1);
        // However often, a bucket holds no more than the count.
        for _ in 0..10 {
            limits.give_back(LoginPerAccount, key).await;
        }
        assert_eq!(allowed(&limits, key, 10).await, 3);
        world.check(&limits);
    }

    async fn keys_and_limits_have_buckets_apart(world) {
        let limits = world.limits(all("1/1h"));
        let (key, other) = (fresh_key(), fresh_key());
        for limit in [LoginPerIp, MailPerIp] {
            for key in [key, other] {
                assert!(limits.take(limit, key).await.allowed);
                assert!(!limits.take(limit, key).await.allowed);
            }
        }
        world.check(&limits);
    }
}
