//! The law of a bucket: never more than the count and what was refilled since, and never less.

use std::time::Duration;

use plinth_limits::Limit::LoginPerAccount;
use plinth_limits::{Limits, Rate};
use proptest::prelude::*;

use crate::support::{SetClock, all, fresh_key, run};

fn rates() -> impl Strategy<Value = Rate> {
    let count = prop_oneof![1..=12u32, 1..=1_000u32, Just(999_983)];
    let seconds = prop_oneof![1..=10u32, Just(60), Just(61), Just(3_600), Just(31_536_000)];
    (count, seconds).prop_map(|(count, seconds)| Rate::new(count, seconds).unwrap())
}

/// A thousandth of the period is a unit: pauses from none to one and a half periods, and tries in a row.
fn visits() -> impl Strategy<Value = Vec<(u32, u32)>> {
    let pause = prop_oneof![Just(0), 1..=50u32, 1..=1_500u32];
    prop::collection::vec((pause, 1..=8u32), 1..40)
}

proptest! {
    #[test]
    fn no_window_has_more_than_the_rate_allows(rate in rates(), visits in visits(), odd in 0..1_000u64) {
        run(async {
            let clock = SetClock::new();
            let limits = Limits::local(all(&rate.to_string()), clock.clone());
            let key = fresh_key();
            let period = rate.period().as_micros();
            let (mut elapsed, mut taken) = (0u128, Vec::new());
            for (pause, tries) in visits {
                let pause = period * u128::from(pause) / 1_000 + u128::from(odd);
                clock.forward(Duration::from_micros(u64::try_from(pause).unwrap()));
                elapsed += pause;
                for _ in 0..tries {
                    let decision = limits.take(LoginPerAccount, key).await;
                    prop_assert!(decision.remaining < rate.count());
                    if decision.allowed {
                        taken.push(elapsed);
                    }
                }
            }
            let count = u128::from(rate.count());
            for (first, start) in taken.iter().enumerate() {
                for (last, end) in taken.iter().enumerate().skip(first) {
                    let within = (last - first + 1) as u128;
                    prop_assert!(
                        within.saturating_sub(count) * period <= (end - start) * count,
                        "{within} in {} µs at {rate}", end - start
                    );
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_a_decision_says_comes_true(rate in rates(), taken in 1..=20u32) {
        run(async {
            let clock = SetClock::new();
            let limits = Limits::local(all(&rate.to_string()), clock.clone());
            let key = fresh_key();
            let mut last = limits.take(LoginPerAccount, key).await;
            for _ in 1..taken.min(rate.count()) {
                last = limits.take(LoginPerAccount, key).await;
            }
            // As many as it says are left, and no more.
            if rate.count() <= 1_000 {
                for left in (0..last.remaining).rev() {
                    let next = limits.take(LoginPerAccount, key).await;
                    prop_assert!(next.allowed);
                    prop_assert_eq!(next.remaining, left);
                    last = next;
                }
                let refused = limits.take(LoginPerAccount, key).await;
                prop_assert!(!refused.allowed);
                prop_assert_eq!(refused.reset_after, last.reset_after);
                // Not a microsecond earlier than it says, and not later.
                let wait = refused.retry_after.unwrap();
                clock.forward(wait - Duration::from_micros(1));
                prop_assert!(!limits.take(LoginPerAccount, key).await.allowed);
                clock.forward(Duration::from_micros(1));
                last = limits.take(LoginPerAccount, key).await;
                prop_assert!(last.allowed);
            }
            // And then it is as if nothing had been taken.
            clock.forward(last.reset_after);
            prop_assert_eq!(limits.take(LoginPerAccount, key).await.remaining, rate.count() - 1);
            Ok(())
        })?;
    }

    #[test]
    fn a_clock_that_is_put_back_locks_nobody_out(rate in rates(), back in 1..=100_000_000u64) {
        run(async {
            let clock = SetClock::new();
            let limits = Limits::local(all(&rate.to_string()), clock.clone());
            let key = fresh_key();
            for _ in 0..rate.count().min(1_000) + 1 {
                let _ = limits.take(LoginPerAccount, key).await;
            }
            clock.back(Duration::from_secs(back));
            // However far: from one refill to the next, and a rounded microsecond.
            let most = rate.period() / rate.count() + Duration::from_micros(1);
            for _ in 0..5 {
                let decision = limits.take(LoginPerAccount, key).await;
                let wait = decision.retry_after.unwrap_or_default();
                prop_assert!(wait <= most, "{wait:?} of {most:?}");
                let half = Duration::from_micros(u64::try_from(wait.as_micros() / 2).unwrap());
                clock.forward(half);
                let _ = limits.take(LoginPerAccount, key).await;
                clock.forward(wait - half);
                prop_assert!(decision.allowed || limits.take(LoginPerAccount, key).await.allowed);
            }
            Ok(())
        })?;
    }
}

#[test]
fn no_instant_is_too_early_or_too_late() {
    run(async {
        let clock = SetClock::new();
        let limits = Limits::local(all("2/365d"), clock.clone());
        // The years 0, 1970, 2477, 9999 and 1970 again.
        for micros in [-62_167_219_200_000_000, 0, 16_000_000_000_000_000, 253_402_300_799_999_999, 1] {
            clock.set(micros);
            let key = fresh_key();
            assert!(limits.take(LoginPerAccount, key).await.allowed);
            assert!(limits.take(LoginPerAccount, key).await.allowed);
            let refused = limits.take(LoginPerAccount, key).await;
            assert_eq!(refused.retry_after, Some(Duration::from_secs(365 * 43_200)));
            limits.give_back(LoginPerAccount, key).await;
            assert!(limits.take(LoginPerAccount, key).await.allowed);
        }
    });
}
